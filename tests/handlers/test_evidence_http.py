"""Events of the plant that were not taken, over HTTP, on a real PostgreSQL: shown, settled, given up."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from services.run.app import build
from shared.testing.databases import Database
from shared.testing.topics import Sent
from tests.handlers.run_records import R, ordered, recorded, signed
from tests.handlers.served import Served, served

PATH = f"/runs/{R}/refused-evidence"


@pytest.fixture
def runs(database: Callable[[str], Database]) -> Database:
    """The run service's database, fresh."""
    return database("run")


@pytest.fixture
async def as_(runs: Database, tmp_path: Path) -> AsyncIterator[Served]:
    """The run service, served: `as_("lead")` is a client."""
    async with served(build, runs, tmp_path) as service:
        yield service


async def warnings(as_: Served) -> list[tuple[str, str]]:
    """What the review warns of: code, and where it is dealt with."""
    shown = (await as_("viewer").get(f"/runs/{R}/review")).json()["warnings"]
    return [(one["code"], one["link"]) for one in shown]


async def test_a_lead_settles_what_was_refused(as_: Served) -> None:
    """Where the review says so; nobody settles it twice, and the reason is told."""
    await as_.takes(ordered(), signed(id_="s-1"))
    (shown,) = (await as_("viewer").get(PATH)).json()["items"]
    assert (shown["event_id"], shown["source"], shown["code"]) == ("s-1", "urn:plant:station-1", "fields-missing")
    ((code, link),) = await warnings(as_)
    assert (code, link) == ("refused-evidence", f"{PATH}/{shown['evidence_id']}/settle")
    assert (await as_("operator").post(link, json={"reason": "x"})).status_code == 403
    settled = await as_("lead").post(link, json={"reason": "Signed on paper; the value is recorded by hand."})
    assert settled.status_code == 200, settled.text
    assert await warnings(as_) == []
    again = await as_("lead").post(link, json={"reason": "x"})
    assert (again.status_code, again.json()["code"]) == (404, "unknown-evidence")


async def test_giving_up_a_parked_record_settles_it_on_its_run(as_: Served, runs: Database) -> None:
    """In one transaction: the record is given up, the run is told, what waited behind it goes on."""
    await as_.takes(ordered())
    await as_.takes(Sent("plant.steps", R.encode(), b"{"), recorded())
    assert [code for code, _ in await warnings(as_)] == ["refused-evidence"]
    answer = await as_("admin").post("/parked/1/discard", json={"reason": "The station is mended."})
    assert answer.json()["settled_as"] == "discarded by admin"
    assert await warnings(as_) == []
    told = [row["body"] for row in runs.rows("select convert_from(body, 'UTF8') as body from outbox")]
    settled = [one for one in told if "evidence-settled" in one]
    assert len(settled) == 1
    assert "The station is mended." in settled[0]
    assert runs.count("recording") == 1


async def test_what_was_looked_at_is_what_is_confirmed(as_: Served) -> None:
    """A run that is read from its tables shows everything in the order in which it came, as one that is remembered
    does: nobody is told that the review changed when it did not.
    """
    early = [signed(id_=f"early-{number}") for number in range(9)]
    await as_.takes(ordered(), *early, recorded(), signed(), signed("test"))
    shown = (await as_("viewer").get(f"/runs/{R}/review")).json()
    assert [one["code"] for one in shown["warnings"]] == ["refused-evidence"] * len(early)
    kept = (await as_("viewer").get(PATH)).json()["items"]
    assert [one["event_id"] for one in kept] == [f"early-{number}" for number in range(9)]
    acknowledged = [{"code": one["code"], "subject": one["subject"]} for one in shown["warnings"]]
    confirmation = {"review_version": shown["version"], "acknowledged": acknowledged}
    answer = await as_("lead").post(f"/runs/{R}/complete", json=confirmation)
    assert answer.status_code == 200, answer.text
