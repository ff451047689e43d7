"""The few ideas every domain speaks in: refusals, people and machines, ids, and canonical forms.

Standard library only. Domain code imports this module and nothing else of ours.
"""

import base64
import hashlib
import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, dataclass_transform

T = TypeVar("T")


class RefusalKind(StrEnum):
    """What sort of "no" a refusal is; HTTP turns it into a status code."""

    CONFLICT = "conflict"  # the state of the record forbids it (409)
    FORBIDDEN = "forbidden"  # this person may not (403)
    UNKNOWN = "unknown"  # what it names does not exist, or not yet (404)
    INVALID = "invalid"  # the request contradicts itself (422)
    TOO_LARGE = "too-large"  # more than is taken at once (413)
    UNSUPPORTED = "unsupported"  # of a sort that is not taken (415)


class Refused(Exception):
    """The change was refused.

    A subclass's docstring is its message: a template filled with the facts given to the constructor.
    ``code`` is stable and machine-readable; ``resolve`` (a template too) says what would make it a yes.
    """

    code: ClassVar[str] = "refused"
    kind: ClassVar[RefusalKind] = RefusalKind.CONFLICT
    resolve: ClassVar[str] = ""

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.code)

    @property
    def obstacle(self) -> str:
        """What stands in the way, as a sentence."""
        message = inspect.cleandoc(type(self).__doc__ or self.code).split("\n\n", 1)[0]
        return " ".join(message.format(**self.facts).split())

    @property
    def resolution(self) -> str:
        """What would resolve it, as a sentence; empty when nothing does."""
        return self.resolve.format(**self.facts)

    def __str__(self) -> str:
        return f"{self.code}: {self.obstacle}"


class Unknown(Refused):
    """{subject} is not known."""

    code = "unknown"
    kind = RefusalKind.UNKNOWN

    def __init__(self, waits_for: str, **facts: object) -> None:
        """``waits_for`` is the aggregate id whose appearance would make the message understandable:
        events of different topics have no order among each other, so it may be early, not wrong.
        """
        super().__init__(subject=waits_for, **facts)
        self.waits_for = waits_for


class WrongKey(Refused):
    """The record's key is {key}, but it is about {expected}, so its order cannot be promised."""

    code = "wrong-key"
    kind = RefusalKind.INVALID
    resolve = "Send it again with {expected} as the record's key."


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a person, a machine, or a machine in a person's name."""

    person: str | None = None
    machine: str | None = None

    def __str__(self) -> str:
        if self.person and self.machine:
            return f"{self.person} at {self.machine}"
        return self.person or self.machine or "unknown"


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def immutable(cls: type[T]) -> type[T]:
    """A dataclass with slots whose instances never change once made; the type checker sees to that.

    At run time it is not frozen, because a frozen one takes eight times as long to make, and every event that
    happens makes half a dozen.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)


if TYPE_CHECKING:
    from dataclasses import replace as changed
else:

    def changed(before: Any, /, **fields: Any) -> Any:
        """`dataclasses.replace` for a frozen dataclass without slots or `__post_init__`, in an eighth of the time:
        every event that is applied makes a new state or two.
        """
        after = object.__new__(type(before))
        held = after.__dict__
        held |= before.__dict__
        held |= fields
        return after


_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
"""The two bits that say which UUID it is, and two of the digest's."""


def derived_id(at_ms: int, *seed: str) -> str:
    """A UUIDv7 that follows from ``at_ms`` (Unix time in milliseconds) and ``seed`` alone.

    The same cause always gives the same id, so work repeated after a crash announces the same ids again.
    """
    digest = blake2b("\x1f".join(seed).encode(), digest_size=10).hexdigest()
    time = "%012x" % (at_ms & 0xFFFF_FFFF_FFFF)
    return f"{time[:8]}-{time[8:]}-7{digest[:3]}-{_VARIANTS[digest[19]]}{digest[3:6]}-{digest[6:18]}"


def canonical_json(document: object) -> bytes:
    """The RFC 8785 form of a document made of objects with ASCII keys, lists, strings, integers, booleans
    and null. Exact decimals and times go in as strings, so no number depends on a printer's rounding.

    :raises TypeError: for a float, a Decimal or anything else without a canonical form here.
    """
    _refuse_floats(document)
    return json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_refuse
    ).encode()


def content_hash(document: object) -> str:
    """``sha256:<hex>`` over the canonical form, which anybody can compute again."""
    return "sha256:" + hashlib.sha256(canonical_json(document)).hexdigest()


def plain(number: Decimal) -> str:
    """A decimal as text without exponent, digits kept as they were recorded."""
    return format(number, "f")


def document(value: Any) -> Any:
    """A value as JSON takes it, exact numbers and times as text; a dataclass comes as ``asdict`` gives it."""
    match value:
        case Decimal():
            return plain(value)
        case datetime():
            return value.isoformat()
        case dict():
            return {name: document(one) for name, one in value.items()}
        case list() | tuple():
            return [document(one) for one in value]
        case _:
            return value


LONGEST_ID = 200
"""Characters of an id, at most; contracts demand it."""


def unit_id_of(part_number: str, serial: str | None, lot: str | None) -> str:
    """The id of a unit as the plant can know it: the serial, or the lot within its part (the same lot text on
    two parts is two lots).
    """
    return serial if serial is not None else f"{part_number}:{lot or 'untracked'}"


_SPLIT_MARK = 10
"""Characters that tell one part of a lot from another: 50 bits."""


def split_id(origin_unit_id: str, derived_id: str) -> str:
    """The id of a part that is taken off a lot or an untracked quantity: its origin's, and what follows from
    ``derived_id`` alone, so that doing it again gives the same part. No longer than any other id.
    """
    digest = blake2b(derived_id.encode(), digest_size=10).digest()
    mark = base64.b32encode(digest).decode().lower()[:_SPLIT_MARK]
    return f"{origin_unit_id[: LONGEST_ID - _SPLIT_MARK - 1]}~{mark}"


_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_SHA256 = re.compile("[0-9a-f]{64}")


def is_digest(text: str) -> bool:
    """Whether it is a SHA-256 as everybody writes it: 64 hexadecimal digits in lower case."""
    return _SHA256.fullmatch(text) is not None


def wrong_with_file(sha256: str, name: str, media_type: str, size_bytes: int) -> Iterator[str]:
    """What is wrong with how a file is described, each as part of a sentence."""
    if not is_digest(sha256):
        yield "its SHA-256 is not 64 hexadecimal digits in lower case"
    if not name.strip() or set(name) & set("/\\"):
        yield f"its name is {name!r}; a name without folders is needed"
    if not _MEDIA_TYPE.fullmatch(media_type):
        yield f"its media type is {media_type!r}; one like text/csv is needed"
    if size_bytes <= 0:
        yield "it is empty"


def _refuse_floats(document: object) -> None:
    match document:
        case float():
            _refuse(document)
        case dict():
            for part in document.values():
                _refuse_floats(part)
        case list() | tuple():
            for part in document:
                _refuse_floats(part)


def _refuse(value: Any) -> Any:
    raise TypeError(f"{type(value).__name__} has no canonical form; give it as text")
