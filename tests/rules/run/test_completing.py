"""Confirming a review, and reopening what was confirmed (domain.md 3.5, 3.7)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
import rfc8785

from services.run.domain.events import RunCompleted, RunReady, RunReopened
from services.run.domain.order import Target
from services.run.domain.refusals import (
    CompletionBlocked,
    ReviewStale,
    RunLocked,
    RunNotComplete,
    ScrappedQuantityInvalid,
    WarningNotAcknowledged,
)
from services.run.domain.run import Completed, Run, RunStatus
from shared.testing.story import Story
from tests.rules.run.examples import (
    LEAD,
    NOON,
    RELEASE,
    RUN,
    R,
    approve,
    cancel,
    claimed,
    complete,
    completed,
    edited,
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

OPEN = ("issue-open", "issue-1")
LOT = Target("PUMP-100:L9", None, "L9", Decimal(10), "each")
LOT_DONE = (ordered(target=LOT), claimed(), installed(), record(), sign(), sign("test"), approve())


def test_a_lot_is_completed_with_good_and_scrapped_quantity() -> None:
    """Both stand in the record; what is reopened is the good ones."""
    story = RUN.given(*LOT_DONE)
    said = story.when(complete(version_of(story), scrapped_quantity=Decimal(3)))
    names = ("quantity", "good_quantity", "scrapped_quantity")
    assert [record_of(said)[name] for name in names] == ["10", "7", "3"]
    assert said.when(reopen()).state(R).quantity == 7
    all_good = story.when(complete(version_of(story)))
    assert "scrapped_quantity" not in record_of(all_good)


@pytest.mark.parametrize("scrapped", ["-1", "10.5", "0.0000000000001"])
def test_no_more_is_scrapped_than_there_is(scrapped: str) -> None:
    """And nothing less than nothing, or finer than can be counted."""
    story = RUN.given(*LOT_DONE)
    asked = complete(version_of(story), scrapped_quantity=Decimal(scrapped))
    story.when(asked).is_refused(ScrappedQuantityInvalid, naming="10 each")


def test_a_serial_is_good_or_scrapped() -> None:
    """Whole."""
    version = version_of(ready())
    half = complete(version, scrapped_quantity=Decimal("0.5"))
    ready().when(half).is_refused(ScrappedQuantityInvalid, naming="0.5 of the run")
    whole = ready().when(complete(version, scrapped_quantity=Decimal(1)))
    assert record_of(whole)["good_quantity"] == "0"


def record_of(story: Story[Run]) -> dict[str, Any]:
    """The completion record in the last event."""
    record: dict[str, Any] = story.events[-1].record
    return record


def confirmed(story: Story[Run], *acknowledged: tuple[str, str], **more: Any) -> Story[Run]:
    """The story after its current review was confirmed."""
    return story.when(complete(version_of(story), *acknowledged, **more))


def test_a_confirmed_review_completes_the_run() -> None:
    """Completer and time are recorded; the status is complete."""
    story = confirmed(ready()).then(RunCompleted)
    run = story.state(R)
    assert (run.status, run.completions) == (RunStatus.COMPLETE, 1)
    assert isinstance(run.decision, Completed)
    assert (run.decision.by, run.decision.at) == (LEAD, NOON)


def test_a_stale_version_is_refused_and_nothing_changes() -> None:
    """What was looked at is not what is there any more; the refusal names both versions."""
    story = ready()
    old = version_of(story)
    newer = story.when(issue()).and_then()
    refused = newer.when(complete(old, OPEN)).is_refused(ReviewStale, naming=version_of(newer))
    assert refused.state(R) == newer.state(R)
    newer.when(complete("")).is_refused(ReviewStale, naming="(none)")


def test_a_blocked_run_is_not_completed_by_its_version() -> None:
    """Completion is impossible while something blocks, and the refusal lists what."""
    story = ready(removed())
    confirmed(story).is_refused(CompletionBlocked, naming="requirement-short rotor")


def test_of_two_people_who_confirm_the_first_one_wins() -> None:
    """The other one learns that the run is complete and locked."""
    story = ready()
    version = version_of(story)
    first = story.when(complete(version)).then(RunCompleted)
    first.when(complete(version)).is_refused(RunLocked, naming=R)


def test_a_warning_is_acknowledged_by_code_and_subject() -> None:
    """Neither nothing, nor another issue, nor another code will do."""
    story = ready(issue())
    for acknowledged in ((), (("issue-open", "issue-2"),), (("redline-open", "issue-1"),)):
        confirmed(story, *acknowledged).is_refused(WarningNotAcknowledged, naming="issue-open issue-1")
    assert record_of(confirmed(story, OPEN).then(RunCompleted))["acknowledged"] == [
        {"code": "issue-open", "subject": "issue-1"}
    ]


def test_every_warning_is_acknowledged() -> None:
    """One of two is not enough."""
    story = ready(issue("issue-1"), issue("issue-2"))
    confirmed(story, OPEN).is_refused(WarningNotAcknowledged, naming="issue-open issue-2")
    confirmed(story, OPEN, ("issue-open", "issue-2")).then(RunCompleted)


def test_the_record_keeps_only_warnings_that_there_were() -> None:
    """Acknowledging more than the review warned of adds nothing to the record."""
    assert record_of(confirmed(ready(), OPEN))["acknowledged"] == []


def test_the_completion_record_says_what_was_built_by_whom_and_how() -> None:
    """Everything that a consumer needs without calling back."""
    later = NOON + timedelta(minutes=65)
    document = record_of(confirmed(ready(issue()), OPEN, note="with a scratch", at=later))
    assert document["run_id"] == R
    assert document["number"] == 1
    assert (document["serial"], document["unit_id"], document["quantity"]) == ("PUMP-1", "PUMP-1", "1")
    assert document["procedure"] == {"name": "Build a pump", "version": "3"}
    assert (document["completed_by"], document["completed_at"]) == ("lena", "2026-11-24T13:05:00Z")
    assert (document["note"], document["operators"]) == ("with a scratch", ["olga"])
    assert document["cycle_time_s"] == "3900"
    assert document["issues"] == [{"issue_id": "issue-1", "title": "Scratch on the cover", "state": "pending"}]
    assert document["installations"] == [
        {
            "installation_id": "inst-1",
            "requirement_id": "rotor",
            "unit_id": "ROTOR-1",
            "part_number": "ROTOR-7",
            "revision": "A",
            "serial": "ROTOR-1",
            "quantity": "1",
            "substitute": False,
        }
    ]
    assert document["as_built_version"] == 2


def test_the_completion_record_names_the_part_of_a_lot_and_the_substitute() -> None:
    """With its lot, where it came from and in which unit of measure, so that a recall finds it in the record."""
    of_lot = {"serial": None, "lot": "L1", "origin_unit_id": "ROTOR-8:L1", "unit_of_measure": "each"}
    part = {"unit_id": "ROTOR-8:L1~a1b2c3d4e5", "part_number": "ROTOR-8", "substitute": True, **of_lot}
    story = ready(edited(3, substitutes=("ROTOR-8",), quantity=Decimal(2)), installed(2, 4, **part))
    record = record_of(confirmed(story))
    assert record["installations"][1] == {
        "installation_id": "inst-2",
        "requirement_id": "rotor",
        "unit_id": "ROTOR-8:L1~a1b2c3d4e5",
        "part_number": "ROTOR-8",
        "revision": "A",
        "lot": "L1",
        "origin_unit_id": "ROTOR-8:L1",
        "unit_of_measure": "each",
        "quantity": "1",
        "substitute": True,
    }
    assert [(one["required"], one["installed"]) for one in record["counts"]["requirements"]] == [("2", "2")]


def test_the_completion_record_holds_the_evidence_of_every_step() -> None:
    """Signer, time, values with unit and verdict; steps that nobody did are there too."""
    steps = record_of(confirmed(ready()))["steps"]
    assert [(one["step_id"], one["state"]) for one in steps] == [
        ("assemble", "complete"),
        ("test", "complete"),
        ("label", "todo"),
    ]
    assert steps[0]["signed_by"] == {"person": "olga", "machine": "torque-2"}
    assert steps[0]["values"] == [
        {
            "field_id": "torque",
            "name": "Torque",
            "value": "25.0",
            "unit": "N·m",
            "verdict": "in-range",
            "recording": 1,
            "recorded_at": "2026-11-24T12:00:00Z",
            "recorded_by": {"person": "olga", "machine": "torque-2"},
        }
    ]


def test_the_content_hash_is_over_everything_else_in_the_record() -> None:
    """Anybody computes it again with RFC 8785 and SHA-256; a measured value that is changed shows."""
    document = dict(record_of(confirmed(ready())))
    given = document.pop("content_hash")
    assert given == "sha256:" + sha256(rfc8785.dumps(document)).hexdigest()
    document["steps"][0]["values"][0]["value"] = "25.4"
    assert given != "sha256:" + sha256(rfc8785.dumps(document)).hexdigest()


def test_a_cycle_time_is_never_negative() -> None:
    """A station's clock may be ahead of ours."""
    assert record_of(confirmed(ready(), at=NOON - timedelta(hours=1)))["cycle_time_s"] == "0"


