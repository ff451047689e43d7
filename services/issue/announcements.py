"""Domain event to public contract; total: every event is said, with the whole standing of its issue."""

from typing import Any, assert_never

from services.issue.domain import events
from services.issue.domain.disposition_types import DISPOSITION_TYPES, DispositionConfigured
from services.issue.domain.evolve import evolve
from services.issue.domain.issue import Issue, Quarantined, RequirementException
from shared.contracts import issue as contracts
from shared.contracts.base import Contract
from shared.contracts.requirement import ExceptionApproved
from shared.messaging.service import by


def announce(event: events.AnyEvent) -> Contract:
    """The public contract of an event."""
    match event:
        case DispositionConfigured():
            return _configured(event)
        case events.IssueCommented() | events.IssueFileAttached():
            return _beside(event)
        case events.IssueOpened():
            standing = _standing(evolve(None, event), event)
            return contracts.IssueOpened(**standing, description=event.finding.description)
        case _:
            return _change(event, evolve(event.before, event))


def _change(  # noqa: C901 - one line for each event
    event: events.DispositionChosen
    | events.IssueApproved
    | events.IssueDispositioned
    | events.IssueInReview
    | events.IssueSentBack
    | events.IssueResolved
    | events.IssueReopened
    | events.IssueQuarantined
    | events.QuarantineHeld
    | events.QuarantineRefused
    | events.IssuePartsNoted
    | events.IssueAvailabilityChanged,
    after: Issue,
) -> Contract:
    standing = _standing(after, event)
    match event:
        case events.DispositionChosen():
            asks = tuple(map(_exception, event.disposition.exceptions))
            why = event.disposition.justification
            return contracts.DispositionChosen(**standing, justification=why, asks=asks)
        case events.IssueApproved():
            return contracts.IssueApproved(**standing, role=event.role)
        case events.IssueDispositioned():
            return contracts.IssueDispositioned(**standing, justification=event.disposition.justification)
        case events.IssueInReview():
            return contracts.IssueInReview(**standing, note=event.note)
        case events.IssueSentBack():
            return contracts.IssueSentBack(**standing, reason=event.reason)
        case events.IssueResolved():
            return contracts.IssueResolved(**standing, resolution=event.resolution)
        case events.IssueReopened():
            return contracts.IssueReopened(**standing, reason=event.reason)
        case events.IssuePartsNoted():
            return contracts.IssuePartsNoted(**standing)
        case events.IssueQuarantined() | events.QuarantineHeld() | events.QuarantineRefused():
            return _set_apart(event, after, standing)
        case events.IssueAvailabilityChanged():
            was = event.before.availability
            assert was is not None  # noqa: S101 - only what was chosen has an availability that changes
            return contracts.IssueAvailabilityChanged(**standing, was=was.value)
        case _:
            assert_never(event)


def _standing(issue: Issue, event: events.AnyIssueEvent) -> dict[str, Any]:
    finding = issue.finding
    return {
        "by": by(event.by),
        "issue_id": issue.issue_id,
        "title": finding.title,
        "state": issue.state.value,
        "run_id": finding.run_id,
        "step_id": finding.step_id,
        "field_id": finding.field_id,
        "requirement_id": finding.requirement_id,
        "unit_id": issue.unit_id,
        "disposition": issue.disposition and issue.disposition.kind,
        "approved": issue.is_approved,
        "exceptions": tuple(map(_exception, issue.exceptions)),
        "availability": issue.availability and issue.availability.value,
        "approver_roles": () if issue.type is None else issue.type.approver_roles,
        "approvals": tuple(
            contracts.DispositionApproval(role=one.role, approved_by=by(one.by), approved_at=one.at)
            for one in issue.approvals
        ),
        "quarantined": tuple(_part(issue, one) for one in issue.quarantined),
        "part_numbers": issue.part_numbers,
    }


def _set_apart(
    event: events.IssueQuarantined | events.QuarantineHeld | events.QuarantineRefused,
    after: Issue,
    standing: dict[str, Any],
) -> Contract:
    named = event.part.unit_id if isinstance(event, events.IssueQuarantined) else event.part_unit_id
    part = _part(after, next(one for one in after.quarantined if one.unit_id == named))
    match event:
        case events.IssueQuarantined():
            return contracts.IssueQuarantined(**standing, part=part)
        case events.QuarantineHeld():
            return contracts.QuarantineHeld(**standing, part=part)
        case events.QuarantineRefused(because=why):
            told = {"code": why.code, "obstacle": why.obstacle, "resolve": why.resolve}
            return contracts.QuarantineRefused(**standing, part=part, **told)
        case _:
            assert_never(event)


def _exception(one: RequirementException) -> ExceptionApproved:
    return ExceptionApproved(requirement_id=one.requirement_id, quantity=one.quantity)


def _part(issue: Issue, one: Quarantined) -> contracts.Quarantined:
    return contracts.Quarantined(
        unit_id=one.unit_id, of_unit_id=one.of_unit_id, quantity=one.quantity, state=issue.state_of(one).value
    )


def _beside(event: events.IssueCommented | events.IssueFileAttached) -> Contract:
    """What stands beside an issue and does not change how it stands."""
    finding = event.finding
    of = {"run_id": finding.run_id, "step_id": finding.step_id, "unit_id": event.before.unit_id}
    about = {"by": by(event.by), "issue_id": event.issue_id, **of}
    match event:
        case events.IssueCommented():
            return contracts.IssueCommented(**about, comment_id=event.comment_id, text=event.text)
        case events.IssueFileAttached():
            return contracts.IssueFileAttached(
                **about,
                sha256=event.sha256,
                name=event.name,
                media_type=event.media_type,
                size_bytes=event.size_bytes,
            )
        case _:
            assert_never(event)


def _configured(event: DispositionConfigured) -> contracts.DispositionConfigured:
    return contracts.DispositionConfigured(
        by=by(event.by),
        dispositions_id=DISPOSITION_TYPES,
        name=event.type.name,
        availability=event.type.availability.value,
        auto_resolve=event.type.auto_resolve,
        approver_roles=event.type.approver_roles,
        closer_roles=event.type.closer_roles,
        retired=event.type.retired,
        reason=event.reason,
    )
