"""The simulated plant floor: what its stations say, and that a seed repeats it."""

from collections import Counter
from decimal import Decimal
from itertools import islice

from shared.contracts.catalog import BY_CONTRACT
from shared.contracts.plant import RunOrdered, StepSignedOff, UnitInstalled, UnitReceived, ValueRecorded
from shared.runtime.command.feeds.floor import Rubbish, Said, floor
from shared.runtime.command.feeds.gearbox import BOLT, OPERATIONS, UNITS_OF_A_LOT
from shared.runtime.command.feeds.simulate import feed


def said(seed: int = 7, stations: int = 3, runs: int = 30) -> list[Said]:
    """What a floor without rubbish says."""
    return [one for one in floor(seed, stations, runs, 0) if isinstance(one, Said)]


def test_a_seed_repeats_every_event_and_another_seed_shares_none() -> None:
    """Ids, contents and order are the same; another seed's ids are all others."""
    assert list(floor(7, 3, 30, 0.05)) == list(floor(7, 3, 30, 0.05))
    assert not {one.id for one in said(seed=7)} & {one.id for one in said(seed=8)}


def test_every_event_has_an_id_of_its_own() -> None:
    """Or Asbuilt would take the second for the first."""
    ids = [one.id for one in floor(7, 3, 30, 0.2)]
    assert len(set(ids)) == len(ids)


def test_stations_work_side_by_side_in_time_order() -> None:
    """Each run on one station, and never all runs one after the other."""
    found = said()
    assert [one.after_s for one in found] == sorted(one.after_s for one in found)
    orders = [(number, one.data.place.line) for number, one in enumerate(found) if isinstance(one.data, RunOrdered)]
    assert Counter(line for _, line in orders) == {"station-1": 10, "station-2": 10, "station-3": 10}
    signed = next(number for number, one in enumerate(found) if isinstance(one.data, StepSignedOff))
    assert sum(1 for number, _ in orders if number < signed) > 1


def test_a_run_is_built_as_it_was_ordered() -> None:
    """Every operation signed off in order by the same person, every component received before it is installed."""
    found = [one.data for one in said(runs=1)]
    signed = [one for one in found if isinstance(one, StepSignedOff)]
    assert [one.step_id for one in signed] == [operation.step_id for operation in OPERATIONS]
    assert len({one.operator for one in signed}) == 1
    received = [one.unit_id for one in found if isinstance(one, UnitReceived)]
    assert received == [one.unit_id for one in found if isinstance(one, UnitInstalled)], "a shaft, a housing, bolts"
    assert isinstance(found[0], RunOrdered)


def test_bolts_are_taken_off_lots_and_a_lot_is_enough_for_its_gearboxes() -> None:
    """No more is taken off any lot than came in; a station uses up one lot after the other."""
    found = [one.data for one in said(runs=3 * 3 * UNITS_OF_A_LOT // 2)]
    came = {one.unit_id: one.quantity for one in found if isinstance(one, UnitReceived) and one.lot is not None}
    taken: Counter[str] = Counter()
    for one in found:
        if isinstance(one, UnitInstalled) and one.requirement_id == BOLT:
            taken[one.unit_id] += int(one.quantity)
    assert len(came) == 3 * 2
    assert taken.keys() == came.keys()
    assert all(number <= came[lot] for lot, number in taken.items())


def test_a_substitute_is_built_in_now_and_then() -> None:
    """One that the requirement approves."""
    found = [one.data for one in said(runs=300)]
    order = next(one for one in found if isinstance(one, RunOrdered))
    approved = {name for one in order.requirements for name in one.substitutes}
    parts = Counter(one.part_number for one in found if isinstance(one, UnitReceived))
    assert 0 < sum(parts[name] for name in approved) < 60


def test_values_are_in_range_mostly() -> None:
    """A few are not, and each of those is measured again."""
    values = [one.data for one in said(runs=200) if isinstance(one.data, ValueRecorded)]
    torques = [one.value for one in values if one.field_id.startswith("torque")]
    outside = [one for one in torques if isinstance(one, Decimal) and abs(one - 45) > 3]
    assert 0 < len(outside) < len(torques) / 20
    assert len(torques) == 200 * 4 + len(outside) - _twice_outside(values)


def test_rubbish_is_the_share_that_was_asked_for_and_has_keys_of_its_own() -> None:
    """So that it stands in nobody's way."""
    found = list(islice(floor(7, 5, None, 0.1), 5_000))
    rubbish = [one for one in found if isinstance(one, Rubbish)]
    assert 400 < len(rubbish) < 600
    keys = {getattr(one.data, BY_CONTRACT[type(one.data)].key) for one in found if isinstance(one, Said)}
    assert not keys & {one.id for one in rubbish}


def test_a_floor_without_an_end_goes_on() -> None:
    """It is read as far as one likes; only what is read is made."""
    assert sum(1 for _ in islice(floor(7, 4, None, 0), 20_000)) == 20_000


def test_a_feed_ends_with_its_time() -> None:
    """At 100 a second for one second: a hundred events and the first, due one after the other."""
    due = [one.due_s for one in feed(floor(7, 4, None, 0), rate=100, seconds=1)]
    assert due == [number / 100 for number in range(101)]


def test_a_feed_without_a_rate_is_due_at_once() -> None:
    """As fast as Kafka takes it; rubbish travels under its own key."""
    found = list(feed(floor(7, 4, 2, 0.2), rate=0, seconds=None))
    assert {one.due_s for one in found} == {0.0}
    assert {one.key.startswith("rubbish-") for one in found if one.kind == "rubbish"} == {True}


def _twice_outside(values: list[ValueRecorded]) -> int:
    """Measurements that were out of range the second time too: nobody measures a third time."""
    pairs = Counter((one.run_id, one.field_id) for one in values if one.field_id.startswith("torque"))
    last = {(one.run_id, one.field_id): one.value for one in values}
    measured = {at: value for at, value in last.items() if isinstance(value, Decimal)}
    return sum(1 for at in pairs if pairs[at] == 2 and at in measured and abs(measured[at] - 45) > 3)
