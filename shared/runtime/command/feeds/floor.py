"""A simulated plant floor: stations that build one unit after the other. Pure: a seed gives the same events.

Bounded: what is remembered is one unit for each station, however long it goes on.
"""

import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from random import Random

from shared.contracts.base import PlantEvent
from shared.contracts.catalog import PLANT_INSTALLS, PLANT_ORDERS, PLANT_STEPS, PLANT_UNITS
from shared.contracts.plant import StepSignedOff, StepStarted, UnitInstalled, ValueRecorded
from shared.runtime.command.feeds import gearbox
from shared.runtime.command.feeds.gearbox import Measured, Operation

TOPICS = (PLANT_ORDERS.name, PLANT_UNITS.name, PLANT_STEPS.name, PLANT_INSTALLS.name)
SUBSTITUTED = 0.08
"""Share of components in whose place an approved substitute is there."""
SPREAD = 2.4
"""Standard deviations that fit into a tolerance: about one measurement in sixty is out of range."""

RUBBISH = (
    b"",
    b'{"specversion":"1.0","id":"cut off',
    b"\xff\xfe\x00 a picture?",
    b"Torque OK",
    b"[1, 2, 3]",
    json.dumps({"specversion": "1.0", "type": "plant.step.started.v1", "source": "urn:plant:old-firmware"}).encode(),
)
"""What stations send whose firmware is old, whose network breaks off, or whose topic is wrong."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a station says; ``after_s`` by the floor's own clock."""

    after_s: float
    id: str
    source: str
    data: PlantEvent


@dataclass(frozen=True, slots=True)
class Rubbish:
    """What a station sends that nobody can read; its ``id`` is its key."""

    after_s: float
    id: str
    topic: str
    body: bytes


def floor(
    seed: int, stations: int, runs: int | None, rubbish: float, *, units_of_a_lot: int = gearbox.UNITS_OF_A_LOT
) -> Iterator[Said | Rubbish]:
    """Everything that the stations say, in time order; without an end when ``runs`` is None.

    ``rubbish`` is the share of records that nobody can read, from 0 to below 1; ``units_of_a_lot``: how many units a
    lot of bolts is enough for.
    """
    lines = [
        _with_rubbish(_station(seed, number, stations, runs, units_of_a_lot), seed, number, rubbish)
        for number in range(stations)
    ]
    return heapq.merge(*lines, key=lambda one: one.after_s)


def _station(seed: int, station: int, stations: int, runs: int | None, units_of_a_lot: int) -> Iterator[Said]:
    chance = Random(f"{seed}/{station}")  # noqa: S311 - a play, no secret
    clock_s, number = chance.uniform(0, 120), station
    for built in count():
        if runs is not None and number >= runs:
            return
        lot = f"SIM-{seed}-{station + 1}-{built // units_of_a_lot + 1}"
        build = _Build(f"SIM-{seed}-{number:06d}", f"station-{station + 1}", chance, clock_s, lot)
        yield from build.events(units_of_a_lot if built % units_of_a_lot == 0 else 0)
        clock_s = build.clock_s + chance.uniform(20, 120)
        number += stations


class _Build:
    """One unit on its way through a station."""

    def __init__(self, run_id: str, station: str, chance: Random, clock_s: float, lot: str) -> None:
        self.clock_s = clock_s
        self._run_id = run_id
        self._station = station
        self._chance = chance
        self._said = 0
        self._lot = lot
        self._parts = {part: _part(part, chance) for part in gearbox.COMPONENTS}
        self._person = f"operator-{chance.randint(1, 40):02d}"

    def events(self, units_of_a_lot: int) -> Iterator[Said]:
        """The unit is ordered, its components come in, its operations are done.

        ``units_of_a_lot``: for how many units a lot of bolts comes in with it; 0 where one is there.
        """
        yield self._say("planning", gearbox.ordered(self._run_id, self._unit, self._station))
        for part in self._parts.values():
            yield self._say("receiving", gearbox.received(part, self._component(part)))
        if units_of_a_lot:
            yield self._say("receiving", gearbox.bolts_received(self._lot, units_of_a_lot))
        for operation in gearbox.OPERATIONS:
            yield from self._operation(operation)

    def _operation(self, operation: Operation) -> Iterator[Said]:
        step = {"run_id": self._run_id, "step_id": operation.step_id, "operator": self._person}
        yield self._say(self._station, StepStarted(**step))
        if operation.component is not None:
            yield self._say(self._station, self._installed(operation.component))
        if operation.bolts:
            yield self._say(self._station, self._bolted(operation.bolts))
        for measured in operation.measured:
            for value in self._measurements(measured):
                recorded = ValueRecorded(**step, field_id=measured.field_id, value=value)
                yield self._say(self._station, recorded)
        self.clock_s += operation.takes_s * self._chance.uniform(0.7, 1.6)
        yield self._say(self._station, StepSignedOff(**step))

    def _installed(self, part: str) -> UnitInstalled:
        component = self._component(self._parts[part])
        return UnitInstalled(parent_unit_id=self._unit, requirement_id=part, unit_id=component, operator=self._person)

    def _bolted(self, bolts: int) -> UnitInstalled:
        return UnitInstalled(
            parent_unit_id=self._unit,
            requirement_id=gearbox.BOLT,
            unit_id=gearbox.bolts_of(self._lot),
            quantity=Decimal(bolts),
            operator=self._person,
        )

    def _measurements(self, measured: Measured) -> Iterator[Decimal]:
        """One value; out of range, the bolt is turned or the part pressed again, and measured once more."""
        for _try in range(2):
            drawn = self._chance.gauss(float(measured.target), float(measured.tolerance) / SPREAD)
            value = round(Decimal(drawn), measured.places)
            yield value
            if abs(value - measured.target) <= measured.tolerance:
                return

    def _say(self, station: str, data: PlantEvent) -> Said:
        self.clock_s += self._chance.uniform(0.5, 8)
        self._said += 1
        return Said(self.clock_s, f"{self._run_id}/{self._said}", f"urn:plant:simulated:{station}", data)

    @property
    def _unit(self) -> str:
        return f"{self._run_id}-U"

    def _component(self, part: str) -> str:
        return f"{self._run_id}-{part}"


def _part(part: str, chance: Random) -> str:
    """The component that is there: seldom one that is approved in its place."""
    substitute = gearbox.SUBSTITUTES.get(part, part)
    return substitute if chance.random() < SUBSTITUTED else part


def _with_rubbish(said: Iterator[Said], seed: int, station: int, share: float) -> Iterator[Said | Rubbish]:
    chance, number = Random(f"{seed}/{station}/rubbish"), 0  # noqa: S311 - a play, no secret
    for one in said:
        while chance.random() < share:
            number += 1
            topic = chance.choice((PLANT_STEPS.name, PLANT_UNITS.name))
            yield Rubbish(one.after_s, f"rubbish-{seed}-{station + 1}-{number}", topic, chance.choice(RUBBISH))
        yield one
