"""What other services answer: of which parts is what an issue is about, and what became of a part that was to be set
apart. Noted whatever became of the issue; an answer about an issue that is not known is nobody's.
"""

from dataclasses import replace
from typing import assert_never

from services.issue.domain.commands import NoteParts, NoteRefusal, NoteRun, NoteUnit
from services.issue.domain.events import IssuePartsNoted, QuarantineHeld, QuarantineRefused
from services.issue.domain.issue import Issue, Quarantined

AnsweringCommand = NoteParts | NoteRun | NoteUnit | NoteRefusal
AnsweringEvent = IssuePartsNoted | QuarantineHeld | QuarantineRefused

MOST_PART_NUMBERS = 200
"""That an issue is found by."""


def decide(issue: Issue | None, command: AnsweringCommand) -> tuple[AnsweringEvent, ...]:
    """What the issue did not know yet."""
    if issue is None:
        return ()
    match command:
        case NoteUnit():
            held = _held(issue, command)
            return (*held, *_parts(applied(issue, held[0]) if held else issue, command))
        case NoteParts():
            return _parts(issue, command)
        case NoteRefusal():
            return _refused(issue, command)
        case _:
            assert_never(command)


def applied(issue: Issue, event: AnsweringEvent) -> Issue:
    """The issue after it."""
    match event:
        case IssuePartsNoted():
            parts = (*issue.part_numbers, *event.part_numbers)
            return replace(issue, part_numbers=parts, builds=issue.builds or event.builds)
        case QuarantineHeld():
            part = _part(issue, event.part_unit_id)
            return _with_part(issue, replace(part, is_there=True, refused_because=None, answered_at=event.at))
        case QuarantineRefused():
            part = _part(issue, event.part_unit_id)
            return _with_part(issue, replace(part, refused_because=event.because, answered_at=event.at))
        case _:
            assert_never(event)


def _held(issue: Issue, command: NoteUnit) -> tuple[QuarantineHeld, ...]:
    if not command.is_quarantined or not any(_waits(one, command.unit_id) for one in issue.quarantined):
        return ()
    return (QuarantineHeld(issue.issue_id, command.by, command.at, issue, command.unit_id),)


def _refused(issue: Issue, command: NoteRefusal) -> tuple[QuarantineRefused, ...]:
    waiting = any(_waits(one, command.unit_id) and one.refused_because is None for one in issue.quarantined)
    if not waiting:
        return ()
    return (QuarantineRefused(issue.issue_id, command.by, command.at, issue, command.unit_id, command.because),)


def _parts(issue: Issue, command: NoteParts) -> tuple[IssuePartsNoted, ...]:
    new = tuple(one for one in dict.fromkeys(command.part_numbers) if one not in issue.part_numbers)
    builds = _builds(issue, command)
    if len(issue.part_numbers) + len(new) > MOST_PART_NUMBERS:
        new = ()
    if not new and builds is None:
        return ()
    return (IssuePartsNoted(issue.issue_id, command.by, command.at, issue, new, builds),)


def _builds(issue: Issue, command: NoteParts) -> str | None:
    """The unit that an issue on a run is about, where nobody named one."""
    is_about_it = issue.unit_id is None and issue.finding.requirement_id is None
    return command.builds if is_about_it and isinstance(command, NoteRun) else None


def _waits(part: Quarantined, unit_id: str) -> bool:
    return part.unit_id == unit_id and not part.is_there


def _part(issue: Issue, unit_id: str) -> Quarantined:
    return next(one for one in issue.quarantined if one.unit_id == unit_id)


def _with_part(issue: Issue, part: Quarantined) -> Issue:
    parts = tuple(part if one.unit_id == part.unit_id else one for one in issue.quarantined)
    return replace(issue, quarantined=parts)
