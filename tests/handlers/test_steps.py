"""What plant systems say of steps, on the run service's road: failing, holding, resuming, values out of range."""

from typing import Any

import pytest

from services.run.app import SERVICE
from services.run.domain.run import StepState
from shared.testing.topics import Sent, event
from tests.handlers.bench import BY, Bench
from tests.handlers.run_records import ORDER, R, ordered, recorded, signed

OPENS_ISSUE = [ORDER["steps"][0] | {"out_of_range": "opens-issue"}, ORDER["steps"][1]]


@pytest.fixture
def bench() -> Bench:
    """The run service."""
    return Bench(SERVICE)


def on_step(what: str, step_id: str = "assemble", **data: Any) -> Sent:
    """A station says something of a step."""
    return event(f"plant.step.{what}.v1", {"run_id": R, "step_id": step_id, "operator": "olga", **data})


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
    assert bench.types[-1] == "step.value-recorded"


async def test_a_sign_off_waits_for_the_issue_that_policy_opens(bench: Bench) -> None:
    """Value and sign-off come at once, the issue a moment later; then the sign-off is taken up by itself."""
    await bench.takes(ordered(steps=OPENS_ISSUE), recorded("27.00"), signed())
    value = bench.said("step.value-recorded")[0]
    assert value["opens_issue"] == {"number": 1, "unit_id": "PUMP-1"}
    assert [one.reason for one in bench.aside] == ["early"]
    await bench.takes(issue(field_id="torque"))
    assert bench.types[-2:] == ["run.issue-noted", "step.signed-off"]
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
