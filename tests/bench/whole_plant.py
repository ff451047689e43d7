"""The part `plant`: all five services at work, units built from the first event to the released unit.

A unit is a run of five steps with three values each, and twenty serial installs. The plant orders it and receives its
parts; when inventory has claimed it, the stations work; when the run says that it is ready, a lead reviews and confirms
over HTTP; it is done when inventory has released it. So many units are under way at the same time, and the next one is
ordered when one is released.
"""

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
from confluent_kafka import Consumer, Producer
from prometheus_client.parser import text_string_to_metric_families
from pydantic_core import from_json

from shared.runtime.embedded.described import SERVICES
from shared.runtime.identity import mint
from tests.bench import load
from tests.bench.ground import Ground, until

UNITS = 1_200
WARM_UP = 100
UNDER_WAY = 120
WITHIN_S = 300.0
"""A unit that is not released after so long is told, and ends the bench."""

STEPS = 5
FIELDS = ("torque", "angle", "temperature")
PARTS = tuple(f"part-{number}" for number in range(20))
TICKS_PER_S = os.sysconf("SC_CLK_TCK")

CLAIMED = b'"asbuilt.unit.claimed.v1"'
READY = b'"asbuilt.run.ready.v1"'
RELEASED = b'"asbuilt.unit.released.v1"'


@dataclass(slots=True)
class Floor:
    """Everything that stands around the plant: planning, stations, and what is heard of its units."""

    producer: Producer
    consumer: Consumer
    client: httpx.AsyncClient
    run_url: str
    wanted: int
    ordered: int = 0
    released_at: list[float] = field(default_factory=list)
    confirming: set["asyncio.Task[None]"] = field(default_factory=set)

    async def work(self) -> None:
        """Build all units; the moments at which each was released are kept."""
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as thread:
            for _ in range(min(UNDER_WAY, self.wanted)):
                self._order_next()
            while len(self.released_at) < self.wanted:
                heard = await loop.run_in_executor(thread, self.consumer.consume, 1_000, 0.05)
                for message in heard:
                    self._hear(message.value() or b"")
                self.producer.poll(0)
                for done in [one for one in self.confirming if one.done()]:
                    self.confirming.remove(done)
                    done.result()

    def _hear(self, body: bytes) -> None:
        head = body[:400]
        if RELEASED in head:
            self.released_at.append(perf_counter())
            self._order_next()
        elif CLAIMED in head:
            self._say(_work(from_json(body)["data"]["run_id"]))
        elif READY in head:
            task = asyncio.create_task(self._confirm(from_json(body)["data"]["run_id"]))
            self.confirming.add(task)

    def _order_next(self) -> None:
        if self.ordered < self.wanted:
            self._say(_ordered(load.run_id(self.ordered)))
            self.ordered += 1

    def _say(self, said: Iterator[load.Said]) -> None:
        for topic, key, body in said:
            self.producer.produce(topic, body, key)

    async def _confirm(self, run: str) -> None:
        path = f"{self.run_url}/runs/{run}"
        review = (await self.client.get(f"{path}/review")).raise_for_status().json()
        answer = await self.client.post(f"{path}/complete", json={"review_version": review["version"]})
        answer.raise_for_status()


def whole_plant(ground: Ground) -> dict[str, dict[str, float]]:
    """Serve all five, build units, and say how many a second and where the processor time went."""
    plant = ground.plant
    plant.migrate()
    plant.serve()
    token = mint(plant.private_key_file, "lead", ["lead"], timedelta(hours=1))
    before = {name: _events(ground, name) for name in SERVICES}
    spent = _spent(ground)
    released = asyncio.run(_built(ground, token))
    until(lambda: _has_heard_all(ground), 120, "audit has every record")
    took_s = perf_counter() - released[0]
    busy = {name: now - spent[name] for name, now in _spent(ground).items()}
    counted = released[WARM_UP:]
    third = len(counted) // 3
    return {
        "plant": {
            "units": UNITS,
            "units_per_s": (len(counted) - 1) / (counted[-1] - counted[0]),
            "last_third_of_first": _rate(counted[-third:]) / _rate(counted[:third]),
            **{f"{name}_events_per_s": (_events(ground, name) - before[name]) / took_s for name in SERVICES},
            **{f"{name}_cpu_ms_per_unit": s * 1000 / UNITS for name, s in busy.items()},
        }
    }


