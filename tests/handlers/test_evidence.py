"""What plant systems said of a run and was not taken is noted on the run, in the transaction that set it aside."""

from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.run.app import SERVICE
from services.run.domain.commands import NoteEvidence
from services.run.domain.run import Run
from shared.kernel import Actor
from shared.messaging.losers import LOST_ROUNDS
from shared.messaging.service import Dealt, Known
from shared.messaging.transaction import Conflict
from shared.testing.memory import MemoryTransaction
from shared.testing.topics import Sent, event
from tests.handlers.bench import BY, Bench
from tests.handlers.run_records import R, claimed, ordered, recorded, signed

GIVEN_UP = Dealt(Actor("ada"), "Sent again by hand.")


class Defect:
    """The rules of a run, with a defect in the hands of a test."""

    def __init__(self) -> None:
        self.is_there = True

    def decide(self, known: Known, command: Any) -> Sequence[Any]:
        """Fails on every sign-off while it is there."""
        if self.is_there and type(command).__name__ == "SignOff":
            raise KeyError("torque")
        return SERVICE.decide(known, command)


def values_are_not_saved(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Every transaction with a recorded value in it fails."""
    save = MemoryTransaction.save

    async def fails(self: MemoryTransaction, changes: Sequence[Any]) -> None:
        if any(type(one).__name__ == "ValueRecorded" for change in changes for one in change.events):
            raise error
        await save(self, changes)

    monkeypatch.setattr(MemoryTransaction, "save", fails)


@pytest.fixture
def bench() -> Bench:
    """The run service, with a run."""
    return Bench(SERVICE)


def waiting(bench: Bench) -> list[tuple[str, str]]:
    """Event and obstacle of what nobody has dealt with."""
    run: Run = bench.state(R)
    return [(one.event_id, one.code) for one in run.refused_evidence.values()]


def rubbish(value: bytes = b"{", topic: str = "plant.steps", key: str = R) -> Sent:
    """Something that cannot be read."""
    return Sent(topic, key.encode(), value)


async def test_a_refused_event_is_noted_with_what_it_said(bench: Bench) -> None:
    """Right behind the refusal, as a fact of the run with its number."""
    await bench.takes(ordered(), signed(id_="s-1"))
    assert waiting(bench) == [("s-1", "fields-missing")]
    said = bench.said("run.evidence-refused")[0]
    refused = bench.said("run.change-refused")[0]
    for same in ("refused_id", "refused_source", "refused_type", "code", "obstacle", "run_id", "by"):
        assert said[same] == refused[same]


async def test_a_doubled_event_is_noted_once(bench: Bench) -> None:
    """In one batch and in two."""
    await bench.takes(ordered(), signed(id_="s-1"), signed(id_="s-1"))
    await bench.takes(signed(id_="s-1"))
    assert waiting(bench) == [("s-1", "fields-missing")]
    assert len(bench.said("run.evidence-refused")) == 1


async def test_stations_that_count_their_events_alike_are_told_apart(bench: Bench) -> None:
    """The same id of two sources is two events."""
    await bench.takes(ordered(), signed(id_="1"), signed(id_="1", source="urn:plant:station-2"))
    assert waiting(bench) == [("1", "fields-missing"), ("1", "fields-missing")]


async def test_what_is_refused_before_the_rules_see_it_is_noted_too(bench: Bench) -> None:
    """A record with a wrong key names its run all the same."""
    await bench.takes(ordered())
    await bench.takes(recorded(key="run-2", id_="v-1"))
    assert waiting(bench) == [("v-1", "wrong-key")]


async def test_a_record_that_cannot_be_read_is_noted_by_its_key(bench: Bench) -> None:
    """And what waits behind it is not: it goes on with it."""
    await bench.takes(ordered())
    await bench.takes(rubbish(), recorded(), signed())
    assert [one.parking for one in bench.aside] == ["stuck", "behind", "behind"]
    assert waiting(bench) == [(bench.said("run.evidence-refused")[0]["refused_id"], "not-json")]


async def test_a_record_that_was_given_up_warns_no_more(bench: Bench) -> None:
    """Decision and note are one transaction, in the name of the person; what waited behind it goes on."""
    await bench.takes(ordered())
    await bench.takes(rubbish(), recorded())
    assert await bench.road.discard_parked(1, GIVEN_UP, lambda _: [])
    assert waiting(bench) == []
    settled = bench.said("run.evidence-settled")[0]
    assert (settled["by"], settled["reason"]) == ({"person": "ada"}, "Sent again by hand.")
    assert not await bench.road.discard_parked(1, GIVEN_UP, lambda _: [])
    await bench.road.take_up()
    assert bench.types[-1] == "step.value-recorded"


async def test_a_defect_of_ours_is_logged_with_its_trace_and_the_place_of_its_record() -> None:
    """What is kept with the record says what it was; where it is to be mended only the trace tells."""
    bench = Bench(replace(SERVICE, decide=Defect().decide))
    with capture_logs() as logged:
        await bench.takes(ordered(), recorded(), signed())
    assert [(one["event"], one["topic"], one["offset"]) for one in logged] == [("defect", "plant.steps", 2)]
    assert isinstance(logged[0]["exc_info"].__traceback__, TracebackType)


async def test_a_record_that_is_taken_when_it_is_tried_again_warns_no_more() -> None:
    """A defect of ours was mended."""
    defect = Defect()
    bench = Bench(replace(SERVICE, decide=defect.decide))
    await bench.takes(ordered(), recorded(), signed(id_="s-1"))
    assert waiting(bench) == [("s-1", "defect")]
    defect.is_there = False
    assert await bench.road.retry_parked(1, lambda _: [])
    await bench.road.take_up()
    assert waiting(bench) == []
    assert bench.types[-2:] == ["step.signed-off", "run.evidence-settled"]


async def test_a_record_that_is_refused_when_it_is_tried_again_says_why() -> None:
    """One warning, with the new obstacle."""
    defect = Defect()
    bench = Bench(replace(SERVICE, decide=defect.decide))
    await bench.takes(ordered(), signed(id_="s-1"))
    defect.is_there = False
    await bench.road.retry_parked(1, lambda _: [])
    await bench.road.take_up()
    assert waiting(bench) == [("s-1", "fields-missing")]


async def test_a_record_that_makes_its_transaction_fail_is_noted(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands alone in the end, and its run hears of it."""
    await bench.takes(ordered())
    values_are_not_saved(monkeypatch, ValueError("too large"))
    await bench.takes(claimed(), recorded(id_="v-1"))
    assert waiting(bench) == [("v-1", "defect")]
    assert bench.state(R).as_built_version == 1


async def test_a_defect_in_a_note_takes_nobody_s_ending_away() -> None:
    """The refusal stands; only the note is missing."""

    def decide(known: Known, command: Any) -> Sequence[Any]:
        if isinstance(command, NoteEvidence):
            raise KeyError("note")
        return SERVICE.decide(known, command)

    bench = Bench(replace(SERVICE, decide=decide))
    assert await bench.takes(ordered(), signed()) == {"done": 1, "refused": 1, "seen": 0}
    assert waiting(bench) == []


async def test_a_closed_run_and_an_unknown_one_note_nothing(bench: Bench) -> None:
    """The refusal is announced and in the history; there is nobody to warn."""
    canceled = event("plant.run.canceled.v1", {"run_id": R, "reason": "withdrawn"})
    await bench.takes(ordered(), canceled, signed(), rubbish(key="run-9"))
    assert sorted(bench.types) == ["run.canceled", "run.change-refused", "run.created", "run.record-parked"]


async def test_what_inventory_refuses_of_the_plant_is_noted_where_it_names_the_run(bench: Bench) -> None:
    """A person's call was answered to the person; another run's refusal is none of this one's business."""
    refused = {
        "subject_id": "PUMP-1",
        "refused_id": "i-1",
        "refused_source": "urn:plant:scanner",
        "refused_type": "plant.unit.installed.v1",
        "code": "designator-taken",
        "obstacle": "U7 is taken.",
        "resolve": "Use U8.",
        "run_id": R,
    }
    of_a_person = refused | {"refused_type": "Install", "refused_id": "i-2"}
    of_no_run = {name: one for name, one in refused.items() if name != "run_id"} | {"refused_id": "i-3"}
    said = [event("asbuilt.unit.change-refused.v1", BY | one) for one in (refused, of_a_person, of_no_run)]
    await bench.takes(ordered(), *said)
    assert waiting(bench) == [("i-1", "designator-taken")]


async def test_what_came_before_a_record_that_cannot_be_read_is_done_in_the_same_batch(bench: Bench) -> None:
    """Only what came after it waits behind it, in the order in which it came."""
    first, second = recorded("25.1", id_="v-1"), recorded("25.2", id_="v-2")
    await bench.takes(ordered(), first, rubbish(), second, signed())
    assert [one.parking for one in bench.aside] == ["stuck", "behind", "behind"]
    assert [one["value"] for one in bench.said("step.value-recorded")] == ["25.1"]
    assert await bench.road.discard_parked(1, GIVEN_UP, lambda _: [])
    await bench.road.take_up()
    assert bench.types[-2:] == ["step.value-recorded", "step.signed-off"]
    assert not bench.aside


async def test_an_early_record_stays_before_one_that_cannot_be_read(bench: Bench) -> None:
    """It is taken up when its run appears, whatever came after it in its batch."""
    await bench.takes(recorded(), rubbish(), signed())
    assert [one.parking for one in bench.aside] == ["early", "stuck", "behind"]
    await bench.takes(ordered())
    assert "step.value-recorded" in bench.types
    assert [one.parking for one in bench.aside] == ["stuck", "behind"]


async def test_what_waits_behind_a_record_that_fails_again_goes_on_waiting(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where its transaction fails, what is behind it is tried in another, and must not overtake it."""
    values_are_not_saved(monkeypatch, ValueError("too large"))
    said = {"run_id": R, "step_id": "assemble", "text": "Dry.", "operator": "olga"}
    commented = event("plant.step.commented.v1", said)
    await bench.takes(ordered(), recorded(), commented)
    assert [one.parking for one in bench.aside] == ["stuck", "behind"]
    assert await bench.road.retry_parked(1, lambda _: [])
    await bench.road.take_up()
    assert [one.parking for one in bench.aside] == ["stuck", "behind"]
    assert "run.commented" not in bench.types


async def test_a_record_that_others_are_always_faster_than_is_set_aside_in_the_end(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came before it in its batch is done at once, and what comes after it has not to wait for ever."""
    values_are_not_saved(monkeypatch, Conflict())
    batch = ordered(), recorded(), signed()
    for _ in range(LOST_ROUNDS - 1):
        with pytest.raises(Conflict):
            await bench.takes(*batch)
        assert (bench.types.count("run.created"), list(bench.aside)) == (1, [])
    await bench.takes(*batch)
    stuck, behind = bench.aside
    assert [(one.parking, one.reason) for one in (stuck, behind)] == [("stuck", "defect"), ("behind", "behind")]
    assert "another transaction was first" in stuck.detail
