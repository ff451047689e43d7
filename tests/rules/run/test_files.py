"""Files: what belongs to a run, a step or a field, by the SHA-256 of its content."""

from dataclasses import replace

import pytest

from services.run.domain import refusals
from services.run.domain.events import FileAttached, StepStarted, ValueRecorded
from services.run.domain.files import MOST_FILES
from services.run.domain.order import FieldDefinition, FieldKind
from services.run.domain.run import AttachedFile
from tests.rules.run.examples import (
    ASSEMBLE,
    CONTENT,
    NOON,
    OLGA,
    RUN,
    TEST,
    R,
    attach,
    cancel,
    complete,
    completed,
    ordered,
    propose,
    ready,
    record,
    sign,
    start,
    version_of,
)

CURVE = FieldDefinition("curve", "Curve", FieldKind.FILE, True)
PHOTOGRAPHED = replace(TEST, after=(), fields=(CURVE,))
OTHER = CONTENT[::-1]
ON_FIELD = attach(step_id="test", field_id="curve")


def test_a_file_is_attached_to_a_run_or_a_step() -> None:
    """With its name, type and size, who attached it and when."""
    story = RUN.given(ordered()).when(attach()).then(FileAttached)
    assert story.state(R).files == (AttachedFile(CONTENT, "curve.csv", "text/csv", 1_024, OLGA, NOON),)
    story = story.when(attach(step_id="assemble", field_id="torque")).then(FileAttached)
    assert story.state(R).steps["assemble"].files[0].field_id == "torque"


def test_the_same_file_is_attached_once() -> None:
    """Again under its name nothing changes; under another name, or elsewhere, it is attached there too."""
    story = RUN.given(ordered(), attach())
    story.when(attach(media_type="text/plain")).nothing_happens()
    story.when(attach(name="again.csv")).then(FileAttached)
    story.when(attach(step_id="test")).then(FileAttached)


def test_a_file_leaves_the_review_as_it_is() -> None:
    """The review shows no files, so its version stays."""
    story = ready()
    assert version_of(story.when(attach()).and_then()) == version_of(story)


def test_a_file_is_taken_whatever_the_step_is_doing() -> None:
    """A test stand has its curve ready after the sign-off; a redline is photographed."""
    RUN.given(ordered(), record(), sign()).when(attach(step_id="assemble")).then(FileAttached)
    RUN.given(ordered(), propose()).when(attach(step_id="assemble")).then(FileAttached)


def test_a_file_for_a_file_field_is_its_value() -> None:
    """Attaching it is all that is needed: the step is begun and the value recorded."""
    story = RUN.given(ordered(steps=(PHOTOGRAPHED,))).when(ON_FIELD).then(FileAttached, StepStarted, ValueRecorded)
    assert story.state(R).steps["test"].values["curve"].value == CONTENT
    story.when(ON_FIELD).nothing_happens()
    story.when(sign("test")).and_then()
    another = replace(ON_FIELD, sha256=OTHER, name="better.csv")
    assert story.when(another).then(FileAttached, ValueRecorded).events[-1].number == 2


def test_the_value_of_a_file_field_is_a_file_of_the_run() -> None:
    """Attached to another step or to the run itself; a digest that nobody attached is none."""
    story = RUN.given(ordered(steps=(ASSEMBLE, PHOTOGRAPHED)))
    refused = story.when(record(CONTENT, "curve", "test"))
    refused.is_refused(refusals.FileNotAttached, naming=CONTENT, way_out="Attach")
    for elsewhere in (attach(), attach(step_id="assemble"), attach(step_id="test")):
        story.when(elsewhere).and_then().when(record(CONTENT, "curve", "test")).then(StepStarted, ValueRecorded)


