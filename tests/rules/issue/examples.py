"""Examples of issues: a bearing that is missing in a gearbox, a scratch on a housing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from services.issue.domain import commands
from services.issue.domain.decide import decide
from services.issue.domain.evolve import evolve
from services.issue.domain.issue import Disposition, Finding, Issue, RequirementException
from shared.kernel import Actor
from shared.testing.story import Rules, Story

ISSUES: Rules[Issue] = Rules(
    lambda known, command: decide(known.get(command.issue_id), command), evolve, lambda event: event.issue_id
)

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=2)
OMAR = Actor("omar")
QUINN = Actor("quinn")
BEARING, SCRATCH = "ISSUE-1", "ISSUE-2"

MISSING = Finding("Bearing missing", "Only one came out of the bag.", run_id="RUN-1", requirement_id="bearings")
SCRATCHED = Finding("Scratch on the housing", unit_id="GEARBOX-1")


def opened(issue_id: str = BEARING, **changed: Any) -> commands.OpenIssue:
    """Omar misses a bearing, where nothing else is said."""
    finding = SCRATCHED if issue_id == SCRATCH else MISSING
    return commands.OpenIssue(issue_id, OMAR, NOON, replace(finding, **changed))


def opened_unasked(**changed: Any) -> commands.OpenUnasked:
    """A rule opens an issue on what Omar did."""
    asked = opened(**changed)
    return commands.OpenUnasked(asked.issue_id, asked.by, asked.at, asked.finding)


def dispositioned(
    issue_id: str = BEARING,
    kind: str = "use-as-is",
    justification: str = "The customer agreed to one bearing.",
    exceptions: tuple[RequirementException, ...] = (),
) -> commands.DispositionIssue:
    """Quinn decides to use it as it is, where nothing else is said."""
    return commands.DispositionIssue(issue_id, QUINN, LATER, Disposition(kind, justification, exceptions))


def resolved(issue_id: str = BEARING, resolution: str = "Deviation filed.") -> commands.ResolveIssue:
    """Quinn closes it."""
    return commands.ResolveIssue(issue_id, QUINN, LATER, resolution)


def excepted(quantity: str = "1", requirement_id: str = "bearings") -> RequirementException:
    """One bearing need not be installed, where nothing else is said."""
    return RequirementException(requirement_id, Decimal(quantity))


def given(*commands_before: commands.AnyCommand) -> Story[Issue]:
    """A world in which these were accepted before."""
    return ISSUES.given(*commands_before)
