"""The end of the shift: nothing is doubled; and the pictures that an auditor asks for."""

from shared.runtime.command import shown
from shared.runtime.command.demo import pictures
from shared.runtime.command.demo.reopened import SENT_BOTH
from shared.runtime.command.demo.stage import Stage


def play(on: Stage) -> None:
    """Count what went out, and show what is kept."""
    once(on)
    audit(on)


def once(on: Stage) -> None:
    """Each completion is announced and delivered once."""
    tell, first = on.tell, on.of(on.shift.blocked)
    tell.act("The end of the shift")
    tell.holds("run.completed is on asbuilt.completions exactly once", first.announced(), expected=["run.completed"])
    tell.holds("the ERP has it exactly once", first.delivered(), expected=["run.completed"])
    third = on.of(on.shift.reopened).announced()
    tell.holds(f"{on.shift.reopened.run_id} is there as it went, in order", third, expected=SENT_BOTH)
    tell.show(pictures.board([(on.of(plan).run(), on.of(plan).review()) for plan in on.shift.plans]))


def audit(on: Stage) -> None:
    """What is in the first two pumps, and everything that happened to the first one's run."""
    first, second, tell = on.shift.blocked, on.shift.reworked, on.tell
    on.act("As built", "tree", first.serial)
    for plan in (first, second):
        tell.show(shown.tree(on.read("inventory", f"/units/{plan.serial}/tree")))
    on.act("The history", "history", first.run_id)
    tell.show(shown.history(on.of(first).history()))
