"""The first run: blocked, cleared, confirmed once, followed by what follows, locked."""

from typing import Any
from uuid import uuid4

from shared.runtime.command import shown
from shared.runtime.command.demo import said
from shared.runtime.command.demo.pictures import delivery
from shared.runtime.command.demo.plan import QUALITY
from shared.runtime.command.demo.stage import Document, Stage, blockers, confirm

OUT_OF_RANGE = "out-of-range-without-issue:torque/bolt-2"
BLOCKERS = {
    "step-not-signed-off:leak-test",
    "field-missing:leak-test/leak",
    "step-not-signed-off:final-check",
    "field-missing:final-check/looks",
    "requirement-short:bearings",
    "gate-open:release",
    OUT_OF_RANGE,
}
NOTE = "First of its lot."
LOCKED_TWICE = 2
"""The record is locked for a person over HTTP, and for a tool over Kafka."""


def play(on: Stage) -> None:
    """From the first review to the locked record."""
    first = look(on)
    clear(on)
    decide(on, first)
    complete(on)
    follow(on)
    refuse(on)


def look(on: Stage) -> Document:
    """The lead looks at the review and sees what blocks the run."""
    tell = on.tell
    tell.act(f"{on.plan.run_id}: the lead reviews")
    review = tell.happens("the review names everything that is in the way", lambda: _as_expected(on.review()))
    tell.show(shown.review(review))
    tell.is_refused("lena confirms all the same", "completion-blocked", lambda: confirm(on, review, NOTE))
    return review


def clear(on: Stage) -> None:
    """What blocks the run is cleared, one after the other."""
    plan, omar = on.plan, on.people["omar"]
    on.tell.act("The blockers are cleared")
    on.floor.say("scanner-2", said.bearing_installed(plan, "right"))
    _gone(on, "scanner-2: the right bearing is in", "requirement-short:bearings")
    on.floor.say("leak-stand-1", *said.leak_tested(plan, "0.12"))
    _gone(on, "leak-stand-1: 0.12 mL/min, signed", "step-not-signed-off:leak-test", "field-missing:leak-test/leak")
    omar.put("run", f"{on.path}/steps/final-check/fields/looks", {"value": "good"})
    omar.post("run", f"{on.path}/steps/final-check/sign-off")
    _gone(on, "omar: looks good, signed", "step-not-signed-off:final-check", "field-missing:final-check/looks")
    on.tell.is_refused("lena tries to approve the gate", "role-not-held", lambda: on.approve("lena"))
    on.approve("quinn")
    _gone(on, f"quinn approves the gate, holding {QUALITY}", "gate-open:release")


def decide(on: Stage, first: Document) -> None:
    """The value out of range gets its issue, and the issue its disposition; the first review is worth nothing now."""
    tell = on.tell
    opened = {"run_id": on.plan.run_id, "step_id": "torque", "title": "Bolt 2 torqued to 27.9 N·m"}
    issue = on.people["omar"].post("issue", "/issues", opened)["issue_id"]
    _gone(on, "omar opens an issue for bolt 2, which is what the policy asks for", OUT_OF_RANGE)
    warned = {"code": "issue-open", "subject": issue}
    tell.happens("now the review warns of it: issue-open", lambda: warned in _warnings(on.review()))
    on.disposition(issue, "use-as-is", "Within what the material bears.")
    tell.happens("quinn dispositions the issue: use as is; no warning is left", lambda: not on.review()["warnings"])
    stale = "lena confirms the review that she saw before"
    tell.is_refused(stale, "review-stale", lambda: confirm(on, first, NOTE))


def complete(on: Stage) -> None:
    """The lead confirms; twice with one key is once."""
    tell, key = on.tell, str(uuid4())
    tell.act(f"{on.plan.run_id}: the lead reviews again, and confirms")
    review = on.review()
    tell.show(shown.review(review))
    record = confirm(on, review, NOTE, key)
    tell.happens(f"lena completes {on.plan.run_id}: {record['content_hash']}", lambda: record["number"] == 1)
    again = confirm(on, review, NOTE, key)
    tell.holds("the same call again, as after a lost answer, gets the same answer", again, expected=record)


def follow(on: Stage) -> None:
    """What follows from a completion in the other services."""
    plan, tell = on.plan, on.tell
    tell.act("What follows")
    tell.happens(f"inventory releases {plan.serial}: available", lambda: on.unit()["status"] == "available")
    tell.happens("the motor is marked as used up by the run", lambda: on.unit(plan.motor)["consumed_by"] == plan.run_id)
    told = tell.happens("the ERP's receiver gets run.completed, its signature verified:", on.deliveries)
    tell.show(delivery(told[0]))


def refuse(on: Stage) -> None:
    """The record is locked, whoever asks and on whichever path."""
    plan, tell, edit = on.plan, on.tell, f"{on.path}/steps/torque/fields/bolt-2"

    def better() -> Any:
        return on.people["ada"].put("run", edit, {"value": "24.1"})

    tell.is_refused("ada, the administrator, tries to better bolt 2", "run-locked", better)
    on.floor.say("torque-tool-3", said.measured(plan, "torque", "bolt-2", "24.1"))
    tell.happens(
        "so does the torque tool: refused too, and both attempts are in the history",
        lambda: len(on.refused_as("run-locked")) == LOCKED_TWICE,
    )


def _gone(on: Stage, what: str, *cleared: str) -> None:
    on.tell.happens(what, lambda: not blockers(on.review()).intersection(cleared))


def _as_expected(review: Document) -> Document | None:
    return review if blockers(review) == BLOCKERS and not review["warnings"] else None


def _warnings(review: Document) -> list[Document]:
    return [{name: one[name] for name in ("code", "subject")} for one in review["warnings"]]
