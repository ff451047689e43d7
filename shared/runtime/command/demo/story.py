"""The story: a plant builds a pump. Every sentence that says that something happened was checked."""

from typing import Any
from uuid import uuid4

from rich.text import Text

from shared.contracts.catalog import PLANT_STEPS
from shared.runtime.command import shown
from shared.runtime.command.connection import Services
from shared.runtime.command.demo.plan import QUALITY
from shared.runtime.command.demo.said import RUBBISH, installed, leak_tested, measured, torqued
from shared.runtime.command.demo.stage import Document, Stage, blockers

BLOCKERS = {
    "step-not-signed-off:leak-test",
    "field-missing:leak-test/leak",
    "step-not-signed-off:final-check",
    "field-missing:final-check/looks",
    "requirement-short:bearings",
    "gate-open:release",
}
LOCKED_TWICE = 2
"""The record is locked for a person over HTTP, and for a tool over Kafka."""


def play(on: Stage) -> None:
    """Play all of it.

    :raises CommandFailed: naming the first thing that did not happen.
    """
    subscribe(on)
    publish(on)
    arrive(on)
    first = look(on)
    clear(on)
    decide(on, first)
    confirm(on)
    follow(on)
    refuse(on)
    once(on)


def subscribe(on: Stage) -> None:
    """The ERP's receiver is registered before anything happens."""
    on.tell.act("The ERP subscribes")
    wanted = {"url": on.receiver.url, "description": "the ERP", "events": ["run.completed"]}
    registered = on.people["ada"].post("notification", "/endpoints", wanted)
    on.receiver.secret, on.receiver.endpoint_id = registered["secret"], registered["endpoint_id"]
    on.tell.happens(f"ada registers a webhook for run.completed: {on.receiver.url}", lambda: on.receiver.endpoint_id)


def unsubscribe(on: Stage) -> None:
    """The receiver goes away; in a plant that stays, nothing more is sent to it."""
    on.people["ada"].post(
        "notification", f"/endpoints/{on.receiver.endpoint_id}/disable", {"reason": "The demo ended."}
    )


def publish(on: Stage) -> None:
    """Plant systems speak, each on its own topic, in whatever order; one of them rubbish."""
    plan, note, say = on.plan, on.tell.note, on.floor.say
    on.tell.act(f"The plant works: {plan.run_id} builds the pump {plan.serial}")
    note("[cyan]plant.units[/]     receiving scans a motor and two bearings")
    say("receiving", *plan.received())
    note("[cyan]plant.installs[/]  a scanner: motor in, left bearing in; ahead of the order, which nobody knows yet")
    say("scanner-2", installed(plan, "motor", plan.motor), installed(plan, "bearings", plan.bearing(1), "left"))
    note("[cyan]plant.steps[/]     a gateway whose line broke: [red]{}[/]".format(RUBBISH.decode().replace("[", r"\[")))
    on.floor.say_rubbish(PLANT_STEPS.name, plan.gateway, RUBBISH)
    note("[cyan]plant.orders[/]    the ERP orders the run: 3 steps, 2 requirements, 1 gate")
    say("erp", plan.order())
    note("[cyan]plant.steps[/]     the torque tool: bolt 1 24.2 N·m, bolt 2 27.9 N·m (24.0 ± 1.5); omar signs")
    say("torque-tool-3", *torqued(plan.run_id))


def arrive(on: Stage) -> None:
    """What the services made of it."""
    plan, tell = on.plan, on.tell
    tell.happens("the run is ordered, with everything that it executes", lambda: on.run()["run_id"])
    tell.happens(f"inventory claims {plan.serial}: wip", lambda: on.unit(plan.serial)["status"] == "wip")
    tell.happens("torque is signed off, bolt 2 is out of range", lambda: _bolt_2_is_out(on.run()))
    tell.happens("the installs that came too early are taken up by themselves", lambda: on.run()["installations"][1:])
    record = tell.happens("the gateway's rubbish stands aside, and nothing waited for it", on.rubbish)
    tell.show(shown.parked([record]))
    opened = {"run_id": plan.run_id, "step_id": "torque", "title": "Bolt 2 torqued to 27.9 N·m"}
    issue = on.people["omar"].post("issue", "/issues", opened)["issue_id"]
    tell.happens("omar opens an issue for bolt 2", lambda: issue in {one["subject"] for one in on.review()["warnings"]})


def look(on: Stage) -> Document:
    """The lead looks at the review and sees what blocks the run."""
    tell, lena = on.tell, on.people["lena"]
    tell.act("The lead reviews")
    review = tell.happens("the review names everything that is in the way", lambda: _as_expected(on.review()))
    tell.show(shown.review(review))
    tell.is_refused("lena confirms all the same", "completion-blocked", lambda: _confirm(lena, review))
    return review


