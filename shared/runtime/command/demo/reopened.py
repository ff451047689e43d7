"""The third run: completed with a wrong value, reopened, put right, completed again; and what is otherwise now."""

from shared.runtime.command.completions import differences
from shared.runtime.command.demo import said
from shared.runtime.command.demo.stage import Document, Stage, confirm, step_of

WRONG, RIGHT = "0.12", "0.21"
"""What was sent for the leak rate, and what the stand had measured."""
LAST = 2
"""The number of the second record."""
SENT_BOTH = ["run.completed", "run.reopened", "run.completed"]


def play(on: Stage) -> None:
    """From the first record to the second."""
    first = complete(on)
    reopen(on)
    better(on)
    again(on, first)


def complete(on: Stage) -> Document:
    """The first completion; its record."""
    on.tell.act(f"{on.plan.run_id}: completed, reopened for a wrong value, completed again")
    on.assemble()
    review = on.tell.happens("motor, bearings, final check and gate: the review is clear", on.ready)
    record = confirm(on, review, "")
    on.tell.happens(f"lena completes it, record 1: {record['content_hash']}", lambda: record["number"] == 1)
    on.tell.happens(f"inventory releases {on.plan.serial}: available", lambda: on.unit()["status"] == "available")
    return record


def reopen(on: Stage) -> None:
    """The administrator looks at what reopening would touch, and reopens with a reason."""
    tell, reason = on.tell, f"The leak stand's own log says {RIGHT}, not {WRONG}."
    tell.note(f"the next day somebody compares: [italic]{reason}[/]")
    impact = on.read("run", f"{on.path}/reopen-impact")
    tell.holds("ada asks first what that touches: record 1 is superseded", impact["supersedes"], expected=1)
    tell.is_refused("lena tries to reopen", "permission-missing", lambda: on.reopen("lena", reason))
    on.reopen("ada", reason)
    tell.happens(f"ada reopens; inventory takes {on.plan.serial} back: wip", lambda: on.unit()["status"] == "wip")


def better(on: Stage) -> None:
    """The right value is recorded; the wrong one stays as evidence."""
    on.floor.say("leak-stand-1", *said.leak_tested(on.plan, RIGHT))
    on.tell.happens(f"leak-stand-1: {RIGHT} mL/min, signed again", lambda: _recorded(on.run()) == RIGHT)


def again(on: Stage, first: Document) -> None:
    """The second completion, beside the first."""
    tell = on.tell
    review = tell.happens("the review is clear again", on.ready)
    record = confirm(on, review, "The leak rate was put right.")
    tell.happens(
        f"lena completes it, record 2: {record['content_hash']}", lambda: record["number"] == first["number"] + 1
    )
    compared = on.read("run", f"{on.path}/completions/compare")
    found = {one["subject"]: f"{one['was']}: {one['now']}" for one in compared["differences"]}
    words = f"{WRONG} mL/min, in-range (recording 1): {RIGHT} mL/min, in-range (recording 2)"
    tell.holds("what is otherwise now is told in words", found.get("leak-test/leak"), expected=words)
    tell.show(differences(compared))
    kept = on.read("run", f"{on.path}/completions")["items"]
    hashes = {one["number"]: one["record"]["content_hash"] for one in kept}
    tell.holds("record 1 is kept as it was confirmed", hashes[1], expected=first["content_hash"])
    tell.happens("the ERP hears of all of it, in order", lambda: on.delivered() == SENT_BOTH)


def _recorded(run: Document) -> str | None:
    """The leak rate of a signed leak test."""
    step = step_of(run, "leak-test")
    value = next(one["value"] for one in step["fields"] if one["field_id"] == "leak")
    return value if step["state"] == "complete" else None
