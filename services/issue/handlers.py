"""Message to command: which facts of a run open an issue, unasked (domain.md 5), and what run and inventory answer to
what an issue says.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import TypeVar

from services.issue.domain.commands import NoteRefusal, NoteRun, NoteUnit, OpenUnasked
from services.issue.domain.issue import Finding, Obstacle
from shared.contracts import inventory, run
from shared.contracts.base import Contract
from shared.kernel import derived_id, plain
from shared.messaging.messages import Ask, Message
from shared.messaging.service import Handler

C = TypeVar("C", bound=Contract)

LONGEST_TITLE = 200
NO_TIME = 0
"""In the id of an issue on a field: whichever value opens it, it is the same one."""


def open_on_failure(message: Message) -> Ask[OpenUnasked]:
    """A step failed: an issue on it, with the reason that was given. Each failure has its own."""
    data = _is(message, run.StepFailed)
    title = f"Step {data.step_id} failed"[:LONGEST_TITLE]
    finding = Finding(title, data.reason, data.run_id, data.step_id, unit_id=data.unit_id)
    issue_id = message.derived_id("issue")
    return Ask((issue_id,), OpenUnasked(issue_id, message.actor, message.happened_at, finding))


def open_on_value(message: Message) -> Ask[OpenUnasked] | None:
    """A value is out of range, and its step's policy opens an issue on that: one for each field, until it is
    resolved. The run counts them, and says with the value which one it is.
    """
    data = _is(message, run.ValueRecorded)
    wanted = data.opens_issue
    if wanted is None:
        return None
    title = f"{data.field_id} on step {data.step_id} is out of range"[:LONGEST_TITLE]
    finding = Finding(title, _recorded(data), data.run_id, data.step_id, unit_id=wanted.unit_id, field_id=data.field_id)
    issue_id = derived_id(NO_TIME, data.run_id, data.step_id, data.field_id, f"{wanted.number}")
    return Ask((issue_id,), OpenUnasked(issue_id, message.actor, message.happened_at, finding))


def note_run(message: Message) -> Ask[NoteRun]:
    """A run heard of the issue, and tells what it builds, and of which part the issue's requirement is."""
    data = _is(message, run.IssueNoted)
    who = (data.issue_id, message.actor, message.happened_at)
    return Ask((data.issue_id,), NoteRun(*who, data.part_numbers, data.unit_id))


def note_unit(message: Message) -> Ask[NoteUnit]:
    """Inventory tells what the issue means to a unit, and of which part that is."""
    data = _is(message, inventory.UnitIssueNoted)
    parts = () if data.part_number is None else (data.part_number,)
    who = (data.issue_id, message.actor, message.happened_at)
    return Ask((data.issue_id,), NoteUnit(*who, parts, data.unit_id, data.quarantine))


def note_refusal(message: Message) -> Ask[NoteRefusal] | None:
    """Inventory could not split off what the issue wanted held; its other refusals are nobody's here."""
    data = _is(message, inventory.UnitChangeRefused)
    if data.quarantine_unit_id is None:
        return None
    because = Obstacle(data.code, data.obstacle, data.resolve)
    who = (data.subject_id, message.actor, message.happened_at)
    return Ask((data.subject_id,), NoteRefusal(*who, data.quarantine_unit_id, because))


HANDLERS: Mapping[type[Contract], Handler] = MappingProxyType(
    {
        run.StepFailed: Handler(open_on_failure),
        run.ValueRecorded: Handler(open_on_value, heeds=lambda data: data.opens_issue is not None),
        run.IssueNoted: Handler(note_run),
        inventory.UnitIssueNoted: Handler(note_unit),
        inventory.UnitChangeRefused: Handler(note_refusal),
    }
)


def _recorded(data: run.ValueRecorded) -> str:
    value = plain(data.value) if isinstance(data.value, Decimal) else f"{data.value}"
    return f"Recorded: {value} {data.unit}." if data.unit else f"Recorded: {value}."


def _is(message: Message, contract: type[C]) -> C:
    assert isinstance(message.data, contract)  # noqa: S101 - for the type checker; the table chose by type
    return message.data
