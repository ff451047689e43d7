"""Guarantee 1: every record ends done, refused, parked or waiting, with a reason that a person understands."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from shared.testing import feed
from shared.testing.conditions import eventually
from shared.testing.plant import PlantUnderTest
from shared.testing.record import Left
from shared.testing.topics import Heard, Sent, event

pytestmark = pytest.mark.real_kafka


@dataclass(frozen=True)
class Rubbish:
    """A record that cannot be understood: why it stands aside, and what the person who looks is told."""

    key: str
    record: Sent
    reason: str
    told: str


def order(run_id: str) -> Sent:
    """An order of a run with one step."""
    data = {
        "run_id": run_id,
        "part_number": "GEARBOX-7",
        "revision": "C",
        "procedure": {"name": "Assemble gearbox", "version": "12"},
        "target": {"serial": f"SN-{run_id}"},
        "steps": [{"step_id": "S1", "name": "Press bearing"}],
    }
    return event("plant.run.ordered.v1", data)


def started(run_id: str, **more: str) -> Sent:
    """The start of its step."""
    return event("plant.step.started.v1", {"run_id": run_id, "step_id": "S1"}, **more)


def binary(run_id: str, **headers: bytes | None) -> Sent:
    """The start of its step in binary mode, with some headers replaced."""
    attributes: dict[str, bytes | None] = {
        "ce_specversion": b"1.0",
        "ce_id": f"binary-{run_id}".encode(),
        "ce_source": b"urn:plant:gateway",
        "ce_type": b"plant.step.started.v1",
        "content-type": b"application/json",
    }
    body = json.dumps({"run_id": run_id, "step_id": "S1"}).encode()
    return Sent("plant.steps", run_id.encode(), body, tuple((attributes | headers).items()))


def oddly_headed(run_id: str) -> Sent:
    """The start of its step, with headers that mean nothing: without a value, and not text."""
    return replace(started(run_id), headers=(("trace", None), ("blob", b"\xff\x00\xfe")))


def without(attribute: str, record: Sent) -> bytes:
    """The body of an event that lacks an attribute."""
    document = json.loads(record.value or b"")
    del document[attribute]
    return json.dumps(document).encode()


def typed(type_: str, record: Sent) -> bytes:
    """The body of an event with another type."""
    return json.dumps({**json.loads(record.value or b""), "type": type_}).encode()


def forged(record: Sent) -> bytes:
    """A fact of a service, said by somebody else where plant systems speak."""
    document = json.loads(record.value or b"")
    document["data"]["by"] = {}
    return json.dumps({**document, "type": "asbuilt.step.started.v1"}).encode()


def rubbish() -> list[Rubbish]:
    """One of each kind, each with a key of its own."""
    bodies: list[tuple[str, Callable[[Sent], bytes | None], str, str]] = [
        ("truncated", lambda good: (good.value or b"")[:-20], "not-json", "not JSON"),
        ("empty", lambda _: b"", "empty-body", "empty"),
        ("prose", lambda _: b"step 1 started", "not-json", "not JSON"),
        ("latin-1", lambda good: (good.value or b"").replace(b"S1", b"S\xfc"), "not-utf8", "byte"),
        ("two-megabytes", lambda good: (good.value or b"") + b" " * 2_000_000, "too-large", "1048576"),
        ("list", lambda _: b"[1, 2]", "not-cloudevent", "object"),
        ("unknown-type", lambda good: typed("plant.step.exploded.v1", good), "unknown-type", "plant.step.exploded.v1"),
        ("version-9", lambda good: typed("plant.step.started.v9", good), "unknown-version", "plant.step.started.v1"),
        ("no-id", lambda good: without("id", good), "not-cloudevent", "id is missing"),
        ("no-source", lambda good: without("source", good), "not-cloudevent", "source is missing"),
        ("no-type", lambda good: without("type", good), "not-cloudevent", "type is missing"),
        ("no-data", lambda good: without("data", good), "data-invalid", "data"),
        ("forged", forged, "wrong-topic", "asbuilt.runs"),
        ("tombstone", lambda _: None, "tombstone", "no body"),
    ]
    spoiled = [Rubbish(key, _spoiled(key, spoil), reason, told) for key, spoil, reason, told in bodies]
    return [
        *spoiled,
        Rubbish("null-header", binary("null-header", ce_source=None), "header-unreadable", "ce_source"),
        Rubbish("raw-header", binary("raw-header", ce_id=b"\xff\xfe"), "header-unreadable", "ce_id"),
    ]


def _spoiled(key: str, spoil: Callable[[Sent], bytes | None]) -> Sent:
    good = started(key)
    return replace(good, value=spoil(good))


def parked_by_run(heard: list[Heard]) -> dict[str, str]:
    """Why records of each key were set aside, as announced."""
    return {one.data["subject_id"]: one.data["reason"] for one in heard if one.type == "asbuilt.run.record-parked.v1"}


def test_rubbish_stands_aside_with_a_reason_and_the_rest_of_its_batch_is_done(plant: PlantUnderTest) -> None:
    """Each kind of unreadable record among good ones: set aside, said why, nothing stalls, nothing is lost."""
    bad = rubbish()
    good = [f"good-{number}" for number in range(len(bad))]
    plant.serve("run")
    plant.wait_done("run", plant.publish.all(order(run_id) for run_id in good))
    mixed = [record for one, run_id in zip(bad, good, strict=True) for record in (one.record, oddly_headed(run_id))]
    plant.wait_done("run", plant.publish.all(mixed))

    rows = plant.database("run").rows("select key, reason, detail, value, parking from parked order by key")
    assert {row["key"]: row["reason"] for row in rows} == {one.key: one.reason for one in bad}
    details = {row["key"]: row["detail"] for row in rows}
    assert [one.key for one in bad if one.told not in details[one.key]] == []
    assert {row["key"]: row["value"] for row in rows} == {one.key: one.record.value for one in bad}
    assert {row["parking"] for row in rows} == {"stuck"}
    assert parked_by_run(plant.announced.now("asbuilt.runs")) == {one.key: one.reason for one in bad}
    assert _started(plant) == set(good)


def test_a_record_with_no_key_or_the_wrong_one_is_refused(plant: PlantUnderTest) -> None:
    """Its order could not be promised: the sender is told which key was expected."""
    plant.serve("run")
    plant.wait_done("run", plant.publish(order("K-1"), order("K-2")))
    keyless = replace(started("K-1", id_="no-key"), key=None)
    wrong = started("K-2", id_="wrong-key", key="K-1")
    plant.wait_done("run", plant.publish(keyless, wrong, started("K-1", id_="right")))

    refused = [one.data for one in plant.announced.now("asbuilt.runs") if one.type == "asbuilt.run.change-refused.v1"]
    assert {(one["refused_id"], one["code"]) for one in refused} == {("no-key", "wrong-key"), ("wrong-key",) * 2}
    assert all(one["run_id"] in one["obstacle"] for one in refused)
    assert plant.database("run").count("parked") == 0
    assert _started(plant) == {"K-1"}


def test_what_follows_a_record_that_stands_aside_waits_behind_it_and_goes_on_when_it_is_discarded(
    plant: PlantUnderTest,
) -> None:
    """Order holds per key: a start behind rubbish is done only after an administrator gave the rubbish up."""
    plant.serve("run")
    plant.wait_done("run", plant.publish(order("B-1"), order("B-2")))
    spoiled = _spoiled("B-1", lambda _: b"{")
    plant.wait_done("run", plant.publish(spoiled, started("B-1"), started("B-2")))
    parked = plant.database("run").rows("select parked_id, parking from parked order by parked_id")
    assert [row["parking"] for row in parked] == ["stuck", "behind"]
    assert _started(plant) == {"B-2"}

    with plant.client("run", "admin") as admin:
        answer = admin.post(f"/parked/{parked[0]['parked_id']}/discard")
        assert answer.status_code == 202, answer.text
    eventually(lambda: _started(plant) == {"B-1", "B-2"}, 10, "what waited behind goes on")
    settled = plant.database("run").rows("select settled_as from parked order by parked_id")
    assert [row["settled_as"] for row in settled] == ["discarded by admin", "done"]


def test_an_early_record_waits_for_its_run_and_holds_up_nobody(plant: PlantUnderTest) -> None:
    """Topics have no order among each other: steps that come before their order are done after it, in order."""
    plant.serve("run")
    sign = event("plant.step.signed-off.v1", {"run_id": "E-1", "step_id": "S1"})
    plant.wait_done("run", plant.publish(order("E-2"), started("E-1"), sign))
    plant.wait_done("run", plant.publish(started("E-2")))
    assert _started(plant) == {"E-2"}
    plant.publish(order("E-1"))
    eventually(lambda: _started(plant) == {"E-1", "E-2"}, 10, "the early record is taken up")
    plant.announced(
        "asbuilt.runs",
        lambda heard: any(one.key == "E-1" and one.type == "asbuilt.run.ready.v1" for one in heard),
    )
    of_the_run = [(one.type, one.sequence) for one in plant.announced.now("asbuilt.runs") if one.key == "E-1"]
    facts = [(type_, sequence) for type_, sequence in of_the_run if sequence is not None]
    assert facts == [
        ("asbuilt.run.created.v1", 1),
        ("asbuilt.step.started.v1", 2),
        ("asbuilt.step.signed-off.v1", 3),
        ("asbuilt.run.ready.v1", 4),
    ]


def test_an_early_record_is_refused_when_its_time_is_up(plant: PlantUnderTest) -> None:
    """Nothing waits for ever: the sender is told that the run is unknown."""
    plant.serve("run", ASBUILT_EARLY_DEADLINE_S="1")
    plant.publish(started("NOBODY", id_="overdue"))
    heard = plant.announced(
        "asbuilt.runs", lambda all_: any(one.type == "asbuilt.run.change-refused.v1" for one in all_), 20
    )
    refused = [one.data for one in heard if one.type == "asbuilt.run.change-refused.v1"]
    assert [(one["refused_id"], one["code"]) for one in refused] == [("overdue", "unknown-run")]


@pytest.mark.parametrize("service", feed.services())
def test_no_golden_sample_is_set_aside_for_good(service: str, undisturbed: Callable[[str], Left]) -> None:
    """Every sample is understood: at most it waits for what it is about."""
    assert undisturbed(service).reasons_aside <= {"early", "behind"}


def _started(plant: PlantUnderTest) -> set[str]:
    rows = plant.database("run").rows("select run_id from run where started_at is not null")
    return {row["run_id"] for row in rows}
