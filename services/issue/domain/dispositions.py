"""What is decided about an issue, who approves it, and what it excepts (domain.md 5).

A disposition keeps the roles of its type as they were when it was chosen: nobody's approval is asked for afterwards.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from services.issue.domain.commands import ApproveDisposition, DispositionIssue, FollowType
from services.issue.domain.disposition_types import DispositionType, DispositionTypes
from services.issue.domain.events import (
    DispositionChosen,
    IssueApproved,
    IssueAvailabilityChanged,
    IssueDispositioned,
    IssueResolved,
)
from services.issue.domain.issue import Approval, Disposition, Issue, IssueState
from services.issue.domain.refusals import (
    ApproverRoleNotHeld,
    DispositionMissing,
    DispositionOther,
    ExceptionNeedsRun,
    ExceptionNotForRequirement,
    ExceptionQuantityInvalid,
    ExceptionRepeated,
    IssueIsResolved,
    JustificationMissing,
    NoApproverRole,
    RoleNotWanted,
)
from shared.kernel import plain

DispositionEvent = DispositionChosen | IssueApproved | IssueDispositioned | IssueResolved | IssueAvailabilityChanged

EXCUSES = "use-as-is"
"""The disposition that leaves a unit as it is, so it needs a reason."""

BY_ITSELF = ""
"""The resolution of an issue that is resolved by the approval of its disposition."""


def choose(issue: Issue, command: DispositionIssue, types: DispositionTypes) -> tuple[DispositionEvent, ...]:
    """Choose a disposition. Another one than before voids what was approved, and its exceptions with that; one that
    needs nobody's approval is approved by that.

    :raises Refused: when it is not one that can be chosen, or the issue is resolved.
    """
    if issue.disposition == command.disposition and not _is_to_be_chosen_again(issue, types):
        return ()
    if issue.state is IssueState.RESOLVED:
        raise IssueIsResolved(issue_id=issue.issue_id)
    wanted = types.get(command.disposition.kind)
    _check(issue, command.disposition)
    who = (issue.issue_id, command.by, command.at, issue)
    if wanted.approver_roles:
        return (DispositionChosen(*who, command.disposition, wanted),)
    return tuple(_approved(issue, command, command.disposition, wanted))


def _is_to_be_chosen_again(issue: Issue, types: DispositionTypes) -> bool:
    """It was reopened and nobody else approves, or the site wants other approvals than when it was chosen."""
    if issue.type is None or issue.state is not IssueState.PENDING:
        return False
    now = types.by_name.get(issue.type.name, issue.type)
    return not issue.missing_roles or now.approver_roles != issue.type.approver_roles


def approve(issue: Issue, command: ApproveDisposition) -> tuple[DispositionEvent, ...]:
    """Approve for one role, or for every wanted role that the person holds. Approved before, nothing changes; the last
    role that is wanted makes the disposition count.

    :raises Refused: when there is nothing to approve, it is not what was looked at, or no role fits.
    """
    if issue.disposition is None or issue.type is None:
        raise DispositionMissing(issue_id=issue.issue_id)
    if issue.disposition.kind != command.kind:
        raise DispositionOther(issue_id=issue.issue_id, kind=issue.disposition.kind, given=command.kind)
    _check_role(issue, issue.type, command)
    who = (issue.issue_id, command.by, command.at)
    wanted = issue.missing_roles if command.role is None else (command.role,)
    happened: list[DispositionEvent] = []
    for role in wanted:
        if role in issue.missing_roles and role in command.roles:
            one = IssueApproved(*who, issue, role)
            happened.append(one)
            issue = applied(issue, one)
    if happened and not issue.missing_roles and issue.disposition is not None and issue.type is not None:
        happened.extend(_approved(issue, command, issue.disposition, issue.type))
    return tuple(happened)


def _check_role(issue: Issue, wanted: DispositionType, command: ApproveDisposition) -> None:
    roles = ", ".join(wanted.approver_roles) or "none: choosing it approves it"
    if command.role is not None:
        if command.role not in wanted.approver_roles:
            raise RoleNotWanted(issue_id=issue.issue_id, role=command.role, roles=roles)
        if command.role not in command.roles:
            raise ApproverRoleNotHeld(issue_id=issue.issue_id, role=command.role)
    elif not command.roles.intersection(wanted.approver_roles):
        raise NoApproverRole(issue_id=issue.issue_id, roles=roles)


def _approved(
    issue: Issue, cause: DispositionIssue | ApproveDisposition, disposition: Disposition, type_: DispositionType
) -> Iterator[IssueDispositioned | IssueResolved]:
    """It has every approval; where its type says so, the issue is resolved by that."""
    dispositioned = IssueDispositioned(issue.issue_id, cause.by, cause.at, issue, disposition, type_)
    yield dispositioned
    if type_.auto_resolve:
        yield IssueResolved(issue.issue_id, cause.by, cause.at, applied(issue, dispositioned), BY_ITSELF)


def follow(issue: Issue, command: FollowType, types: DispositionTypes) -> tuple[IssueAvailabilityChanged, ...]:
    """Take over the availability of its type, whatever became of the issue; nothing else of the type."""
    if issue.type is None:
        return ()
    now = types.by_name.get(issue.type.name, issue.type).availability
    if now is issue.type.availability:
        return ()
    return (IssueAvailabilityChanged(issue.issue_id, command.by, command.at, issue, now),)


def applied(
    issue: Issue, event: DispositionChosen | IssueApproved | IssueDispositioned | IssueAvailabilityChanged
) -> Issue:
    """The issue after it."""
    match event:
        case DispositionChosen():
            return _chosen(issue, event)
        case IssueApproved():
            return replace(issue, approvals=(*issue.approvals, Approval(event.role, event.by, event.at)))
        case IssueDispositioned():
            decided = issue if issue.missing_roles == () and _is_same(issue, event) else _chosen(issue, event)
            return replace(decided, dispositioned_at=event.at, dispositioned_by=event.by)
        case IssueAvailabilityChanged():
            assert issue.type is not None  # noqa: S101 - only what was chosen has an availability
            return replace(issue, type=replace(issue.type, availability=event.availability))
        case _:
            assert_never(event)


def _is_same(issue: Issue, event: IssueDispositioned) -> bool:
    """The approvals are of this very disposition."""
    return issue.disposition == event.disposition and issue.type == event.type and bool(issue.approvals)


def _chosen(issue: Issue, event: DispositionChosen | IssueDispositioned) -> Issue:
    """Nothing that was approved before counts for it."""
    return replace(
        issue,
        disposition=event.disposition,
        type=event.type,
        chosen_at=event.at,
        chosen_by=event.by,
        approvals=(),
        dispositioned_at=None,
        dispositioned_by=None,
        reviewing=False,
    )


def _check(issue: Issue, disposition: Disposition) -> None:
    is_excuse = disposition.kind == EXCUSES or disposition.exceptions
    if is_excuse and not disposition.justification.strip():
        raise JustificationMissing(disposition=disposition.kind)
    about = issue.finding.requirement_id
    for one in disposition.exceptions:
        name = one.requirement_id
        if issue.run_id is None:
            raise ExceptionNeedsRun(issue_id=issue.issue_id, requirement_id=name)
        if about not in (None, name):
            raise ExceptionNotForRequirement(issue_id=issue.issue_id, about=about, requirement_id=name)
        if one.quantity <= 0:
            raise ExceptionQuantityInvalid(requirement_id=name, quantity=plain(one.quantity))
    times = Counter(one.requirement_id for one in disposition.exceptions)
    for name, count in times.items():
        if count > 1:
            raise ExceptionRepeated(requirement_id=name)
