"""A lot turns out to be bad after the fact: where it went, and what is taken out in time. And a unit is scrapped."""

from urllib.parse import quote

from shared.runtime.command.demo import said
from shared.runtime.command.demo.plan import seals
from shared.runtime.command.demo.stage import Document, Stage
from shared.runtime.command.genealogy import trace

REASON = "The supplier recalls the lot: its seals turn brittle."
WAYS_AT_MOST = 100


def play(on: Stage) -> None:
    """From the supplier's letter to the pump that is put right in time."""
    scrap(on)
    find(on)
    hold(on)
    exchange(on.of(on.shift.reopened))
    show(on)


def scrap(on: Stage) -> None:
    """A bearing falls; nobody builds it in."""
    tell, dropped = on.tell, on.shift.dropped
    tell.act("A bearing is scrapped, and a lot recalled")
    on.people["quinn"].post("inventory", f"/units/{dropped}/scrap", {"reason": "It fell on the floor."})
    tell.happens(f"quinn scraps {dropped}, which fell on the floor", lambda: on.unit(dropped)["status"] == "scrapped")
    tell.is_refused(
        "omar builds it in all the same", "unit-not-available", lambda: _install(on, "bearings", dropped, "left")
    )


def find(on: Stage) -> None:
    """Which pumps the recalled lot went into."""
    shift, tell = on.shift, on.tell
    tell.note(f"the supplier writes: [italic]{REASON}[/]")
    expected = {shift.blocked.serial: True, shift.reopened.serial: True}
    tell.happens(f"lot {shift.recalled} is in two of the three pumps", lambda: _pumps(_ways(on)) == expected)


def hold(on: Stage) -> None:
    """What is left of the lot, and the pump that is complete, are withheld."""
    shift, tell = on.shift, on.tell
    lot, complete = seals(shift.recalled), shift.blocked.serial
    _withhold(on, lot, "return-to-supplier")
    tell.happens("quinn raises an issue on the lot; what is left of it is on hold", lambda: _is_held(on, lot))
    tell.is_refused("omar takes more of it all the same", "unit-not-available", lambda: _install(on, "seals", lot))
    _withhold(on, complete, "repair")
    tell.happens(f"quinn raises one on {complete}, complete and locked; it is on hold", lambda: _is_held(on, complete))


def exchange(on: Stage) -> None:
    """The pump that is not complete gets other seals in time."""
    plan, tell = on.plan, on.tell
    bad = _seals(on.run())["unit_id"]
    on.floor.say("scanner-2", said.removed(plan, bad, REASON), said.sealed(plan, on.shift.good))
    expected = {on.shift.blocked.serial: True, plan.serial: False}
    tell.happens(f"omar takes the seals out of {plan.serial} in time", lambda: _pumps(_ways(on)) == expected)
    tell.happens(f"and puts two of lot {on.shift.good} in", lambda: _seals(on.run())["lot"] == on.shift.good)


def show(on: Stage) -> None:
    """Where the lot went."""
    lot = seals(on.shift.recalled)
    on.act("Where the lot went", "where-used", lot)
    on.tell.show(trace(lot, _ways(on)))


def _install(on: Stage, requirement: str, unit: str, designator: str | None = None) -> Document:
    """The operator tries to build something into the pump that is open still."""
    given = {"unit_id": unit, "requirement_id": requirement, "designator": designator}
    return on.people["omar"].post("inventory", f"/units/{on.shift.reopened.serial}/installations", given)


def _withhold(on: Stage, unit: str, disposition: str) -> None:
    """Quality raises an issue on a unit, and says that it is not to be used."""
    opened = on.people["quinn"].post("issue", "/issues", {"unit_id": unit, "title": "Brittle seals"})
    on.disposition(opened["issue_id"], disposition, REASON)


def _is_held(on: Stage, unit: str) -> bool:
    return bool(on.unit(unit)["status"] == "on_hold")


def _ways(on: Stage) -> list[Document]:
    """Every way up from the recalled lot."""
    path = f"/units/{quote(seals(on.shift.recalled), safe='')}/where-used"
    return on.people["omar"].items("inventory", path, WAYS_AT_MOST)


def _pumps(ways: list[Document]) -> dict[str, bool]:
    """The pumps that it went into, and whether it is in them still."""
    return {one["unit_id"]: one["in_place"] for one in ways if one["relation"] == "installed"}


def _seals(run: Document) -> Document:
    """The seals that are in a run's pump: a unit of their own, since they were taken off their lot."""
    found: Document = next((one for one in run["installations"] if one["requirement_id"] == "seals"), {"lot": None})
    return found
