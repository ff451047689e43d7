"""Examples of issues: a bearing that is missing in a gearbox, a scratch on a housing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from services.issue.app import SERVICE
from services.issue.domain import commands
from services.issue.domain.disposition_types import (
    Availability,
    ConfigureDispositionType,
    DispositionType,
)
from services.issue.domain.issue import Disposition, Finding, Obstacle, RequirementException
from shared.kernel import Actor
from shared.testing.story import Rules, Story

ISSUES: Rules[Any] = Rules(SERVICE.decide, SERVICE.evolve, SERVICE.subject_of)

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=2)
EVENING = NOON + timedelta(hours=6)
OMAR = Actor("omar")
QUINN = Actor("quinn")
BEARING, SCRATCH = "ISSUE-1", "ISSUE-2"
QUALITY, CUSTOMER, BOARD = "Quality", "Customer", "Review board"

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


def approved(
    *roles: str, issue_id: str = BEARING, kind: str = "use-as-is", role: str | None = None
) -> commands.ApproveDisposition:
    """Somebody who holds these roles approves the disposition."""
    return commands.ApproveDisposition(issue_id, QUINN, LATER, kind, frozenset(roles), role)


def submitted(note: str = "Pressed again.") -> commands.SubmitForReview:
    """Omar did what was decided."""
    return commands.SubmitForReview(BEARING, OMAR, LATER, note)


def sent_back(reason: str = "It still moves.") -> commands.SendBack:
    """Quinn looked at it."""
    return commands.SendBack(BEARING, QUINN, LATER, reason)


def resolved(issue_id: str = BEARING, resolution: str = "Deviation filed.", roles: str = "") -> commands.ResolveIssue:
    """Quinn closes it."""
    return commands.ResolveIssue(issue_id, QUINN, LATER, resolution, frozenset(roles.split(",")))


def reopened(reason: str = "The customer took it back.", issue_id: str = BEARING) -> commands.ReopenIssue:
    """Quinn lets it be decided again."""
    return commands.ReopenIssue(issue_id, QUINN, LATER, reason)


def excepted(quantity: str = "1", requirement_id: str = "bearings") -> RequirementException:
    """One bearing need not be installed, where nothing else is said."""
    return RequirementException(requirement_id, Decimal(quantity))


def quarantined(
    quantity: str = "3", of: str | None = "BRG-7:L1", part: str = "BRG-7:L1~a", issue_id: str = BEARING
) -> commands.QuarantinePart:
    """Three bearings of the lot are set apart."""
    return commands.QuarantinePart(issue_id, OMAR, LATER, part, Decimal(quantity), of)


def answered(
    unit_id: str = "BRG-7:L1~a", *part_numbers: str, is_quarantined: bool = True, issue_id: str = BEARING
) -> commands.NoteUnit:
    """Inventory tells what the issue means to a unit: it holds three bearings, where nothing else is said."""
    return commands.NoteUnit(issue_id, OMAR, EVENING, part_numbers, unit_id, is_quarantined)


def not_split(unit_id: str = "BRG-7:L1~a") -> commands.NoteRefusal:
    """Inventory has two bearings of the lot left."""
    why = Obstacle("insufficient-quantity", "BRG-7:L1 has 2 left, not 3.", "Take it from another lot.")
    return commands.NoteRefusal(BEARING, OMAR, EVENING, unit_id, why)


def of_parts(*part_numbers: str, issue_id: str = BEARING, builds: str | None = None) -> commands.NoteRun:
    """The run tells what it builds, and what its requirement asks for."""
    return commands.NoteRun(issue_id, OMAR, EVENING, part_numbers, builds)


def configured(
    name: str = "use-as-is",
    availability: Availability = Availability.IMMEDIATE,
    version: int = 0,
    affects: int | None = None,
    **rest: Any,
) -> ConfigureDispositionType:
    """Quinn configures a type."""
    wanted = DispositionType(name, availability, **rest)
    return ConfigureDispositionType(QUINN, NOON, version, wanted, "Audit finding 7.", affects)


BOTH_APPROVE = configured(approver_roles=(QUALITY, CUSTOMER))
"""Leaving a unit as it is needs two roles."""


def followed(issue_id: str = BEARING) -> commands.FollowType:
    """The issue takes over what was configured."""
    return commands.FollowType(issue_id, OMAR, LATER)


def given(*commands_before: Any) -> Story[Any]:
    """A world in which these were accepted before."""
    return ISSUES.given(*commands_before)


def commented(text: str = "The bag was open when it came.") -> commands.CommentOnIssue:
    """Omar says something."""
    return commands.CommentOnIssue(BEARING, OMAR, LATER, "COMMENT-1", text)


def attached(name: str = "bag.jpg", **other: Any) -> commands.AttachToIssue:
    """Omar took a photo."""
    described: dict[str, Any] = {"sha256": "a" * 64, "name": name, "media_type": "image/jpeg", "size_bytes": 12} | other
    return commands.AttachToIssue(BEARING, OMAR, LATER, **described)
