"""The issue service on its road: commands in, announcements out."""

from typing import Any

import pytest

from services.issue.app import SERVICE
from services.issue.domain.commands import AnyCommand
from shared.testing.topics import Sent, event
from tests.handlers.bench import Bench
from tests.rules.issue.examples import BEARING, SCRATCH, dispositioned, excepted, opened, resolved

ALL_OF_IT = (opened(), dispositioned(exceptions=(excepted("1"),)), resolved())


@pytest.fixture
def bench() -> Bench:
    """The issue service; nothing has happened."""
    return Bench(SERVICE)


async def ask(bench: Bench, *commands: AnyCommand) -> None:
    """People ask, one after the other."""
    for number, command in enumerate(commands):
        await bench.asked(command, command.issue_id, key=f"key-{number}")


async def test_every_announcement_carries_the_whole_standing(bench: Bench) -> None:
    """Run builds its review from the last one alone, whatever it heard before."""
    await ask(bench, *ALL_OF_IT)
    standing = {"issue_id": BEARING, "title": "Bearing missing", "run_id": "RUN-1", "requirement_id": "bearings"}
    exceptions = [{"requirement_id": "bearings", "quantity": "1"}]
    (first,), (second,), (third,) = (bench.said(f"issue.{what}") for what in ("opened", "dispositioned", "resolved"))
    approved = standing | {"disposition": "use-as-is", "approved": True, "exceptions": exceptions}
    assert first.items() >= (standing | {"state": "pending", "approved": False}).items()
    assert "disposition" not in first
    assert _has(second, approved | {"state": "in_progress", "by": {"person": "quinn"}})
    assert _has(third, approved | {"state": "resolved", "resolution": "Deviation filed."})


async def test_announcements_of_an_issue_are_numbered_without_gaps(bench: Bench) -> None:
    """Whoever follows an issue sees at once when one is missing; a refusal is no fact and has no number."""
    await ask(bench, opened(), resolved(), dispositioned(), opened(SCRATCH), resolved())
    numbers = [(one["subject"], one.get("sequence")) for one in bench.told]
    assert numbers == [(BEARING, "1"), (BEARING, None), (BEARING, "2"), (SCRATCH, "1"), (BEARING, "3")]


async def test_a_refusal_names_the_run_of_its_issue(bench: Bench) -> None:
    """So it shows in the history of that run, though the request named the issue alone."""
    await ask(bench, opened(), resolved())
    (refused,) = bench.said("issue.change-refused")
    assert (refused["code"], refused["subject_id"], refused["run_id"]) == ("disposition-missing", BEARING, "RUN-1")


async def test_a_refused_report_names_what_it_was_raised_on(bench: Bench) -> None:
    """There is no issue yet that could say it."""
    both = opened(SCRATCH, title="Two", run_id="RUN-7")
    await ask(bench, opened(SCRATCH), both)
    (refused,) = bench.said("issue.change-refused")
    assert (refused["code"], refused["run_id"], refused["unit_id"]) == ("issue-exists", "RUN-7", "GEARBOX-1")


async def test_a_repeated_command_is_done_once(bench: Bench) -> None:
    """The same idempotency key gets the first answer, and nothing is announced again."""
    first = await bench.asked(opened(), BEARING)
    again = await bench.asked(opened(), BEARING)
    assert (again.document, again.is_repeated) == (first.document, True)
    assert bench.types == ["issue.opened"]


def _has(said: object, expected: dict[str, object]) -> bool:
    return isinstance(said, dict) and {name: said.get(name) for name in expected} == expected


RUN: dict[str, Any] = {"run_id": "RUN-1", "step_id": "press", "by": {"person": "olga", "machine": "press-1"}}


def failed(reason: str = "cracked", **more: Any) -> Sent:
    """A step of a run failed."""
    return event("asbuilt.step.failed.v1", RUN | {"unit_id": "PUMP-1", "reason": reason}, **more)


def measured(number: int | None = 1, field_id: str = "force", **more: Any) -> Sent:
    """A value was recorded; it opens the issue of that number."""
    wanted = None if number is None else {"number": number, "unit_id": "PUMP-1"}
    value = {"field_id": field_id, "value": "6.10", "unit": "kN", "verdict": "out-of-range", "recording": 1}
    return event("asbuilt.step.value-recorded.v1", RUN | value | {"opens_issue": wanted}, **more)


async def test_a_failed_step_opens_an_issue(bench: Bench) -> None:
    """On the step and the unit, with the reason that was given, in the name of whoever said so."""
    await bench.takes(failed())
    (opened_,) = bench.said("issue.opened")
    expected = {"run_id": "RUN-1", "step_id": "press", "unit_id": "PUMP-1", "description": "cracked"}
    assert _has(opened_, expected | {"title": "Step press failed", "state": "pending", "by": RUN["by"]})


async def test_each_failure_has_its_own_issue_and_no_failure_has_two(bench: Bench) -> None:
    """The same event comes again after a crash; the step fails again after rework."""
    await bench.takes(failed(id_="f-1"), failed(id_="f-1"))
    await bench.takes(failed(id_="f-1"), failed(id_="f-2"))
    assert len({one["issue_id"] for one in bench.said("issue.opened")}) == len(bench.said("issue.opened")) == 2


async def test_a_value_out_of_range_opens_an_issue_where_policy_says_so(bench: Bench) -> None:
    """On step and field, with what was recorded; where policy says nothing, none."""
    await bench.takes(measured(None), measured())
    (opened_,) = bench.said("issue.opened")
    expected: dict[str, object] = {
        "step_id": "press",
        "field_id": "force",
        "unit_id": "PUMP-1",
        "description": "Recorded: 6.10 kN.",
    }
    assert _has(opened_, expected | {"title": "force on step press is out of range"})


async def test_a_field_has_one_issue_until_that_is_resolved(bench: Bench) -> None:
    """Values that come before the run knows of the issue name the same one; then the run counts on."""
    await bench.takes(measured(), measured())
    await bench.takes(measured())
    assert len(bench.said("issue.opened")) == 1
    await bench.takes(measured(2), measured(field_id="depth"))
    assert len({one["issue_id"] for one in bench.said("issue.opened")}) == 3
    assert bench.refusals == []


async def test_the_longest_names_make_a_title_that_fits(bench: Bench) -> None:
    """An issue is opened whatever a plant calls its steps."""
    await bench.takes(event("asbuilt.step.failed.v1", RUN | {"step_id": "S" * 200, "unit_id": "U", "reason": "x"}))
    assert len(bench.said("issue.opened")[0]["title"]) == 200
    assert not list(bench.aside)
