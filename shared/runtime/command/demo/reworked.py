"""The second run: a step failed; a redline changes what is done, and the run completes with the failure resolved."""

from shared.runtime.command.demo import said
from shared.runtime.command.demo.plan import LEAK, QUALITY
from shared.runtime.command.demo.stage import Document, Stage, confirm, step_of
from shared.runtime.command.reading import summary_drawn
from shared.runtime.command.shown import review as drawn

RESEAL = {"step_id": "reseal", "name": "Reseal the housing", "after": ["torque"]}
RETEST = {
    "step_id": "leak-test",
    "name": "Leak test",
    "text": "Test at 60 bar for 60 s.",
    "fields": [LEAK.model_dump(mode="json", exclude_none=True)],
}
CHANGES = [
    {"kind": "add-step", "step": RESEAL, "before": ["leak-test"]},
    {"kind": "change-step", "step": RETEST},
]
STEPS_NOW = 4


def play(on: Stage) -> None:
    """From the failed step to the record that tells of it."""
    redline = propose(on)
    accept(on, redline)
    rework(on)
    complete(on)


def propose(on: Stage) -> str:
    """The lead proposes another way; nobody works on the step until it is decided. The redline's id."""
    tell = on.tell
    tell.act(f"{on.plan.run_id}: a step failed, and is reworked by a redline")
    wanted = {"reason": "The seal was dry: reseal, then test again.", "changes": CHANGES, "roles": [QUALITY]}
    redline = str(on.people["lena"].post("run", f"{on.path}/redlines", wanted)["redline_id"])
    tell.happens("lena proposes: reseal the housing before another leak test", lambda: _state(on) == "redline")
    sign = f"{on.path}/steps/leak-test/sign-off"
    tell.is_refused(
        "omar works on the leak test all the same", "step-in-redline", lambda: on.people["omar"].post("run", sign)
    )
    return redline


def accept(on: Stage, redline: str) -> None:
    """Quality applies the redline to this run, and accepts it."""
    path, quinn = f"{on.path}/redlines/{redline}", on.people["quinn"]
    quinn.post("run", f"{path}/apply")
    on.tell.happens(f"quinn applies it: {on.plan.run_id} has {STEPS_NOW} steps now", lambda: _has_steps(on.run()))
    quinn.post("run", f"{path}/accept", {"role": QUALITY})
    on.tell.happens(f"quinn accepts it, holding {QUALITY}", lambda: on.read("run", path)["state"] == "accepted")


def rework(on: Stage) -> None:
    """The operator does it again, the new way; what was measured before stays as evidence."""
    omar, plan, tell = on.people["omar"], on.plan, on.tell
    omar.post("run", f"{on.path}/steps/reseal/sign-off")
    on.floor.say("leak-stand-1", *said.leak_tested(plan, "0.21"))
    tell.happens("omar reseals; leak-stand-1: 0.21 mL/min, signed", lambda: _state(on) == "complete")
    on.assemble()
    tell.happens("bearings and a substitute motor are in, the final check is signed, the gate approved", on.is_clear)


def complete(on: Stage) -> None:
    """The issue that the failure opened is closed, and the lead confirms."""
    tell, issue = on.tell, on.run()["issues"][0]["issue_id"]
    on.disposition(issue, "rework", "Resealed, and tested again.")
    on.people["quinn"].post("issue", f"/issues/{issue}/resolve", {"resolution": "The seal holds."})
    review = tell.happens("quinn resolves the issue: reworked; no warning is left", lambda: _resolved(on.ready()))
    tell.show(drawn(review))
    counts = confirm(on, review, "Resealed once.")["counts"]
    told = f"lena completes {on.plan.run_id}: one step failed and was resolved"
    tell.holds(told, counts["steps_failed_then_resolved"], expected=1)
    tell.holds(f"{on.plan.motor} is marked as a substitute", _is_substitute(on), expected=True)
    tell.show(summary_drawn(on.read("run", f"{on.path}/summary")))


def _state(on: Stage) -> str:
    return str(step_of(on.run(), "leak-test")["state"])


def _has_steps(run: Document) -> bool:
    return len(run["steps"]) == STEPS_NOW


def _resolved(review: Document | None) -> Document | None:
    return review if review is not None and review["counts"]["issues"]["resolved"] == 1 else None


def _is_substitute(on: Stage) -> bool:
    """Whether the motor is one that is approved in place of the one asked for."""
    found: bool = next(one["substitute"] for one in on.run()["installations"] if one["unit_id"] == on.plan.motor)
    return found
