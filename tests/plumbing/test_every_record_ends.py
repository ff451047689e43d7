"""Guarantee 1: every record ends done, refused, parked or waiting, with a reason that a person understands."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from shared.contracts.catalog import CATALOG
from shared.testing import feed
from shared.testing.batches import publish_together
from shared.testing.conditions import eventually
from shared.testing.plant import PlantUnderTest
from shared.testing.record import Left, announced_by, left_by
from shared.testing.topics import Heard, Offsets, Sent, event
from tests.plumbing.rubbish import Rubbish, keyed_wrongly, named_wrongly, oddly_headed, rubbish_like, too_large_like

pytestmark = pytest.mark.real_kafka


class Spoiled:
    """What a service listens to, with rubbish of every kind among it."""

    def __init__(self, service: str) -> None:
        self._service = feed.service(service)
        self._waves = feed.waves_for(service)
        goods = {wave.topic: wave.records[0] for wave in reversed(self._waves)}
        self.rubbish = [one for good in goods.values() for one in rubbish_like(good)]
        self.large = too_large_like(next(iter(goods.values())))
        self._handled = {
            one.topic: one for wave in reversed(self._waves) for one in wave.records if self._is_taken(one)
        }
        self.wrongly_keyed = [one for good in self._handled.values() for one in keyed_wrongly(good)]

    def _is_taken(self, record: Sent) -> bool:
        """What a service has no business with is passed over, whatever its key."""
        type_ = json.loads(record.value or b"")["type"]
        return self._service.everything is not None or CATALOG[type_].contract in self._service.handlers

    @property
    def expected(self) -> dict[str, Rubbish]:
        """What is to stand aside, by key."""
        return {(one.record.key or b"").decode(): one for one in [*self.rubbish, self.large]}

    @property
    def reasons(self) -> dict[str, str]:
        """Why each of it is to stand aside, by key."""
        return {key: one.reason for key, one in self.expected.items()}

    @property
    def keys_expected(self) -> dict[str, tuple[str, str]]:
        """Topic and right key of what comes under a wrong one, by the id of the event."""
        right = {topic: named_wrongly(good.key or b"").decode() for topic, good in self._handled.items()}
        return {json.loads(one.value or b"")["id"]: (one.topic, right[one.topic]) for one in self.wrongly_keyed}

    @property
    def sent(self) -> list[Sent]:
        """All of it."""
        good = [record for wave in self._waves for record in wave.records]
        return [*good, *self.wrongly_keyed, *(one.record for one in self.expected.values())]

    def give(self, plant: PlantUnderTest) -> Iterator[Offsets]:
        """Publish it wave by wave; the first of each topic is one batch with all of that topic's rubbish."""
        bad = {
            topic: [one.record for one in self.rubbish if one.record.topic == topic] for topic in self._service.topics
        }
        for wave in self._waves:
            good = list(map(oddly_headed, wave.records))
            rest = bad.pop(wave.topic, [])
            if rest:
                yield publish_together(plant.kafka, [rest[0], *good, *rest[1:]], topic=wave.topic)
            else:
                yield plant.publish.all(good)
        yield plant.publish.all([*self.wrongly_keyed, self.large.record])


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


def started(run_id: str, **more: Any) -> Sent:
    """The start of its step."""
    return event("plant.step.started.v1", {"run_id": run_id, "step_id": "S1"}, **more)


def takes_everything(service: str) -> bool:
    """Whether a service takes what it cannot read as well."""
    return feed.service(service).everything is not None


@pytest.mark.parametrize("service", [one for one in feed.listening() if not takes_everything(one)])
def test_rubbish_stands_aside_with_a_reason_and_the_rest_of_its_batch_is_done(
    service: str, undisturbed: Callable[[str], Left], fresh: Callable[[str], PlantUnderTest]
) -> None:
    """Each kind of unreadable record on each topic, among good ones: set aside, said why; nothing stalls, nothing
    is lost. A record under a wrong key is refused, because its order could not be promised.
    """
    clean = undisturbed(service)
    spoiled = Spoiled(service)
    plant = fresh(service).serve(service)
    for published in spoiled.give(plant):
        plant.wait_done(service, published)
    check_aside(plant, service, spoiled)
    heard = told_by(plant, service, spoiled)
    check_told(heard, service, spoiled)
    check_rest(left_by(plant.database(service), heard), clean, may_hear_itself=listens_to_itself(service))


@pytest.mark.parametrize("service", [one for one in feed.listening() if takes_everything(one)])
def test_rubbish_is_part_of_the_history(service: str, fresh: Callable[[str], PlantUnderTest]) -> None:
    """Audit appends whatever comes, on whatever topic, with its exact bytes, and says what of it cannot be read."""
    spoiled = Spoiled(service)
    plant = fresh(service).serve(service)
    for published in spoiled.give(plant):
        plant.wait_done(service, published)
    kept = plant.database(service).rows("select topic, key, value, unreadable, detail from history")
    assert Counter((row["topic"], row["key"], row["value"]) for row in kept) == Counter(map(bytes_of, spoiled.sent))
    by_key = {row["key"].decode(): row for row in kept if row["unreadable"] is not None}
    assert {key: row["unreadable"] for key, row in by_key.items()} == spoiled.reasons
    assert [key for key, one in spoiled.expected.items() if one.told not in by_key[key]["detail"]] == []
    assert (plant.database(service).count("parked"), told_by(plant, service, spoiled)) == (0, [])