def test_gates_that_were_open_are_closed_with_the_run() -> None:
    """An optional gate that nobody approved is named in the record."""
    paint = replace(RELEASE, gate_id="paint", required=False)
    story = RUN.given(ordered(gates=(RELEASE, paint)), claimed(), record(), sign(), sign("test"), installed())
    story = confirmed(story.when(approve()).and_then())
    assert record_of(story)["gates_closed"] == ["paint"]


def test_a_run_without_requirements_gates_and_starts_is_completed_too() -> None:
    """Nothing is asked for that was not ordered; a run that nobody began has no cycle time."""
    story = confirmed(
        RUN.given(ordered(steps=(replace(ordered().order.steps[2], after=()),), requirements=(), gates=()))
    )
    story.then(RunCompleted)
    assert "cycle_time_s" not in record_of(story)


def test_a_reopened_run_is_in_progress_and_keeps_its_first_record() -> None:
    """Completing again makes completion record 2."""
    story = completed()
    reopened = story.when(reopen()).then(RunReopened, RunReady)
    assert (reopened.events[0].number, reopened.state(R).status) == (1, RunStatus.IN_PROGRESS)
    again = confirmed(reopened).then(RunCompleted)
    assert (again.events[0].number, record_of(again)["number"], again.state(R).completions) == (2, 2, 2)


