"""Message to command: which facts of a run open an issue, unasked (domain.md 5)."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import TypeVar

from services.issue.domain.commands import OpenUnasked
from services.issue.domain.issue import Finding
from shared.contracts import run
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


HANDLERS: Mapping[type[Contract], Handler] = MappingProxyType(
    {
        run.StepFailed: Handler(open_on_failure),
        run.ValueRecorded: Handler(open_on_value),
    }
)


def _recorded(data: run.ValueRecorded) -> str:
    value = plain(data.value) if isinstance(data.value, Decimal) else f"{data.value}"
    return f"Recorded: {value} {data.unit}." if data.unit else f"Recorded: {value}."


def _is(message: Message, contract: type[C]) -> C:
    assert isinstance(message.data, contract)  # noqa: S101 - for the type checker; the table chose by type
    return message.data
