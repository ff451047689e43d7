"""What issues say about units that are not known: kept, so that such a unit is withheld from the moment it is received.

An issue waits for nobody: what it says of other units, and what it says next, must not be held up by one that may
never come. Every unit that is new has the word of the issues that are kept here with it, and tells them its part.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.inventory.domain.commands import NoteIssue
from services.inventory.domain.refusals import UnknownUnit
from services.inventory.domain.unit import IssueSays, Known
from shared.kernel import Actor, immutable

EXPECTED = "asbuilt:expected"
"""The aggregate that all of it is together; no unit can be received under this id."""

MOST_EXPECTED = 10_000
"""Units that are spoken of and not known; whoever speaks of one more is refused, as for a wrong id."""


@dataclass(frozen=True, slots=True)
class Expected:
    """By unit that was not known, the issues that withhold it, or want to know its part."""

    by_unit: Mapping[str, Mapping[str, IssueSays]] = field(default_factory=dict)


NOTHING_EXPECTED = Expected()


@immutable
class IssueExpected:
    """An issue says something else about a unit that is not known."""

    by: Actor
    at: datetime
    unit_id: str
    says: IssueSays


def expected_of(known: Mapping[str, Any]) -> Expected:
    """What is kept, which is there with every decision."""
    found = known.get(EXPECTED)
    return found if isinstance(found, Expected) else NOTHING_EXPECTED


def awaiting(known: Known, unit_id: str) -> tuple[IssueSays, ...]:
    """The issues that speak of a unit from the moment it is known."""
    return tuple(expected_of(known).by_unit.get(unit_id, {}).values())


def expect(known: Known, command: NoteIssue) -> tuple[IssueExpected, ...]:
    """What an issue says about a unit that is not known, where that is something else than what is kept.

    :raises UnknownUnit: when it would be withheld, and more is kept than anybody has.
    """
    unit_id, says = command.unit_id, command.says
    if unit_id is None or unit_id in known:
        return ()
    kept = expected_of(known).by_unit
    before = kept.get(unit_id, {}).get(says.issue_id)
    asks = command.part_numbers == () and not says.is_resolved
    if before == says or (before is None and not (says.withholds or asks)):
        return ()
    if unit_id not in kept and len(kept) >= MOST_EXPECTED:
        if says.withholds:
            raise UnknownUnit(unit_id)
        return ()
    return (IssueExpected(command.by, command.at, unit_id, says),)


def expected_after(expected: Expected | None, event: IssueExpected) -> Expected:
    """What is kept since; an issue that ended and does not withhold its unit is forgotten."""
    there = dict((expected or NOTHING_EXPECTED).by_unit)
    issues = {name: one for name, one in there.pop(event.unit_id, {}).items() if name != event.says.issue_id}
    if _is_kept(event.says):
        issues[event.says.issue_id] = event.says
    return Expected({**there, event.unit_id: issues} if issues else there)


def _is_kept(says: IssueSays) -> bool:
    """One that withholds nothing yet may wait to hear of which part its unit is."""
    return says.withholds or not says.is_resolved
