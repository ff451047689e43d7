"""What issues say about units: which of them withhold a unit, and parts that are put in quarantine (domain.md 4.1, 5).

An issue speaks of its unit, and of everything that was split off from that; of which it had parts put in quarantine, it
speaks of these parts only. Two issues on a unit: it may be used only when both allow it. What a completion record says
is nobody's to change here.
"""

from collections.abc import Iterator
from dataclasses import replace

from services.inventory.domain import events
from services.inventory.domain.commands import NoteIssue, Quarantine
from services.inventory.domain.events import AnyEvent, SplitReason
from services.inventory.domain.lookup import known_unit, origins
from services.inventory.domain.moving import check_loose
from services.inventory.domain.refusals import NothingToBuild
from services.inventory.domain.scaling import taken_off
from services.inventory.domain.unit import IssueSays, Known, Unit

Events = tuple[AnyEvent, ...]


def note(known: Known, command: NoteIssue) -> Events:
    """What an issue says from now on, for each unit that it speaks of and that it says something else about; what it
    says of a unit that is not known is `expecting`'s.
    """
    return tuple(_noted(known, command))


def quarantine(known: Known, command: Quarantine) -> Events:
    """Part of a unit is split off and held because of an issue.

    :raises UnknownUnit: when the unit is not known yet.
    :raises StillInstalled: when it is installed.
    :raises NothingToBuild: when a run builds it and nothing would be left.
    :raises Refused: when such a part cannot be split off.
    """
    if command.part_unit_id in known:
        return note(known, command.noted)
    origin = known_unit(known, command.unit_id)
    check_loose(origin)
    if origin.build is not None and origin.build.is_open and command.quantity == origin.identification.quantity:
        raise NothingToBuild(unit_id=origin.unit_id, run_id=origin.build.run_id, issue_id=command.noted.issue_id)
    taken = taken_off(origin, command.part_unit_id, command.quantity, SplitReason.QUARANTINE, command.by, command.at)
    says = replace(command.noted.says, is_quarantine=True)
    held = events.IssueNoted(command.part_unit_id, command.by, command.at, says, origin.identification.part_number)
    rest = (one for one in _noted(known, command.noted, command.part_unit_id) if one.unit_id != command.part_unit_id)
    return (*taken, held, *rest)


def evolve(unit: Unit, event: events.IssueNoted) -> Unit:
    """The unit with what the issue says; one that does not withhold it is forgotten."""
    others = {name: one for name, one in unit.issues.items() if name != event.says.issue_id}
    return replace(unit, issues={**others, event.says.issue_id: event.says} if event.says.withholds else others)


def _noted(known: Known, command: NoteIssue, *made: str) -> Iterator[events.IssueNoted]:
    """``made`` are parts that are being split off by the same command."""
    for unit, says in _spoken_of(known, command, {*known, *made}):
        before, part_number = unit.issues.get(says.issue_id), unit.identification.part_number
        if _is_asked(unit, command) or (before != says and (says.withholds or before is not None)):
            yield events.IssueNoted(unit.unit_id, command.by, command.at, says, part_number)


def _is_asked(unit: Unit, command: NoteIssue) -> bool:
    """The issue does not know yet of which part its unit is."""
    known = command.part_numbers
    return known is not None and unit.unit_id == command.unit_id and unit.identification.part_number not in known


def _spoken_of(known: Known, command: NoteIssue, there: set[str]) -> Iterator[tuple[Unit, IssueSays]]:
    """Every unit that an issue speaks of, or spoke of, with what it says about it. A part that is not ``there`` was
    refused, and nothing is set apart by it.
    """
    of_unit = command.says
    of_part = replace(of_unit, is_quarantine=True)
    nothing = IssueSays(of_unit.issue_id, None, None, is_resolved=True)
    parts = {one.unit_id for one in command.parts}
    is_in_parts = any(one.of_unit_id == command.unit_id and one.unit_id in there for one in command.parts)
    for unit in known.values():
        if isinstance(unit, Unit):
            line = origins(known, unit)
            if not parts.isdisjoint(line):
                yield unit, of_part
            elif command.unit_id in line:
                yield unit, nothing if is_in_parts else of_unit
