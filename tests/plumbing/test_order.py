"""Guarantee 6: announcements of one run arrive in sequence order without gaps, from HTTP and Kafka changes mixed."""

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.testing.examples import FIELD, STEP, ordered, recorded, started
from shared.testing.plant import PlantUnderTest

pytestmark = pytest.mark.real_kafka

RUNS = [f"O-{number}" for number in range(8)]
ROUNDS = 25


def test_announcements_of_a_run_come_in_sequence_whoever_changes_it(plant: PlantUnderTest) -> None:
    """Two people and two stations record values on the same runs at the same time, faster than anybody could."""
    plant.serve("run")
    plant.wait_done("run", plant.publish.all(map(ordered, RUNS)))
    plant.wait_done("run", plant.publish.all(map(started, RUNS)))

    def person(name: str) -> None:
        with plant.client("run", "operator", person=name) as client:
            for number in range(ROUNDS):
                path = f"/runs/{RUNS[number % len(RUNS)]}/steps/{STEP}/fields/{FIELD}"
                answer = client.put(path, json={"value": f"1.{number:02}"})
                assert answer.status_code == 200, answer.text

    def station() -> None:
        for number in range(ROUNDS):
            plant.publish.all(recorded(run_id, f"1.{number:02}") for run_id in RUNS)

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(person, "ann"), threads.submit(person, "bo"), *map(threads.submit, [station] * 2)]:
            done.result(120)

    changes = len(RUNS) * (2 + 2 * ROUNDS) + 2 * ROUNDS
    sequences: dict[str | None, list[int | None]] = defaultdict(list)
    for one in plant.announced("asbuilt.runs", until=changes):
        sequences[one.key].append(one.sequence)
    assert sum(map(len, sequences.values())) == changes
    assert {key: found for key, found in sequences.items() if found != list(range(1, len(found) + 1))} == {}
