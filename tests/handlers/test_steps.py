"""What plant systems say of steps, on the run service's road: failing, holding, resuming, values out of range."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.run.adapters.views import step_view
from services.run.app import SERVICE
from services.run.domain.commands import FailRun
from services.run.domain.run import StepState
from shared.kernel import Actor
from shared.testing.topics import Sent, event
from tests.handlers.bench import BY, Bench
from tests.handlers.run_records import ORDER, R, ordered, recorded, signed

OPENS_ISSUE = [ORDER["steps"][0] | {"out_of_range": "opens-issue"}, ORDER["steps"][1]]


@pytest.fixture
def bench() -> Bench:
    """The run service."""
    return Bench(SERVICE)


def on_step(what: str, step_id: str = "assemble", time: datetime | None = None, **data: Any) -> Sent:
    """A station says something of a step."""
    return event(f"plant.step.{what}.v1", {"run_id": R, "step_id": step_id, "operator": "olga", **data}, time=time)


def issue(**changed: Any) -> Sent:
    """The issue service opened an issue on the first step."""
    usual = {"issue_id": "issue-1", "title": "torque", "state": "pending", "run_id": R, "step_id": "assemble"}
    return event("asbuilt.issue.opened.v1", BY | usual | changed)


async def test_a_step_is_held_resumed_and_fails_as_its_station_says(bench: Bench) -> None:
    """Each with its reason; the failure names the unit, so that its issue can."""
    held, failed = on_step("held", reason="no air"), on_step("failed", reason="the thread is stripped")
    await bench.takes(ordered(), recorded(), held, on_step("resumed"), failed)
    assert bench.types[3:] == ["step.held", "step.resumed", "step.failed"]
    assert bench.said("step.held")[0]["reason"] == "no air"
    assert bench.said("step.resumed")[0]["state"] == "in_progress"
    assert bench.said("step.failed")[0].items() >= {"unit_id": "PUMP-1", "step_id": "assemble"}.items()


async def test_a_failure_without_a_reason_is_refused_and_holds_up_nobody(bench: Bench) -> None:
    """Said by a machine that knows none: it gets an answer, and what follows is done."""
    await bench.takes(ordered(), on_step("failed"), on_step("held", reason=" "), recorded())
    assert bench.refusals == ["reason-missing", "reason-missing"]
    assert bench.said("step.value-recorded")


async def test_a_sign_off_waits_for_the_issue_that_policy_opens(bench: Bench) -> None:
    """Value and sign-off come at once, the issue a moment later; then the sign-off is taken up by itself."""
    await bench.takes(ordered(steps=OPENS_ISSUE), recorded("27.00"), signed())
    value = bench.said("step.value-recorded")[0]
    assert value["opens_issue"] == {"number": 1, "unit_id": "PUMP-1"}
    assert [one.reason for one in bench.aside] == ["early"]
    await bench.takes(issue(field_id="torque"))
    assert bench.types[-3:] == ["run.issue-noted", "step.signed-off", "run.evidence-settled"]
    assert not list(bench.aside)


async def test_a_sign_off_whose_issue_never_comes_is_refused(bench: Bench) -> None:
    """When its time is up; the refusal says what was waited for."""
    await bench.takes(ordered(steps=OPENS_ISSUE), recorded("27.00"), signed())
    await bench.waits(11)
    assert bench.refusals == ["issue-awaited"]
    assert bench.state(R).steps["assemble"].state is StepState.IN_PROGRESS


async def test_an_issue_is_noted_with_the_step_and_field_that_it_is_about(bench: Bench) -> None:
    """So that it counts as linked to the value."""
    await bench.takes(ordered(), issue(field_id="torque"))
    assert bench.said("run.issue-noted")[0].items() >= {"step_id": "assemble", "field_id": "torque"}.items()
    noted = bench.state(R).issues["issue-1"]
    assert (noted.step_id, noted.field_id) == ("assemble", "torque")


async def test_the_policy_of_a_step_travels_with_its_order(bench: Bench) -> None:
    """Warn where planning says nothing."""
    await bench.takes(ordered(steps=OPENS_ISSUE))
    assert [one["out_of_range"] for one in bench.said("run.created")[0]["steps"]] == ["opens-issue", "warn"]


def came(person: str, **more: Any) -> Sent:
    """A badge is held to a reader: somebody comes to the first step."""
    return on_step("checked-in", operator=person, **more)


def left(person: str, **more: Any) -> Sent:
    """A badge is held to a reader: somebody leaves the first step."""
    return on_step("checked-out", operator=person, **more)


async def test_people_come_to_a_step_and_leave_it(bench: Bench) -> None:
    """The first check-in is the start, the others are said as they are."""
    await bench.takes(ordered(), came("olga"), came("boris"), left("olga"))
    assert bench.types == ["run.created", "step.started", "step.checked-in", "step.checked-out"]
    (in_,), (out,) = bench.said("step.checked-in"), bench.said("step.checked-out")
    assert (in_["person"], in_["session"]) == ("boris", 2)
    assert (out["person"], out["session"], out["because"]) == ("olga", 1, "checked-out")


async def test_who_is_checked_in_is_not_checked_in_again_and_who_never_came_does_not_leave(bench: Bench) -> None:
    """The first changes nothing and is no refusal; the second is refused by name, and holds up nobody."""
    assert (await bench.takes(ordered(), came("olga"), came("olga"), left("boris"), recorded()))["refused"] == 1
    assert bench.types.count("step.started") == 1
    assert "step.checked-in" not in bench.types
    assert bench.refusals == ["not-checked-in"]
    assert bench.said("step.value-recorded")


async def test_a_badge_event_that_names_nobody_is_refused(bench: Bench) -> None:
    """A reader that works for nobody has no session."""
    await bench.takes(ordered(), came(None), left(None))  # type: ignore[arg-type]
    assert bench.refusals == ["person-missing", "person-missing"]


async def test_a_session_on_two_clocks_takes_no_less_than_no_time(bench: Bench) -> None:
    """The reader at the exit is three minutes behind."""
    behind = bench.now - timedelta(minutes=3)
    await bench.takes(ordered(), came("olga", time=bench.now), left("olga", time=behind), recorded())
    shown = step_view(bench.state(R), bench.state(R).steps["assemble"])
    assert (shown["labour_s"], shown["sessions"][0]["labour_s"]) == ("0", "0")
    assert shown["sessions"][0]["ended_at"] >= shown["sessions"][0]["started_at"]


async def test_a_run_that_is_given_up_names_its_unit(bench: Bench) -> None:
    """Inventory keeps it work in progress."""
    await bench.takes(ordered())
    await bench.asked(FailRun(R, Actor("lena"), bench.now, "cracked"), R)
    assert bench.said("run.failed")[0].items() >= {"unit_id": "PUMP-1", "reason": "cracked"}.items()
