"""Values: does one fit its field, and is a measurement in range."""

import json
from datetime import datetime
from decimal import Decimal, InvalidOperation

from services.run.domain.order import FieldDefinition, FieldKind
from services.run.domain.refusals import RoleNotHeld, ValueInvalid
from services.run.domain.run import Value, Verdict
from shared.kernel import is_digest

LONGEST_TEXT = 4_000
"""Characters of a recorded text, at most."""
MOST_DIGITS = 60
"""Digits of a recorded number on either side of its point, at most: more than any instrument has."""

MOST_TOLD = 80
"""Characters of a value that a refusal repeats, at most."""


def fitting(definition: FieldDefinition, value: Value, roles: frozenset[str]) -> Value:
    """The value as the field keeps it; exact decimals for numbers.

    :raises ValueInvalid: when it does not fit the field's kind.
    :raises RoleNotHeld: when a signoff field is signed by someone without its role.
    """
    match definition.kind:
        case FieldKind.NUMBER:
            return _number(definition, value)
        case FieldKind.BOOLEAN:
            fits = isinstance(value, bool)
        case FieldKind.SELECT:
            fits = value in definition.options
        case FieldKind.MULTISELECT:
            fits = isinstance(value, tuple) and bool(value) and set(value) <= set(definition.options)
        case FieldKind.DATETIME:
            fits = isinstance(value, str) and _is_time(value)
        case FieldKind.TEXT:
            fits = _is_text(value)
        case FieldKind.FILE:
            fits = isinstance(value, str) and is_digest(value)
        case FieldKind.SIGNOFF:
            fits = (value is True or _is_text(value)) and _may_sign(definition, roles)
    if not fits:
        raise ValueInvalid(field_id=definition.field_id, expected=expected(definition), value=told(value))
    return value


def verdict_on(definition: FieldDefinition, value: Value) -> Verdict | None:
    """In range or out of range, limits included; ``None`` where the field has no limits."""
    if not isinstance(value, Decimal) or (definition.minimum is None and definition.maximum is None):
        return None
    too_low = definition.minimum is not None and value < definition.minimum
    too_high = definition.maximum is not None and value > definition.maximum
    return Verdict.OUT_OF_RANGE if too_low or too_high else Verdict.IN_RANGE


def expected(definition: FieldDefinition) -> str:
    """What a field takes, in words."""
    match definition.kind:
        case FieldKind.NUMBER:
            return f"a number in {definition.unit}" if definition.unit else "a number"
        case FieldKind.BOOLEAN:
            return "true or false"
        case FieldKind.SELECT:
            return f"one of {', '.join(definition.options)}"
        case FieldKind.MULTISELECT:
            return f"a list of one or more of {', '.join(definition.options)}"
        case FieldKind.DATETIME:
            return "a time with its zone, like 2026-01-31T08:00:00Z"
        case FieldKind.TEXT:
            return f"a text of 1 to {LONGEST_TEXT} characters"
        case FieldKind.FILE:
            return "the SHA-256 of a file attached to the run, 64 hexadecimal digits in lower case"
        case FieldKind.SIGNOFF:
            return "a signature: true, or a text"


def told(value: Value) -> str:
    """A value as whoever sent it wrote it, in JSON; a long one is cut."""
    written = str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)
    return written if len(written) <= MOST_TOLD else f"{written[:MOST_TOLD]}…"


def _number(definition: FieldDefinition, value: Value) -> Decimal:
    try:
        number = Decimal(value) if isinstance(value, str | Decimal) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or not _is_sized(number):
        raise ValueInvalid(field_id=definition.field_id, expected=expected(definition), value=told(value))
    return number


def _is_sized(number: Decimal) -> bool:
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -MOST_DIGITS and number.adjusted() < MOST_DIGITS


def _is_text(value: Value) -> bool:
    """NUL is the one character that PostgreSQL cannot keep."""
    return isinstance(value, str) and value.strip() != "" and len(value) <= LONGEST_TEXT and "\x00" not in value


def _is_time(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _may_sign(definition: FieldDefinition, roles: frozenset[str]) -> bool:
    if definition.role and definition.role not in roles:
        raise RoleNotHeld(what=f"The signature {definition.name}", role=definition.role)
    return True