@pytest.mark.parametrize("story", [RUN.given(ordered()), ready(), ready(cancel()), completed(reopen())])
def test_only_a_completed_run_is_reopened(story: Story[Run]) -> None:
    """An open run needs none, a canceled one gets none."""
    story.when(reopen()).is_refused(RunNotComplete, naming=R)


def test_a_contested_completion_reopens_the_run_once() -> None:
    """Inventory names the completion that it contests; one that is superseded is contested no more."""
    story = completed().when(reopen(1)).then(RunReopened, RunReady)
    story.when(reopen(1)).nothing_happens()
    again = confirmed(story).then(RunCompleted)
    again.when(reopen(1)).nothing_happens()
    again.when(reopen(2)).then(RunReopened, RunReady)


def test_a_value_saved_before_the_confirmation_is_in_the_record() -> None:
    """A field save between two confirms is inside the record, or refused as locked; never lost."""
    story = RUN.given(ordered(), claimed(), record(Decimal(25)), installed(), approve())
    story = story.when(record(Decimal("25.2"))).when(sign()).when(sign("test")).and_then()
    done = confirmed(story).then(RunCompleted)
    assert record_of(done)["steps"][0]["values"][0]["value"] == "25.2"
    done.when(start("label")).is_refused(RunLocked)


def test_completing_again_needs_a_new_review() -> None:
    """The review that was confirmed before is stale once the run was reopened, even where nothing else changed."""
    confirmed = version_of(ready())
    story = completed(reopen())
    story.when(complete(confirmed)).is_refused(ReviewStale)
    again = story.when(complete(version_of(story))).then(RunCompleted)
    assert (again.events[0].number, again.events[0].record["review_version"] != confirmed) == (2, True)
