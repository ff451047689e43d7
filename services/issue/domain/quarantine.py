"""Part of a unit is set apart because of an issue: inventory splits it off and holds it; here is why and until when."""

from services.issue.domain.commands import QuarantinePart
from services.issue.domain.events import IssueQuarantined
from services.issue.domain.issue import Issue, IssueState, Quarantined
from services.issue.domain.refusals import (
    IssueIsResolved,
    QuarantineInvalid,
    QuarantinesTooMany,
    QuarantineUnitMissing,
)
from shared.kernel import plain

MOST_PARTS = 200
"""Of one issue; those that inventory refused count as well."""


def quarantine(issue: Issue, command: QuarantinePart) -> tuple[IssueQuarantined, ...]:
    """Have a quantity of a unit set apart; of the issue's own unit where none is named.

    :raises Refused: when nothing could be held, or nothing would be.
    """
    if any(one.unit_id == command.unit_id for one in issue.quarantined):
        return ()
    if issue.state is IssueState.RESOLVED:
        raise IssueIsResolved(issue_id=issue.issue_id)
    of_unit_id = command.of_unit_id or issue.unit_id
    if of_unit_id is None:
        raise QuarantineUnitMissing(issue_id=issue.issue_id)
    if command.quantity <= 0:
        raise QuarantineInvalid(unit_id=of_unit_id, quantity=plain(command.quantity))
    if len(issue.quarantined) >= MOST_PARTS:
        raise QuarantinesTooMany(issue_id=issue.issue_id, most=MOST_PARTS)
    part = Quarantined(command.unit_id, of_unit_id, command.quantity, command.by, command.at)
    return (IssueQuarantined(issue.issue_id, command.by, command.at, issue, part),)
