"""How an event changes an issue. Never fails on what `decide` returned."""

from dataclasses import replace
from typing import assert_never

from services.issue.domain.events import AnyEvent, IssueDispositioned, IssueOpened, IssueResolved
from services.issue.domain.issue import Issue


def evolve(issue: Issue | None, event: AnyEvent) -> Issue:
    """The issue after the event."""
    if isinstance(event, IssueOpened):
        return Issue(event.issue_id, event.finding, opened_at=event.at, opened_by=event.by)
    assert issue is not None, f"{type(event).__name__} before the issue was opened"  # noqa: S101
    match event:
        case IssueDispositioned():
            return replace(issue, disposition=event.disposition, dispositioned_at=event.at, dispositioned_by=event.by)
        case IssueResolved():
            return replace(issue, resolution=event.resolution, resolved_at=event.at, resolved_by=event.by)
        case _:
            assert_never(event)
