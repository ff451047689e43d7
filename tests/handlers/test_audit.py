"""What the history keeps of a record: what it says, and what it is about."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.audit.adapters.store import in_time
from services.audit.app import SERVICE
from services.audit.handlers import NAMES, Entry, entry_of
from shared.contracts import samples
from shared.contracts.samples import Sample
from shared.messaging.messages import read
from shared.testing.topics import Sent
from tests.handlers.bench import Bench
from tests.handlers.floor_records import NOON, record, recorded, rubbish, started, told, unknown

REFUSED = {
    "refused_id": "e-1",
    "refused_source": "urn:tool:9",
    "refused_type": "plant.unit.installed.v1",
    "code": "already-installed",
    "obstacle": "It is installed.",
    "resolve": "Remove it.",
}
PARKED = {"topic": "plant.steps", "partition": 0, "offset": 7, "reason": "not-json", "detail": "It is not JSON."}


def entry(sent: Sent, **more: Any) -> Entry:
    """What is kept of a record."""
    return entry_of(read(record(sent, **more)))


def about(kept: Entry) -> dict[str, str]:
    """What an entry is about."""
    return {name: named for name in NAMES if (named := getattr(kept, name)) is not None}


@pytest.mark.parametrize("sample", samples.told(), ids=lambda one: one.name)
def test_an_entry_is_about_everything_that_its_event_names(sample: Sample) -> None:
    """So that the history of a run, unit or issue misses nothing."""
    document = json.loads(sample.value)
    kept = entry(Sent(sample.entry.topics[0].name, sample.key.encode(), sample.value))
    assert about(kept).items() >= {name: document["data"][name] for name in NAMES if name in document["data"]}.items()
    assert (kept.event_id, kept.event_source, kept.event_type) == (document["id"], document["source"], sample.type)
    assert kept.unreadable is None


def test_an_entry_names_the_person_and_the_machine() -> None:
    """A machine that acts for a person is named with them."""
    kept = entry(recorded())
    assert (kept.person, kept.machine) == ("olga", "urn:plant:station-1")
    assert (entry(started()).person, entry(started()).machine) == ("lena", None)


def test_an_entry_names_the_trace_that_it_is_part_of() -> None:
    """From the plant's own traceparent; what is not one is left out."""
    trace_id = "a" * 32
    assert entry(recorded(traceparent=f"00-{trace_id}-{'b' * 16}-01")).trace_id == trace_id
    assert entry(recorded(traceparent="\x00 no trace")).trace_id is None


def test_a_refused_install_is_about_both_units() -> None:
    """The component and the unit it was to go into: both histories show the refusal."""
    said = told("asbuilt.unit.change-refused.v1", subject_id="PUMP-1", unit_id="ROTOR-1", run_id="RUN-1", **REFUSED)
    assert about(entry(said)) == {"run_id": "RUN-1", "unit_id": "ROTOR-1", "parent_unit_id": "PUMP-1"}


@pytest.mark.parametrize(("service", "name"), [("run", "run_id"), ("unit", "unit_id"), ("issue", "issue_id")])
def test_a_refusal_is_about_its_subject(service: str, name: str) -> None:
    """Each service refuses changes of what it owns."""
    said = told(f"asbuilt.{service}.change-refused.v1", subject_id="X-1", **REFUSED)
    assert about(entry(said)) == {name: "X-1"}


def test_a_parked_record_is_about_what_its_key_names() -> None:
    """A record that stands aside shows in the history of its run."""
    assert about(entry(told("asbuilt.run.record-parked.v1", subject_id="RUN-1", **PARKED))) == {"run_id": "RUN-1"}
    installs = told("asbuilt.unit.record-parked.v1", subject_id="PUMP-1", **PARKED | {"topic": "plant.installs"})
    assert about(entry(installs)) == {"parent_unit_id": "PUMP-1"}


def test_a_parked_record_without_a_key_is_about_nothing() -> None:
    """The service that parked it stands in as subject; that is no run."""
    assert about(entry(told("asbuilt.run.record-parked.v1", subject_id="run", **PARKED))) == {}


