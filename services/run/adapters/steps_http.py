"""`/runs/{run_id}/steps/{step_id}`: what people do to a step over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import AwareDatetime, Field

from services.run.adapters.calls import FieldId, HappenedAt, OptionalStepId, Reason, RunId, StepId, happened, run_answer
from services.run.adapters.examples import ISSUE
from services.run.domain import commands
from shared.contracts.base import Id
from shared.contracts.plant import Value
from shared.messaging.messages import Ask
from shared.runtime.bodies import RequestBody
from shared.runtime.http import Calling, needs

router = APIRouter()

SessionNumber = Annotated[int, Path(ge=1, examples=[1], description="1, 2, … for the step")]

STEP = "/runs/{run_id}/steps/{step_id}"


class RecordedValue(RequestBody):
    """A value for a field; numbers as text keep their digits."""

    value: Annotated[Value, Field(examples=["24.2"])]


class Covering(RequestBody):
    """The issue that covers a failure."""

    issue_id: Annotated[Id, Field(examples=[ISSUE], description="an issue of this run on this step")]


class Signature(RequestBody):
    """The sign-off of a step."""

    occurred_at: HappenedAt = None


class Correction(Reason):
    """Other times of a session, and why; what is left out stays as it is."""

    started_at: Annotated[AwareDatetime | None, Field(examples=["2026-11-24T07:55:00Z"])] = None
    ended_at: AwareDatetime | None = None


@router.post(STEP + "/start", **needs("step:work"))
async def start_step(run_id: RunId, step_id: StepId, call: Calling) -> Response:
    """Begin work on a step."""
    return await call.do(Ask((run_id,), commands.StartStep(run_id, call.by, call.at, step_id)), run_answer)


@router.put(STEP + "/fields/{field_id}", **needs("step:work"))
async def record_value(
    run_id: RunId, step_id: StepId, field_id: FieldId, recorded: RecordedValue, call: Calling
) -> Response:
    """Record a value; every recording is kept, the latest is the value."""
    command = commands.RecordValue(run_id, call.by, call.at, step_id, field_id, recorded.value, call.roles)
    return await call.do(Ask((run_id,), command), run_answer)


@router.post(STEP + "/sign-off", **needs("step:work"))
async def sign_off(run_id: RunId, step_id: StepId, call: Calling, signature: Signature | None = None) -> Response:
    """Sign a step off."""
    at, imported = happened(call, None if signature is None else signature.occurred_at)
    return await call.do(Ask((run_id,), commands.SignOff(run_id, call.by, at, step_id, imported)), run_answer)


@router.post(STEP + "/fail", **needs("step:fail"))
async def fail_step(run_id: RunId, step_id: StepId, given: Reason, call: Calling) -> Response:
    """Say that a step cannot be done as it should be. Everybody is checked out, and an issue is opened on it."""
    return await call.do(Ask((run_id,), commands.FailStep(run_id, call.by, call.at, step_id, given.reason)), run_answer)


@router.post(STEP + "/acknowledge-failure", **needs("issue:disposition"))
async def acknowledge_failure(run_id: RunId, step_id: StepId, covering: Covering, call: Calling) -> Response:
    """Let a failed step count as complete, with the issue that covers its failure."""
    command = commands.AcknowledgeFailure(run_id, call.by, call.at, step_id, covering.issue_id)
    return await call.do(Ask((run_id,), command), run_answer)


@router.post(STEP + "/rework", **needs("step:work"))
async def rework_step(run_id: RunId, step_id: StepId, call: Calling) -> Response:
    """Have a failed step done again; its values so far stay as evidence."""
    return await call.do(Ask((run_id,), commands.ReworkStep(run_id, call.by, call.at, step_id)), run_answer)


@router.post(STEP + "/hold", **needs("step:work"))
async def hold_step(run_id: RunId, step_id: StepId, given: Reason, call: Calling) -> Response:
    """Let nobody work on a step for now. Everybody is checked out."""
    return await call.do(Ask((run_id,), commands.HoldStep(run_id, call.by, call.at, step_id, given.reason)), run_answer)


@router.post(STEP + "/resume", **needs("step:work"))
async def resume_step(run_id: RunId, step_id: StepId, call: Calling) -> Response:
    """Take a step from hold, back to the state that it was held from."""
    return await call.do(Ask((run_id,), commands.ResumeStep(run_id, call.by, call.at, step_id)), run_answer)


@router.post(STEP + "/cancel", **needs("step:work"))
async def cancel_step(run_id: RunId, step_id: OptionalStepId, given: Reason, call: Calling) -> Response:
    """Leave an optional step out; what comes after it may start."""
    command = commands.CancelStep(run_id, call.by, call.at, step_id, given.reason)
    return await call.do(Ask((run_id,), command), run_answer)


@router.post(STEP + "/check-in", **needs("step:work"))
async def check_in(run_id: RunId, step_id: StepId, call: Calling) -> Response:
    """Begin to work on a step; on one that is todo it implies the start. Checked in already, nothing changes."""
    return await call.do(Ask((run_id,), commands.CheckIn(run_id, call.by, call.at, step_id)), run_answer)


@router.post(STEP + "/check-out", **needs("step:work"))
async def check_out(run_id: RunId, step_id: StepId, call: Calling) -> Response:
    """Leave a step."""
    return await call.do(Ask((run_id,), commands.CheckOut(run_id, call.by, call.at, step_id)), run_answer)


@router.patch(STEP + "/sessions/{number}", **needs("session:edit"))
async def correct_session(
    run_id: RunId, step_id: StepId, number: SessionNumber, given: Correction, call: Calling
) -> Response:
    """Put the times of a session right. Those that were said are kept; labour changes, and nothing else."""
    times = (given.started_at, given.ended_at)
    command = commands.CorrectSession(run_id, call.by, call.at, step_id, number, *times, given.reason)
    return await call.do(Ask((run_id,), command), run_answer)
