"""Values: each kind of field takes what fits it, every recording is kept, the latest is the value."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.run.domain.commands import RecordValue
from services.run.domain.events import ValueRecorded
from services.run.domain.order import FieldDefinition, FieldKind
from services.run.domain.refusals import RoleNotHeld, ValueInvalid
from services.run.domain.run import Run, Value, Verdict
from shared.testing.story import Story
from tests.rules.run.examples import ASSEMBLE, CONTENT, NOON, OLGA, RUN, TORQUE, R, attach, ordered, record, start

IN, OUT = Verdict.IN_RANGE, Verdict.OUT_OF_RANGE


def _a_run_with(field: FieldDefinition) -> Story[Run]:
    return RUN.given(ordered(steps=(replace(ASSEMBLE, fields=(field,)),)), start())


def _limit(given: str | None) -> Decimal | None:
    return None if given is None else Decimal(given)


def _field(kind: FieldKind, **more: Any) -> FieldDefinition:
    return FieldDefinition("f", "The field", kind, True, **more)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [("24.49", OUT), ("24.5", IN), ("25", IN), ("25.5", IN), ("25.50", IN), ("25.51", OUT), ("-25", OUT)],
)
def test_a_measurement_has_a_verdict_limits_included(value: str, verdict: Verdict | None) -> None:
    """24.5 to 25.5: both ends are in range."""
    story = RUN.given(ordered(), start()).when(record(Decimal(value))).then(ValueRecorded)
    assert story.events[0].verdict is verdict


@pytest.mark.parametrize(
    ("minimum", "maximum", "verdict"),
    [(None, None, None), ("30", None, OUT), ("20", None, IN), (None, "20", OUT), (None, "30", IN)],
)
def test_a_limit_may_be_open_on_one_side(minimum: str | None, maximum: str | None, verdict: Verdict | None) -> None:
    """Without limits there is no verdict; with one limit only that side counts."""
    field = replace(TORQUE, minimum=_limit(minimum), maximum=_limit(maximum))
    assert _a_run_with(field).when(record()).events[0].verdict is verdict


def test_an_out_of_range_value_is_recorded_not_refused() -> None:
    """What was measured is evidence, whatever it says."""
    run = RUN.given(ordered(), record(Decimal(99))).state(R)
    assert run.steps["assemble"].values["torque"].value == Decimal(99)


def test_every_recording_is_numbered_and_the_latest_is_the_value() -> None:
    """A second measurement does not hide the first: it is number 2."""
    story = RUN.given(ordered(), record(Decimal(99))).when(record(Decimal(25))).then(ValueRecorded)
    assert story.events[0].number == 2
    assert story.state(R).steps["assemble"].values["torque"].value == Decimal(25)


def test_digits_are_kept_as_they_were_measured() -> None:
    """25.10 is not 25.1: the last digit says how well the instrument measures."""
    assert str(RUN.given(ordered()).when(record("25.10")).events[-1].value) == "25.10"


def test_a_value_names_its_unit() -> None:
    """The announcement of a torque says N·m, so that nobody has to know the procedure."""
    assert RUN.given(ordered()).when(record()).events[-1].unit == "N·m"


TAKES: Mapping[FieldKind, Sequence[Value]] = {
    FieldKind.TEXT: ["ok"],
    FieldKind.NUMBER: [Decimal(1), "1.50", "-3"],
    FieldKind.BOOLEAN: [True, False],
    FieldKind.SELECT: ["grey"],
    FieldKind.MULTISELECT: [("grey",), ("black", "grey")],
    FieldKind.DATETIME: ["2026-11-24T08:00:00Z", "2026-11-24T08:00:00+01:00"],
    FieldKind.FILE: [CONTENT],
    FieldKind.SIGNOFF: [True, "I. Ito"],
}
REFUSES: Mapping[FieldKind, Sequence[Value]] = {
    FieldKind.TEXT: ["", "   ", "a\0b", "x" * 4001, True, Decimal(1), ("a",)],
    FieldKind.NUMBER: ["twelve", "NaN", "Infinity", "", True, ("1",), "1E+60", "1E+999999999", "1E-61", "1" * 61],
    FieldKind.BOOLEAN: ["true", Decimal(1), ("a",)],
    FieldKind.SELECT: ["red", "", True, ("grey",)],
    FieldKind.MULTISELECT: [(), ("red",), ("grey", "red"), "grey", True],
    FieldKind.DATETIME: ["2026-11-24T08:00:00", "noon", True, Decimal(1)],
    FieldKind.FILE: ["", True, "curve-1.csv", "A" * 64, f"sha256:{CONTENT}"],
    FieldKind.SIGNOFF: [False, "", Decimal(1)],
}


def _pairs(table: Mapping[FieldKind, Sequence[Value]]) -> list[Any]:
    return [pytest.param(kind, value, id=f"{kind}-{value!r:.20}") for kind, values in table.items() for value in values]


def test_every_kind_of_field_is_told_of_here() -> None:
    """A new kind of field is covered unasked."""
    assert set(TAKES) == set(REFUSES) == set(FieldKind)


@pytest.mark.parametrize(("kind", "value"), _pairs(TAKES))
def test_a_field_takes_what_fits_it(kind: FieldKind, value: Value) -> None:
    """A fitting value is recorded as it came; a number as an exact decimal."""
    story = _a_run_with(_field(kind, options=("grey", "black"))).when(attach()).and_then()
    story = story.when(record(value, "f")).then(ValueRecorded)
    expected = Decimal(str(value)) if kind is FieldKind.NUMBER else value
    assert (story.events[0].value, type(story.events[0].value)) == (expected, type(expected))


@pytest.mark.parametrize(("kind", "value"), _pairs(REFUSES))
def test_a_field_refuses_what_does_not_fit_it(kind: FieldKind, value: Value) -> None:
    """The refusal says what the field takes."""
    _a_run_with(_field(kind, options=("grey", "black"))).when(record(value, "f")).is_refused(ValueInvalid, naming="f")


TOLD_AS: dict[str, tuple[FieldKind, Value]] = {
    "not 5.": (FieldKind.TEXT, Decimal(5)),
    "not true.": (FieldKind.NUMBER, True),
    'not ["grey", "green"].': (FieldKind.MULTISELECT, ("grey", "green")),
    'not "grün".': (FieldKind.SELECT, "grün"),
    "not 1E+999999.": (FieldKind.NUMBER, Decimal("1E+999999")),
    f'not "{"x" * 79}….': (FieldKind.BOOLEAN, "x" * 5_000),
}


@pytest.mark.parametrize("said", TOLD_AS)
def test_a_value_that_does_not_fit_is_told_as_it_was_written(said: str) -> None:
    """In JSON, as its sender knows it; what is too long to be read is cut."""
    kind, value = TOLD_AS[said]
    story = _a_run_with(_field(kind, options=("grey", "black")))
    assert story.when(record(value, "f")).is_refused(ValueInvalid).refusal.obstacle.endswith(said)


def test_a_signature_counts_only_from_the_role_that_the_field_names() -> None:
    """A witness signs with the role Quality; a machine, or somebody without it, does not."""
    story = _a_run_with(_field(FieldKind.SIGNOFF, role="Quality"))
    for roles in (frozenset(), frozenset({"machine"}), frozenset({"operator", "quality"})):
        signed = RecordValue(R, OLGA, NOON, "assemble", "f", True, roles)
        story.when(signed).is_refused(RoleNotHeld, naming="Quality")
    story.when(RecordValue(R, OLGA, NOON, "assemble", "f", True, frozenset({"Quality"}))).then(ValueRecorded)