async def _built(ground: Ground, token: str) -> list[float]:
    address = ground.plant.broker.address
    producer = Producer({"bootstrap.servers": address, "partitioner": "murmur2_random", "linger.ms": 5, "acks": "all"})
    consumer = Consumer({"bootstrap.servers": address, "group.id": "bench-plant", "auto.offset.reset": "earliest"})
    consumer.subscribe(["asbuilt.runs", "asbuilt.inventory"])
    headers = {"authorization": f"Bearer {token}"}
    try:
        async with asyncio.timeout(WITHIN_S), httpx.AsyncClient(headers=headers, timeout=60) as client:
            floor = Floor(producer, consumer, client, ground.plant.url("run"), UNITS)
            await floor.work()
            return floor.released_at
    finally:
        consumer.close()


def _rate(moments: list[float]) -> float:
    return (len(moments) - 1) / (moments[-1] - moments[0])


def _events(ground: Ground, service: str) -> float:
    """Records that a service has ended, whatever way."""
    page = httpx.get(f"{ground.plant.url(service)}/metrics").text
    families = text_string_to_metric_families(page)
    return sum(one.value for family in families for one in family.samples if one.name == "asbuilt_events_total")


def _has_heard_all(ground: Ground) -> bool:
    topics = ("plant.orders", "plant.units", "plant.steps", "plant.installs", "asbuilt.runs", "asbuilt.inventory")
    return _events(ground, "audit") >= sum(map(ground.on_topic, topics))


def _spent(ground: Ground) -> dict[str, float]:
    """Processor time by now (s): of each service, of PostgreSQL with all its workers, of the broker, of the floor."""
    named = {name: process.pid for name, process in ground.plant.processes.items()}
    times = {name: _processor_s(pid) for name, pid in named.items()}
    others = {pid: name for pid in _pids() if (name := _kind(pid)) is not None}
    for kind in ("postgresql", "kafka"):
        times[kind] = sum(_processor_s(pid) for pid, name in others.items() if name == kind)
    return {**times, "floor": _processor_s(os.getpid())}


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _kind(pid: int) -> str | None:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return None
    if command.startswith(b"postgres:") or b"/bin/postgres\0" in command:
        return "postgresql"
    return "kafka" if b"kafka.Kafka" in command else None


def _processor_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def _ordered(run: str) -> Iterator[load.Said]:
    """Planning orders a unit, and its parts come in."""
    yield "plant.orders", run, load.event("plant.run.ordered.v1", run, "ordered", load.BEGIN, _order(run))
    for part in PARTS:
        data = {"unit_id": f"{run}-{part}", "part_number": part, "revision": "A", "serial": f"{run}-{part}"}
        yield "plant.units", data["unit_id"], load.event("plant.unit.received.v1", run, part, load.BEGIN, data)


def _order(run: str) -> dict[str, Any]:
    return {
        "run_id": run,
        "part_number": "GBX-200",
        "revision": "C",
        "procedure": {"name": "Gearbox assembly", "version": "7"},
        "target": {"serial": f"SN-{run}"},
        "requirements": [{"requirement_id": part, "part_number": part, "quantity": "1"} for part in PARTS],
        "steps": [
            {
                "step_id": f"S{step}",
                "name": f"Fasten cover {step}",
                "fields": [
                    {"field_id": one, "name": one, "kind": "number", "unit": "Nm", "min": "10", "max": "14.5"}
                    for one in FIELDS
                ],
            }
            for step in range(STEPS)
        ],
    }


def _work(run: str) -> Iterator[load.Said]:
    """The stations install every part, and do every step."""
    unit = f"SN-{run}"
    for part in PARTS:
        data = {"parent_unit_id": unit, "unit_id": f"{run}-{part}", "requirement_id": part, "operator": "op-1"}
        yield "plant.installs", unit, load.event("plant.unit.installed.v1", run, f"in-{part}", load.BEGIN, data)
    for step in range(STEPS):
        for kind in (*FIELDS, "signed-off"):
            said: dict[str, object] = {"run_id": run, "step_id": f"S{step}", "operator": "op-1"}
            if kind in FIELDS:
                said |= {"field_id": kind, "value": "12.5"}
            name = "value-recorded" if kind in FIELDS else kind
            at = load.BEGIN + timedelta(seconds=step * 40)
            yield "plant.steps", run, load.event(f"plant.step.{name}.v1", run, f"{step}-{kind}", at, said)
