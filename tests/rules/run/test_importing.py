"""Taking in history: an order, a sign-off and a completion that are told afterwards, with the time of then."""

from datetime import datetime, timedelta

from services.run.domain import commands
from services.run.domain.events import RunCompleted
from services.run.domain.refusals import BeforeOrder, BeforeSignOff, NotYetHappened
from services.run.domain.run import Imported, Run
from shared.kernel import Actor
from shared.testing.story import Story
from tests.rules.run.examples import (
    LEAD,
    NOON,
    RUN,
    R,
    complete,
    order,
    ordered,
    ready,
    record,
    reopen,
    sign,
    version_of,
)

ADA = Actor("ada")
TOLD = NOON + timedelta(days=4_000)
IMPORTED = Imported(ADA, TOLD)


def old_order(at: datetime = NOON) -> commands.OrderRun:
    """Ada takes in the order of a pump of long ago."""
    return commands.OrderRun(R, ADA, at, order(), IMPORTED)


def old_signature(at: datetime = NOON, step_id: str = "assemble") -> commands.SignOff:
    """Ada takes in a signature of long ago."""
    return commands.SignOff(R, ADA, at, step_id, IMPORTED)


def old_completion(story: Story[Run], at: datetime = NOON) -> commands.CompleteRun:
    """Ada takes in that the run was completed then."""
    return commands.CompleteRun(R, ADA, at, version_of(story), frozenset(), "", IMPORTED)


def test_what_is_taken_in_has_its_own_time_and_says_who_took_it_in_and_when() -> None:
    """Order, signature and completion happened then; each says since when it is known, and by whom."""
    before = RUN.given(old_order(), record(), old_signature(NOON + timedelta(hours=1)))
    run = before.state(R)
    assert (run.ordered_at, run.imported) == (NOON, IMPORTED)
    assert run.steps["assemble"].signed_at == NOON + timedelta(hours=1)
    assert run.steps["assemble"].imported == IMPORTED


def test_a_completion_record_says_that_it_was_taken_in() -> None:
    """By whom and when; its cycle time is of then."""
    story = ready()
    story = story.when(old_completion(story, NOON + timedelta(hours=2)))
    document = story.events[-1].record
    assert document["completed_at"] == "2026-11-24T14:00:00Z"
    assert document["imported"] == {"by": "ada", "at": "2037-11-06T12:00:00Z"}
    assert document["cycle_time_s"] == "7200"


def test_a_record_of_what_was_told_at_once_says_nothing_of_that_kind() -> None:
    """So nobody mistakes one for the other."""
    story = ready()
    document = story.when(commands.CompleteRun(R, LEAD, NOON, version_of(story), frozenset(), "")).events[-1].record
    assert not {"imported", "order_imported"} & set(document)
    assert all("imported" not in step for step in document["steps"])


def test_the_record_names_every_part_of_it_that_was_taken_in() -> None:
    """An old order and an old signature under a completion of now."""
    story = RUN.given(commands.OrderRun(R, ADA, NOON, order(requirements=(), gates=()), IMPORTED))
    story = story.when(record()).and_then().when(old_signature()).and_then().when(sign("test")).and_then()
    document = story.when(commands.CompleteRun(R, LEAD, NOON, version_of(story), frozenset(), "")).events[-1].record
    told = {"by": "ada", "at": "2037-11-06T12:00:00Z"}
    assert document["order_imported"] == told
    assert [step.get("imported") for step in document["steps"]] == [told, None, None]
    assert "imported" not in document


def test_nothing_is_taken_in_that_is_still_to_come() -> None:
    """Not an order, a signature or a completion, not by a second."""
    later = TOLD + timedelta(seconds=1)
    RUN.given().when(old_order(later)).is_refused(NotYetHappened)
    RUN.given(ordered(), record()).when(old_signature(later)).is_refused(NotYetHappened)
    story = ready()
    story.when(old_completion(story, later)).is_refused(NotYetHappened)


def test_nothing_happened_to_a_run_before_it_was_ordered() -> None:
    """The refusal says when that was."""
    before = NOON - timedelta(seconds=1)
    RUN.given(ordered(), record()).when(old_signature(before)).is_refused(BeforeOrder)
    story = ready()
    story.when(old_completion(story, before)).is_refused(BeforeOrder)


def test_a_run_was_not_completed_before_its_last_signature() -> None:
    """A record holds nothing that came after it; the step is named."""
    late = commands.SignOff(R, ADA, NOON + timedelta(hours=3), "label", IMPORTED)
    story = ready(late)
    story.when(old_completion(story, NOON + timedelta(hours=2))).is_refused(BeforeSignOff)
    story.when(old_completion(story, NOON + timedelta(hours=3))).then(RunCompleted)


def test_a_step_that_is_signed_again_after_a_reopening_is_told_at_once() -> None:
    """The mark of the old signature goes with it."""
    story = RUN.given(ordered(requirements=(), gates=()), record(), old_signature(), sign("test"))
    done = story.when(complete(version_of(story))).and_then().when(reopen()).and_then()
    assert done.state(R).steps["assemble"].imported == IMPORTED
    assert done.when(sign()).and_then().state(R).steps["assemble"].imported is None