def test_a_file_for_a_field_follows_the_rules_of_the_field() -> None:
    """A signed step takes no other value, and one in redline none at all; the file is not attached then."""
    other = replace(ON_FIELD, sha256=OTHER)
    done = RUN.given(ordered(steps=(PHOTOGRAPHED,)), ON_FIELD, sign("test"))
    done.when(other).is_refused(refusals.StepIsSigned)
    redlined = propose().changes[1:]
    story = RUN.given(ordered(steps=(replace(ASSEMBLE, fields=(CURVE,)),)), propose(*redlined))
    story.when(replace(other, step_id="assemble")).is_refused(refusals.StepInRedline)


@pytest.mark.parametrize(
    ("changed", "naming"),
    [
        ({"sha256": "abc"}, "SHA-256"),
        ({"sha256": CONTENT.upper()}, "lower case"),
        ({"name": "../etc/passwd"}, "without folders"),
        ({"name": "c:\\curve.csv"}, "without folders"),
        ({"name": "  "}, "name"),
        ({"media_type": "csv"}, "media type"),
        ({"media_type": "text/csv; charset=utf-8"}, "media type"),
        ({"size_bytes": 0}, "empty"),
        ({"size_bytes": -1}, "empty"),
        ({"field_id": "torque"}, "without its step"),
        ({"uri": "curve.csv"}, "absolute"),
        ({"uri": "https://[::"}, "absolute"),
        ({"uri": "s3:// a"}, "absolute"),
    ],
)
def test_a_file_that_is_not_well_described_is_refused(changed: dict[str, object], naming: str) -> None:
    """What its name, type, size and place must be is said."""
    RUN.given(ordered()).when(attach(**changed)).is_refused(refusals.FileInvalid, naming=naming)


def test_a_file_may_be_kept_by_somebody_else() -> None:
    """By reference and digest, as a test stand keeps its own."""
    story = RUN.given(ordered()).when(attach(uri="s3://stand/curve.csv")).then(FileAttached)
    assert story.state(R).files[0].uri == "s3://stand/curve.csv"


def test_what_a_run_does_not_have_takes_no_file() -> None:
    """Neither a step nor a field that there is not."""
    story = RUN.given(ordered())
    story.when(attach(step_id="weld")).is_refused(refusals.UnknownStep, naming="weld")
    story.when(attach(step_id="assemble", field_id="angle")).is_refused(refusals.UnknownField, naming="angle")
    story.when(attach(step_id="test", field_id="angle")).is_refused(refusals.UnknownField, way_out="it has none")


@pytest.mark.parametrize("step_id", [None, "assemble"])
def test_a_step_takes_as_many_files_as_can_be_looked_through(step_id: str | None) -> None:
    """What is more goes into an archive."""
    many = [attach(name=f"{number}.csv", step_id=step_id) for number in range(MOST_FILES)]
    story = RUN.given(ordered(), *many)
    story.when(attach(step_id=step_id)).is_refused(refusals.FilesTooMany, naming=step_id or "The run")


def test_a_locked_run_takes_no_file() -> None:
    """Nor one that was canceled."""
    completed().when(attach()).is_refused(refusals.RunLocked)
    RUN.given(ordered(), cancel()).when(attach()).is_refused(refusals.RunNotOpen)


def test_the_completion_record_names_every_file() -> None:
    """By digest, name and size, where it is attached and who else keeps it; its hash covers them."""
    story = ready(attach(), attach(step_id="assemble", field_id="torque", uri="s3://stand/curve.csv"))
    kept = story.when(complete(version_of(story))).and_then().events[-1].record
    described = {"sha256": CONTENT, "name": "curve.csv", "media_type": "text/csv", "size_bytes": 1_024}
    assert kept["files"] == [described]
    steps = {one["step_id"]: one.get("files") for one in kept["steps"]}
    assert steps["assemble"] == [described | {"field_id": "torque", "uri": "s3://stand/curve.csv"}]
    assert steps["test"] is None


def test_a_started_step_keeps_its_files_when_it_is_changed() -> None:
    """Evidence stays, whatever becomes of the step."""
    story = RUN.given(ordered(), start(), attach(step_id="assemble"), propose())
    assert story.state(R).steps["assemble"].files
