"""The issue service on its road: commands in, announcements out."""

import pytest

from services.issue.app import SERVICE
from services.issue.domain.commands import AnyCommand
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
