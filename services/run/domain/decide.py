"""What a run says to a command: events, or a refusal. No clock, no id, no I/O."""

from typing import assert_never

from services.run.domain import (
    attending,
    closing,
    comments,
    delivering,
    evidence,
    failing,
    files,
    gates,
    genealogy,
    holding,
    noting,
    ordering,
    redlines,
    steps,
)
from services.run.domain.commands import (
    AcknowledgeFailure,
    AnyCommand,
    ApproveGate,
    AssessRun,
    AttachFile,
    CancelRun,
    CancelStep,
    CheckIn,
    CheckOut,
    Comment,
    CompleteRun,
    CorrectSession,
    DealWithEvidence,
    EndIdleSessions,
    FailRun,
    FailStep,
    HoldStep,
    NoteComponent,
    NoteDelivery,
    NoteEvidence,
    NotePlacement,
    OrderRun,
    RecordValue,
    ReopenRun,
    ResumeStep,
    ReworkStep,
    SettleEvidence,
    SignOff,
    StartStep,
)
from services.run.domain.completion import complete
from services.run.domain.events import AnyEvent
from services.run.domain.lookup import known_run, open_run
from services.run.domain.policies import NO_POLICIES, Policies
from services.run.domain.readiness import assess, with_readiness
from services.run.domain.redline_commands import (
    AcceptRedline,
    ApplyRedline,
    CancelRedline,
    ProposeRedline,
    RejectRedline,
)
from services.run.domain.run import Run

Events = tuple[AnyEvent, ...]


def decide(run: Run | None, command: AnyCommand, policies: Policies = NO_POLICIES) -> Events:
    """The events that follow from a command under the policies of the moment, and whether the run is ready since.

    :raises Refused: when the rules say no; when nothing changes the answer is an empty tuple.
    """
    return with_readiness(run, _decided(run, command, policies), policies)


def _decided(run: Run | None, command: AnyCommand, policies: Policies) -> Events:  # noqa: C901, PLR0911, PLR0912 - a line for each
    if isinstance(command, noting.NotingCommand):
        return noting.decide(known_run(run, command), command)
    match command:
        case OrderRun():
            return ordering.order(run, command)
        case StartStep():
            return steps.start(open_run(run, command), command)
        case RecordValue():
            return steps.record(open_run(run, command), command)
        case SignOff():
            return steps.sign_off(open_run(run, command), command)
        case FailStep() | AcknowledgeFailure() | ReworkStep():
            return failing.decide(open_run(run, command), command)
        case HoldStep() | ResumeStep() | CancelStep():
            return holding.decide(open_run(run, command), command)
        case CheckIn() | CheckOut() | CorrectSession():
            return attending.decide(open_run(run, command), command)
        case EndIdleSessions():
            return attending.end_idle(known_run(run, command), command)
        case ApproveGate():
            return gates.approve(open_run(run, command), command)
        case ProposeRedline() | ApplyRedline() | AcceptRedline() | RejectRedline() | CancelRedline():
            return redlines.decide(open_run(run, command), command)
        case AttachFile():
            return files.attach(open_run(run, command), command)
        case Comment():
            return comments.comment(open_run(run, command), command)
        case NoteComponent() | NotePlacement():
            return genealogy.decide(known_run(run, command), command)
        case NoteDelivery():
            return delivering.note(run, command)
        case CompleteRun():
            return (complete(open_run(run, command), command, policies),)
        case NoteEvidence() | DealWithEvidence() | SettleEvidence():
            return evidence.decide(run, command)
        case AssessRun():
            return assess(known_run(run, command), command, policies)
        case CancelRun():
            return closing.cancel(run, command)
        case FailRun():
            return closing.fail(open_run(run, command), command)
        case ReopenRun():
            return closing.reopen(known_run(run, command), command)
        case _:
            assert_never(command)