def test_what_became_of_a_parked_record_is_about_what_its_key_names() -> None:
    """The history of a run names the person who gave up one of its records."""
    settled = {"topic": "plant.steps", "partition": 0, "offset": 7, "decision": "discarded"}
    kept = entry(told("asbuilt.run.record-settled.v1", subject_id="RUN-1", **settled))
    assert (about(kept), kept.person, kept.machine) == ({"run_id": "RUN-1"}, "lena", None)
    installs = told("asbuilt.unit.record-settled.v1", subject_id="PUMP-1", **settled | {"topic": "plant.installs"})
    assert about(entry(installs)) == {"parent_unit_id": "PUMP-1"}
    assert about(entry(told("asbuilt.run.record-settled.v1", subject_id="run", **settled))) == {}


def test_an_unreadable_record_belongs_to_the_run_of_its_key() -> None:
    """Whoever looks for what a station sent finds it with the run."""
    kept = entry(rubbish(b"{"))
    assert about(kept) == {"run_id": "RUN-1"}
    assert (kept.event_id, kept.event_type, kept.unreadable) == (None, None, "not-json")
    assert kept.detail
    assert "not JSON" in kept.detail


def test_an_event_of_an_unknown_version_is_about_what_it_names() -> None:
    """A plant system that is newer than we are still leaves a trace that can be found."""
    kept = entry(unknown("plant.step.started.v9", {"run_id": "RUN-7", "step_id": "press"}))
    assert about(kept) == {"run_id": "RUN-7", "step_id": "press"}
    assert (kept.event_id, kept.event_type, kept.unreadable) == ("id-1", "plant.step.started.v9", "unknown-version")


@pytest.mark.parametrize("name", [5, None, "", "x" * 201, "a\x00b", ["RUN-7"], "\ud800"])
def test_a_name_that_cannot_be_one_is_left_out(name: object) -> None:
    """Whatever a sender writes, the entry can be appended; its key still says where it belongs."""
    kept = entry(unknown("no.such.type.v1", {"unit_id": name}))
    assert about(kept) == {"run_id": "RUN-1"}


@pytest.mark.parametrize("data", [None, [], "text", 5])
def test_data_that_is_no_object_names_nothing(data: object) -> None:
    """And does no harm."""
    assert about(entry(unknown("no.such.type.v1", data))) == {"run_id": "RUN-1"}


@pytest.mark.parametrize("key", [None, b"", b"a\x1fb", b"x" * 300])
def test_a_key_that_is_no_name_is_none(key: bytes | None) -> None:
    """The record is kept all the same, with the key's bytes."""
    kept = entry(rubbish(b"", key))
    assert (kept.key, about(kept)) == (key, {})


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_at_the_end_of_the_calendar_is_kept(time: str) -> None:
    """A clock that stands wrong does not keep an event out of the history."""
    kept = entry(recorded(time=datetime.fromisoformat(time).replace(tzinfo=UTC)))
    assert kept.happened_at.utcoffset() is not None
    document = json.loads(recorded().value or b"")
    kept = entry(Sent("plant.steps", b"RUN-1", json.dumps(document | {"time": time}).encode()))
    assert kept.happened_at.astimezone(UTC).year in {1, 9999}


def test_an_event_without_a_time_happened_when_it_was_written() -> None:
    """CloudEvents may leave the time out."""
    document = json.loads(recorded().value or b"")
    del document["time"]
    assert entry(Sent("plant.steps", b"RUN-1", json.dumps(document).encode())).happened_at == NOON


async def test_whatever_comes_is_done_and_told_to_nobody() -> None:
    """One batch after another: nothing is refused, nothing stands aside, nothing waits behind anything."""
    bench = Bench(SERVICE)
    for _batch in range(2):
        assert +await bench.takes(recorded(), rubbish(b"{"), unknown("x.v1", {}), started()) == {"done": 4}
    assert (bench.told, list(bench.aside)) == ([], [])


def test_records_of_a_batch_are_put_in_the_order_in_which_they_were_written() -> None:
    """Topics are read side by side: an effect may come before its cause."""
    effect, cause = entry(started(), later_ms=30), entry(recorded(), later_ms=10)
    assert in_time([effect, cause]) == [cause, effect]


def test_the_order_within_a_partition_stays_whatever_its_clocks_say() -> None:
    """A station whose clock runs back does not rewrite the order of its records."""
    first, second = entry(recorded(), offset=1, later_ms=50), entry(recorded(), offset=2, later_ms=10)
    other = entry(started(), later_ms=20)
    assert in_time([first, second, other]) == [other, first, second]