def clear(on: Stage) -> None:
    """What blocks the run is cleared, one after the other."""
    plan, omar = on.plan, on.people["omar"]
    on.tell.act("The blockers are cleared")
    on.floor.say("scanner-2", installed(plan, "bearings", plan.bearing(2), "right"))
    _gone(on, "scanner-2: the right bearing is in", "requirement-short:bearings")
    on.floor.say("leak-stand-1", *leak_tested(plan.run_id))
    _gone(on, "leak-stand-1: 0.12 mL/min, signed", "step-not-signed-off:leak-test", "field-missing:leak-test/leak")
    omar.put("run", f"{on.path}/steps/final-check/fields/looks", {"value": "good"})
    omar.post("run", f"{on.path}/steps/final-check/sign-off")
    _gone(on, "omar: looks good, signed", "step-not-signed-off:final-check", "field-missing:final-check/looks")
    approve = f"{on.path}/gates/release/approve"
    on.tell.is_refused(
        "lena tries to approve the gate", "role-not-held", lambda: on.people["lena"].post("run", approve)
    )
    on.people["quinn"].post("run", approve)
    _gone(on, f"quinn approves the gate, holding {QUALITY}", "gate-open:release")


def decide(on: Stage, first: Document) -> None:
    """Quality decides on the issue; and a review from before all this is worth nothing now."""
    tell, issue = on.tell, next(one["subject"] for one in first["warnings"])
    decided = {"disposition": "use-as-is", "justification": "Within what the material bears."}
    on.people["quinn"].post("issue", f"/issues/{issue}/disposition", decided)
    tell.happens("quinn dispositions the issue: use as is; no warning is left", lambda: not on.review()["warnings"])
    stale = "lena confirms the review that she saw before"
    tell.is_refused(stale, "review-stale", lambda: _confirm(on.people["lena"], first))


def confirm(on: Stage) -> None:
    """The lead confirms; twice with one key is once."""
    tell, lena, key = on.tell, on.people["lena"], str(uuid4())
    tell.act("The lead reviews again, and confirms")
    review = on.review()
    tell.show(shown.review(review))
    record = _confirm(lena, review, key)
    tell.happens(f"lena completes {on.plan.run_id}: {record['content_hash']}", lambda: record["number"] == 1)
    again = _confirm(lena, review, key)
    tell.holds("the same call again, as after a lost answer, gets the same answer", again, expected=record)


def follow(on: Stage) -> None:
    """What follows from a completion in the other services."""
    plan, tell = on.plan, on.tell
    tell.act("What follows")
    tell.happens(f"inventory releases {plan.serial}: available", lambda: on.unit(plan.serial)["status"] == "available")
    tell.happens("the motor is marked as used up by the run", lambda: on.unit(plan.motor)["consumed_by"] == plan.run_id)
    tell.happens("the ERP's receiver gets run.completed, its signature verified:", on.deliveries)
    tell.show(delivery(on.receiver.verified[0]))


def refuse(on: Stage) -> None:
    """The record is locked, whoever asks and on whichever path."""
    plan, tell, edit = on.plan, on.tell, f"{on.path}/steps/torque/fields/bolt-2"

    def better() -> Any:
        return on.people["ada"].put("run", edit, {"value": "24.1"})

    tell.is_refused("ada, the administrator, tries to better bolt 2", "run-locked", better)
    on.floor.say("torque-tool-3", measured(plan.run_id, "torque", "bolt-2", "24.1"))
    tell.happens(
        "so does the torque tool: refused too, and both attempts are in the history",
        lambda: len(on.refused_as("run-locked")) == LOCKED_TWICE,
    )


def once(on: Stage) -> None:
    """Nothing is doubled; and the two pictures that an auditor asks for."""
    plan, tell = on.plan, on.tell
    tell.holds("run.completed is on asbuilt.completions exactly once", on.completions(), expected=1)
    tell.holds("the ERP has it exactly once", on.deliveries(), expected=1)
    tell.act(f"As built: asbuilt tree {plan.serial}")
    tell.show(shown.tree(on.read("inventory", f"/units/{plan.serial}/tree")))
    tell.act(f"The history: asbuilt history {plan.run_id}")
    tell.show(shown.history(on.history()))


def delivery(event: Document) -> Text:
    """What the ERP got, in a few lines."""
    record = event["data"]["record"]
    facts = {
        "webhook-id": event["webhook-id"],
        "type": event["type"],
        "record": f"{record['run_id']} number {record['number']}, {record['unit_id']}, by {record['completed_by']}",
        "content_hash": record["content_hash"],
    }
    return Text("\n".join(f"  {name:13} {text}" for name, text in facts.items()), style="cyan")


def _confirm(person: Services, review: Document, key: str | None = None) -> Document:
    confirmation = {"review_version": review["version"], "note": "First of its lot."}
    return person.post("run", f"/runs/{review['run_id']}/complete", confirmation, key)


def _gone(on: Stage, what: str, *cleared: str) -> None:
    on.tell.happens(what, lambda: not blockers(on.review()).intersection(cleared))


def _as_expected(review: Document) -> Document | None:
    return review if blockers(review) == BLOCKERS and len(review["warnings"]) == 1 else None


def _bolt_2_is_out(run: Document) -> bool:
    step = next(one for one in run["steps"] if one["step_id"] == "torque")
    bolt = next(one for one in step["fields"] if one["field_id"] == "bolt-2")
    return bool(step["state"] == "complete" and bolt["verdict"] == "out-of-range")
