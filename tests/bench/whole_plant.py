"""The part `plant`: all five services at work, units built from the first event to the released unit.

A unit is a run of five steps with three values each, and twenty serial installs. The plant orders it and receives its
parts; when inventory has claimed it, the stations work; when the run says that it is ready, a lead reviews and confirms
over HTTP; it is done when inventory has released it. So many units are under way at the same time, and the next one is
ordered when one is released. Then the tables are filled with what a hundred thousand units leave behind, and as many
are built again.
"""

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from threading import local
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import httpx
from confluent_kafka import Consumer, Producer
from prometheus_client.parser import text_string_to_metric_families
from pydantic_core import from_json, to_json

from shared.runtime.embedded.described import SERVICES
from shared.runtime.identity import mint
from tests.bench import grown, load
from tests.bench.ground import Ground, until

UNITS = 800
WARM_UP = 100
GROWN_UNITS = 100_000
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
    lead: "Lead"
    first: int
    wanted: int
    ordered: int = 0
    released_at: list[float] = field(default_factory=list)
    confirming: set["Future[None]"] = field(default_factory=set)

    def work(self) -> None:
        """Build all units; the moments at which each was released are kept.

        :raises TimeoutError: when one takes too long.
        """
        deadline = perf_counter() + WITHIN_S
        for _ in range(min(UNDER_WAY, self.wanted)):
            self._order_next()
        while len(self.released_at) < self.wanted:
            if perf_counter() > deadline:
                raise TimeoutError(f"{len(self.released_at)} of {self.wanted} units were built in {WITHIN_S} s")
            for message in self.consumer.consume(1_000, 0.05):
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
            self.confirming.add(self.lead.confirm(from_json(body)["data"]["run_id"]))

    def _order_next(self) -> None:
        if self.ordered < self.wanted:
            self._say(_ordered(load.run_id(self.first + self.ordered)))
            self.ordered += 1

    def _say(self, said: Iterator[load.Said]) -> None:
        for topic, key, body in said:
            self.producer.produce(topic, body, key)


class Lead:
    """Reviews and confirms, a few runs side by side, on connections that stay open. With the plainest client there is:
    what it takes is taken from the plant.
    """

    def __init__(self, url: str, token: str) -> None:
        self._address = urlsplit(url).netloc
        self._headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        self._threads = ThreadPoolExecutor(4, initializer=self._connect)
        self._of_thread = local()

    def confirm(self, run: str) -> "Future[None]":
        """Ask for a run's review and confirm it as it is."""
        return self._threads.submit(self._confirm, run)

    def _connect(self) -> None:
        self._of_thread.connection = HTTPConnection(self._address, timeout=60)

    def _confirm(self, run: str) -> None:
        review = from_json(self._asked("GET", f"/runs/{run}/review"))
        self._asked("POST", f"/runs/{run}/complete", to_json({"review_version": review["version"]}))

    def _asked(self, method: str, path: str, body: bytes | None = None) -> bytes:
        connection: HTTPConnection = self._of_thread.connection
        connection.request(method, path, body, self._headers)
        answer = connection.getresponse()
        read = answer.read()
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(f"{method} {path}: {answer.status} {read.decode()}")
        return read


def whole_plant(ground: Ground) -> dict[str, dict[str, float]]:
    """Serve all five, build units, and say how many a second and where the processor time went; then once more, with
    what a hundred thousand units left behind.
    """
    ground.plant.migrate()
    ground.plant.serve()
    figures = _measured(ground, 0)
    began = perf_counter()
    grown.fill(ground, UNITS, GROWN_UNITS)
    asyncio.run(ground.settle())
    filled_s = perf_counter() - began
    after = _measured(ground, UNITS)
    return {
        "plant": {
            **figures,
            "filled_in_s": filled_s,
            "units_per_s_after_100000": after["units_per_s"],
            "after_100000_of_before": after["units_per_s"] / figures["units_per_s"],
            "cpu_ms_per_unit_after_100000": after["cpu_ms_per_unit"],
        }
    }


def _measured(ground: Ground, first: int) -> dict[str, float]:
    """Build units, and say how many a second and where the processor time went."""
    token = mint(ground.plant.private_key_file, "lead", ["lead"], timedelta(hours=1))
    before = {name: _events(ground, name) for name in SERVICES}
    spent = _spent(ground)
    released = _built(ground, token, first)
    until(lambda: _has_heard_all(ground), 120, "audit has every record")
    took_s = perf_counter() - released[0]
    busy = {name: (now - spent[name]) * 1000 / UNITS for name, now in _spent(ground).items()}
    counted = released[WARM_UP:]
    third = len(counted) // 3
    return {
        "units": UNITS,
        "units_per_s": _rate(counted),
        "last_third_of_first": _rate(counted[-third:]) / _rate(counted[:third]),
        **{f"{name}_events_per_s": (_events(ground, name) - before[name]) / took_s for name in SERVICES},
        **{f"{name}_cpu_ms_per_unit": ms for name, ms in busy.items()},
        "cpu_ms_per_unit": sum(busy.values()),
    }


def _built(ground: Ground, token: str, first: int) -> list[float]:
    address = ground.plant.broker.address
    producer = Producer({"bootstrap.servers": address, "partitioner": "murmur2_random", "linger.ms": 5, "acks": "all"})
    consumer = Consumer({"bootstrap.servers": address, "group.id": "bench-plant", "auto.offset.reset": "earliest"})
    consumer.subscribe(["asbuilt.runs", "asbuilt.inventory"])
    floor = Floor(producer, consumer, Lead(ground.plant.url("run"), token), first, UNITS)
    try:
        floor.work()
    finally:
        consumer.close()
    return floor.released_at


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