def bytes_of(sent: Sent) -> tuple[str, bytes | None, bytes | None]:
    """A record as the history shows it."""
    return sent.topic, sent.key, sent.value


def told_by(plant: PlantUnderTest, service: str, spoiled: Spoiled) -> list[Heard]:
    """What a service says on its topics; it may be fed with rubbish there as well."""
    fed = {one.value or b"" for one in spoiled.sent}
    return [one for one in announced_by(plant, service) if one.value not in fed]


def listens_to_itself(service: str) -> bool:
    """Whether what a service tells comes back to it."""
    return bool(feed.service(service).own_topics & set(feed.service(service).topics))


def check_aside(plant: PlantUnderTest, service: str, spoiled: Spoiled) -> None:
    """All of the rubbish stands aside with its bytes, why, and what a person understands; nothing else does."""
    rows = plant.database(service).rows("select key, reason, detail, value from parked where parking = 'stuck'")
    assert {row["key"]: row["reason"] for row in rows} == spoiled.reasons
    assert [row["key"] for row in rows if spoiled.expected[row["key"]].told not in row["detail"]] == []
    assert [row["key"] for row in rows if row["value"] != spoiled.expected[row["key"]].record.value] == []


def check_told(heard: list[Heard], service: str, spoiled: Spoiled) -> None:
    """What stands aside and what is refused is told; but not to itself what came from itself."""
    own = feed.service(service).own_topics
    reasons = {key: one.reason for key, one in spoiled.expected.items() if one.record.topic not in own}
    assert parked_by_key(heard) == reasons
    refused = {one.data["refused_id"]: one.data for one in heard if one.data.get("code") == "wrong-key"}
    about = {identity: key for identity, (topic, key) in spoiled.keys_expected.items() if topic not in own}
    assert refused.keys() == about.keys()
    assert [identity for identity, key in about.items() if key not in refused[identity]["obstacle"]] == []


def parked_by_key(heard: list[Heard]) -> dict[str, str]:
    """Why records of each key were set aside for a person to look at, as announced."""
    parked = [one.data for one in heard if one.type.endswith(".record-parked.v1")]
    return {one["subject_id"]: one["reason"] for one in parked if one["reason"] not in {"early", "behind"}}


def check_rest(left: Left, clean: Left, *, may_hear_itself: bool) -> None:
    """What the good records lead to is there as if there had been no rubbish."""
    for table in clean.rows.keys() - {"inbox", "parked"}:
        there, expected = Counter(left.rows[table]), Counter(clean.rows[table])
        assert not expected - there, f"missing in {table}"
        assert may_hear_itself or not there - expected, f"more than expected in {table}"
    of_the_good = {at: [one for one in told if '"code": "wrong-key"' not in one[3]] for at, told in left.told.items()}
    assert {at: of_the_good.get(at) for at in clean.told} == dict(clean.told)


def test_what_follows_a_record_that_stands_aside_waits_behind_it_and_goes_on_when_it_is_discarded(
    plant: PlantUnderTest,
) -> None:
    """Order holds per key: a start behind rubbish is done only after an administrator gave the rubbish up."""
    plant.serve("run")
    plant.wait_done("run", plant.publish(order("B-1"), order("B-2")))
    spoiled = replace(started("B-1"), value=b"{")
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


def test_what_came_before_rubbish_of_its_key_in_one_batch_is_done_and_what_came_after_follows_in_order(
    plant: PlantUnderTest,
) -> None:
    """A station says something good, then rubbish, then something good again, all about one run."""
    plant.serve("run")
    plant.wait_done("run", plant.publish.all([order("S-1")]))
    said = [event("plant.step.commented.v1", {"run_id": "S-1", "step_id": "S1", "text": text}) for text in "abc"]
    batch = [started("S-1"), said[0], Sent("plant.steps", b"S-1", b"{"), *said[1:]]
    plant.wait_done("run", publish_together(plant.kafka, batch, topic="plant.steps"))
    rows = plant.database("run").rows("select parked_id, parking from parked order by parked_id")
    assert [row["parking"] for row in rows] == ["stuck", "behind", "behind"]
    assert _comments(plant) == ["a"]
    with plant.client("run", "admin") as admin:
        assert admin.post(f"/parked/{rows[0]['parked_id']}/discard").status_code == 202
    eventually(lambda: len(_comments(plant)) == 3, 20, "what waited is done")
    assert _comments(plant) == ["a", "b", "c"]


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


@pytest.mark.parametrize("service", feed.listening())
def test_no_golden_sample_is_set_aside_for_good(service: str, undisturbed: Callable[[str], Left]) -> None:
    """Every sample is understood: at most it waits for what it is about."""
    assert undisturbed(service).reasons_aside <= {"early", "behind"}


def _started(plant: PlantUnderTest) -> set[str]:
    rows = plant.database("run").rows("select run_id from run where started_at is not null")
    return {row["run_id"] for row in rows}


def _comments(plant: PlantUnderTest) -> list[str]:
    heard = plant.announced.now("asbuilt.runs")
    return [one.data["text"] for one in heard if one.type.endswith("commented.v1")]
