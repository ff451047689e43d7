"""What every wire contract is made of: frozen shapes, tolerant of attributes that a newer producer added."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal, ParamSpec, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

from shared.kernel import plain

P = ParamSpec("P")
C = TypeVar("C", bound=BaseModel)

MOST_DIGITS = 60
"""Digits of an exact decimal on either side of its point, at most: more than any instrument has."""

_NO_CONTROLS = r"^[^\x00-\x1f\x7f]+$"
Id = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_NO_CONTROLS)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_NO_CONTROLS)]
Text = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]
"""Any text but NUL, which PostgreSQL cannot keep."""


def _sized_zero(number: Decimal) -> Decimal:
    """A zero may pass the bounds below with any exponent, and would be as long a text as any."""
    if not number and not -MOST_DIGITS <= int(number.as_tuple().exponent) <= MOST_DIGITS:
        raise ValueError(f"a zero has at most {MOST_DIGITS} decimal places")
    return number


Exact = Annotated[
    Decimal,
    Field(max_digits=2 * MOST_DIGITS, decimal_places=MOST_DIGITS),
    AfterValidator(_sized_zero),
    PlainSerializer(plain, return_type=str, when_used="json"),
]
"""An exact decimal: text on the way out, text or a JSON number on the way in, digits never changed. Bounded,
because an exponent of nine digits would be a text of a gigabyte.
"""


class Contract(BaseModel):
    """A message or a part of one. Shape only: no rule lives here."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


def unvalidated(contract: Callable[P, C]) -> Callable[P, C]:
    """Makes a contract without validating it, in a quarter of the time: for what we tell ourselves, again and again.

    The type checker sees to its members; the suites read everything that is told as its consumers do, validated.
    """
    model: Any = contract
    absent = {name: None if one.is_required() else one.get_default() for name, one in model.model_fields.items()}
    own: set[str] = set()

    def made(*_: P.args, **members: P.kwargs) -> C:
        told: C = object.__new__(model)
        for name, content in (
            ("__dict__", {**absent, **members}),
            ("__pydantic_fields_set__", own),
            ("__pydantic_extra__", None),
            ("__pydantic_private__", None),
        ):
            object.__setattr__(told, name, content)
        return told

    return made


class By(Contract):
    """Who did it: a person, a machine, or a machine in a person's name."""

    person: Name | None = None
    machine: Name | None = None


class PlantEvent(Contract):
    """Something a plant system says. When it happened is the envelope's ``time``."""

    operator: Name | None = Field(None, description="the person in whose name the machine acts")
    station: Name | None = Field(None, description="the machine that says it; the envelope's source if absent")


class Fact(Contract):
    """Something that was decided. When it happened is the envelope's ``time``, when it was recorded its
    ``recordedtime``.
    """

    by: By


class Notice(Fact):
    """Something that was done and changes nothing that counts: it stands in no sequence."""


class ChangeRefused(Fact):
    """A change was refused by the rules: what was asked, what stands in the way, what resolves it."""

    subject_id: str = Field(description="the run, unit, issue or endpoint it was about, as the sender wrote it")
    refused_id: str = Field(description="id of the event or request that was refused")
    refused_source: str = Field(description="source of the event or request that was refused")
    refused_type: str = Field(description="type of the event, or name of the command, that was refused")
    code: str = Field(description="stable, machine-readable")
    obstacle: str
    resolve: str
    run_id: str | None = None
    unit_id: str | None = None


class RecordParked(Fact):
    """A record was set aside: kept with its exact bytes, waiting for a person or for what it needs."""

    subject_id: str = Field(description="the record's key as it came, or the service's name where it has none")
    topic: str
    partition: int
    offset: int
    reason: str = Field(description="stable, machine-readable: unreadable, unknown-type, early, behind, …")
    detail: str = Field(description="what is wrong and where, for a person")
    parked_id: str | None = Field(None, description="id of the event, where it could be read")
    parked_type: str | None = Field(None, description="type of the event, where it could be read")


class RecordSettled(Fact):
    """A person decided about a record that stands aside: it is given up for good, or tried again."""

    subject_id: str = Field(description="the record's key as it came, or the service's name where it has none")
    topic: str
    partition: int
    offset: int
    decision: Literal["discarded", "retried"]
    reason: Text | None = Field(None, description="why, in the person's words")
    parked_id: str | None = Field(None, description="id of the event, where it could be read")
    parked_type: str | None = Field(None, description="type of the event, where it could be read")
