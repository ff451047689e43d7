"""What changed from one completion record to the next, in words of the domain (domain.md 3.7)."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.run.domain.comparing import Difference, compare
from services.run.domain.run import Run
from shared.contracts import samples
from shared.contracts.completion import CompletionRecord
from shared.testing.story import Story
from tests.rules.run.examples import (
    DONE,
    NOON,
    RELEASE,
    RUN,
    R,
    approve,
    complete,
    installed,
    issue,
    ordered,
    ready,
    record,
    removed,
    reopen,
    sign,
    start,
    version_of,
)

LATER = NOON + timedelta(hours=1)


def completing(story: Story[Run], *acknowledged: tuple[str, str], **more: Any) -> tuple[Story[Run], dict[str, Any]]:
    """The story after its review was confirmed, and the completion record."""
    done = story.when(complete(version_of(story), *acknowledged, **more)).and_then()
    return done, next(one.record for one in done.events if hasattr(one, "record"))


def again(*commands: Any, acknowledged: tuple[tuple[str, str], ...] = (), **more: Any) -> tuple[Difference, ...]:
    """A pump is completed, reopened, worked on and completed again: what changed between its two records."""
    story, first = completing(ready())
    story = story.when(reopen()).and_then()
    for command in commands:
        story = story.when(command).and_then()
    _, second = completing(story, *acknowledged, **more)
    return compare(first, second)


def sentences(differences: tuple[Difference, ...], about: str) -> list[str]:
    """What is said about one sort of thing."""
    return [one.sentence for one in differences if one.about == about]


def test_a_run_that_nobody_touched_has_the_same_record_again() -> None:
    """Number, time and hash are what every completion has anew."""
    assert again() == ()


def test_a_value_that_was_recorded_again_is_told_with_unit_and_verdict() -> None:
    """And the step that was signed again, by whom and when."""
    differences = again(record(Decimal("25.2")), replace(sign(), at=LATER))
    assert sentences(differences, "value") == [
        "Torque (assemble/torque) was 25.0 N·m, in-range (recording 1) and is 25.2 N·m, in-range (recording 2)."
    ]
    (step,) = sentences(differences, "step")
    assert step.startswith("Step assemble was complete, signed by olga at torque-2 at 2026-11-24T12:00:00Z and is")


def test_an_exchanged_unit_is_told_by_its_requirement() -> None:
    """By what was there and what is; the version of the as-built is another one."""
    differences = again(removed(), installed(2, 4))
    assert sentences(differences, "installation") == [
        "Installation rotor was 1 of ROTOR-7, unit ROTOR-1 and is 1 of ROTOR-7, unit ROTOR-2."
    ]
    assert sentences(differences, "version of the as-built") == ["The version of the as-built was 2 and is 4."]


def test_a_part_that_is_excepted_now_is_told_with_its_issue() -> None:
    """The rotor is gone, and a disposition excuses it."""
    excused = issue(state="in_progress", approved=True, disposition="use-as-is", excepted={"rotor": Decimal(1)})
    differences = again(removed(), excused)
    assert sentences(differences, "installation") == ["Installation rotor is gone; it was 1 of ROTOR-7, unit ROTOR-1."]
    assert sentences(differences, "requirement") == [
        "Requirement rotor was 1 required, 0 excepted and is 1 required, 1 excepted."
    ]
    assert sentences(differences, "issue") == ["Issue issue-1 is new: use-as-is."]


def test_an_optional_step_that_was_done_after_all_is_told() -> None:
    """From todo to signed."""
    (step,) = sentences(again(start("label"), sign("label")), "step")
    assert step.startswith("Step label was todo and is complete, signed by olga")


def test_note_and_acknowledged_warnings_are_told() -> None:
    """What the completer said, and what was accepted knowingly."""
    differences = again(issue(), acknowledged=(("issue-open", "issue-1"),), note="with a scratch")
    assert sentences(differences, "note") == ["The note is new: with a scratch."]
    assert sentences(differences, "warning") == ["Warning issue-open issue-1 is new: acknowledged."]


def test_a_gate_that_was_approved_after_all_is_told_with_who_and_when() -> None:
    """Completing closed it before; it is an optional one."""
    gates = (RELEASE, replace(RELEASE, gate_id="witness", required=False))
    done = RUN.given(ordered(gates=gates), *DONE[1:])
    story, first = completing(done)
    story = story.when(reopen()).and_then().when(approve("witness")).and_then()
    _, second = completing(story)
    (gate,) = sentences(compare(first, second), "gate")
    who = "lena at 2026-11-24T12:00:00Z"
    assert gate == f"Gate witness was closed without an approval and is approved by {who}."


RECORDS = [json.loads(one.value)["data"]["record"] for one in samples.told() if one.type == "asbuilt.run.completed.v1"]
ORDERED = "run_id part_number revision procedure work_order unit_id serial lot unit_of_measure place ordered_at"
ANEW = "number completed_at completed_by imported review_version content_hash first_completed_at first_cycle_time_s"
FOLLOWS = "order_imported counts gates_closed labour"
"""Of the order; from other members."""
TOLD = sorted({*CompletionRecord.model_fields} - {*ORDERED.split(), *ANEW.split(), *FOLLOWS.split()})


@pytest.mark.parametrize("member", TOLD)
def test_whatever_differs_between_two_records_is_told(member: str) -> None:
    """A member that is new in records is compared, or named above with the reason why not."""
    record = next(one for one in RECORDS if one.get(member))
    without = {**record, member: type(record[member])()}
    assert compare(record, without)
    assert compare(without, record)


def test_comparing_backwards_tells_the_same_the_other_way_round() -> None:
    """Whoever asks from 2 to 1 sees what was there before."""
    story, first = completing(ready())
    story = story.when(reopen()).and_then().when(removed()).and_then().when(installed(2, 4)).and_then()
    _, second = completing(story)
    there, back = compare(first, second), compare(second, first)
    assert {(one.subject, one.was, one.now) for one in there} == {(one.subject, one.now, one.was) for one in back}
    assert first["run_id"] == R
