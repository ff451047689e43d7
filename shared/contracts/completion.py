"""What a completion record holds, as it travels with `asbuilt.run.completed.v1`."""

from typing import Literal

from pydantic import AwareDatetime, Field

from shared.contracts.base import By, Contract, Exact, Id, Name, Text
from shared.contracts.plant import Place, Procedure, Value
from shared.contracts.redline import RedlineRecord

Verdict = Literal["in-range", "out-of-range"]
IssueState = Literal["pending", "in_progress", "in_review", "resolved"]


class Imported(Contract):
    """Taken in afterwards: by whom, and when that was. When it happened is told besides."""

    by: Name
    at: AwareDatetime


class RequirementCount(Contract):
    """How one requirement was met."""

    requirement_id: Id
    part_number: Name
    required: Exact
    installed: Exact
    excepted: Exact


class ReviewCounts(Contract):
    """The counts that the completion review shows."""

    steps_completed: int
    steps_failed_then_resolved: int
    steps_total: int
    requirements_installed: int
    requirements_excepted: int
    requirements: tuple[RequirementCount, ...]
    redlines_open: int
    redlines_accepted: int
    redlines_rejected: int
    issues_open: int
    issues_dispositioned: int
    issues_resolved: int
    gates_satisfied: int
    gates_required: int


class Acknowledged(Contract):
    """A warning that the completer acknowledged."""

    code: Name
    subject: Id


class Blocking(Contract):
    """What blocks a run's completion, and what resolves it."""

    code: Name
    subject: str
    sentence: Text
    resolve: Text


class Installed(Contract):
    """One installation that the completion relied on."""

    installation_id: Id
    requirement_id: Id
    unit_id: Id
    part_number: Name
    quantity: Exact
    designator: Name | None = None
    substitute: bool = False
    revision: Name | None = None
    serial: Id | None = None
    lot: Id | None = None
    unit_of_measure: Name | None = Field(None, description="since 2026-11")
    origin_unit_id: Id | None = Field(None, description="the lot that it was taken off")
    installed_at: AwareDatetime | None = None
    installed_by: By | None = None


class Recorded(Contract):
    """The value of a field, as it stood at completion."""

    field_id: Id
    name: Name
    value: Value
    unit: Name | None = None
    verdict: Verdict | None = Field(None, description="for a number with limits")
    recording: int = Field(description="1, 2, … for the field")
    recorded_at: AwareDatetime
    recorded_by: By


class FileRecord(Contract):
    """One file that was attached, as it stood at completion."""

    sha256: Name
    name: Name
    media_type: Name
    size_bytes: int
    uri: Text | None = Field(None, description="where somebody else keeps it; else Asbuilt does")


class StepFileRecord(FileRecord):
    """One file that was attached to a step, or to a field of it."""

    field_id: Id | None = None


class Labour(Contract):
    """How long one person was checked in; people who work at the same time add up."""

    person: Name
    labour_s: Exact


class FailureRecord(Contract):
    """Why a step failed, and the issue with which that was acknowledged; without one the step was done again."""

    reason: Text
    failed_at: AwareDatetime
    failed_by: By
    acknowledged_issue: Id | None = None


class StepRecord(Contract):
    """One step, as it stood at completion: its signer and its values."""

    step_id: Id
    name: Name
    required: bool
    state: Name
    started_at: AwareDatetime | None = None
    signed_at: AwareDatetime | None = None
    signed_by: By | None = None
    imported: Imported | None = Field(None, description="of a sign-off that was taken in afterwards")
    values: tuple[Recorded, ...] = ()
    files: tuple[StepFileRecord, ...] | None = Field(None, description="what was attached to it, if anything")
    step_time_s: Exact | None = Field(None, description="from its first start to its sign-off")
    labour_s: Exact | None = Field(None, description="sum of its sessions; absent where nobody was checked in")
    labour: tuple[Labour, ...] = ()
    attempt: int | None = Field(None, description="2, 3, … for a step that was done again")
    because: Text | None = Field(None, description="why it was left out, or is on hold")
    failure: FailureRecord | None = None


class IssueSummary(Contract):
    """One issue of the run, as it stood at completion."""

    issue_id: Id
    title: Name
    state: IssueState
    disposition: Name | None = None


class GateRecord(Contract):
    """One gate, as it stood at completion: who approved it, and when; one that nobody did was closed by completing."""

    gate_id: Id
    name: Name
    role: Name
    required: bool
    approved_at: AwareDatetime | None = None
    approved_by: By | None = None


class CompletionRecord(Contract):
    """What was confirmed. ``content_hash`` is SHA-256 over the RFC 8785 form of all other members."""

    run_id: Id
    number: int = Field(description="1, 2, … after reopenings")
    part_number: Name
    revision: Name
    procedure: Procedure
    work_order: Id | None = None
    unit_id: Id
    serial: Id | None = None
    lot: Id | None = None
    quantity: Exact
    unit_of_measure: Name
    place: Place = Place()
    ordered_at: AwareDatetime | None = Field(None, description="since 2026-11")
    order_imported: Imported | None = Field(None, description="of an order that was taken in afterwards")
    started_at: AwareDatetime | None = None
    completed_at: AwareDatetime
    completed_by: Name
    imported: Imported | None = Field(None, description="of a completion that was taken in afterwards")
    note: Text = ""
    good_quantity: Exact | None = Field(None, description="of the quantity, where some of it is scrapped")
    scrapped_quantity: Exact | None = Field(None, description="of the quantity, if any; inventory scraps it")
    acknowledged: tuple[Acknowledged, ...] = ()
    review_version: str
    counts: ReviewCounts
    operators: tuple[Name, ...] = ()
    issues: tuple[IssueSummary, ...] = ()
    steps: tuple[StepRecord, ...] | None = Field(None, description="every step with its evidence; since 2026-11")
    installations: tuple[Installed, ...] = ()
    redlines: tuple[RedlineRecord, ...] | None = Field(None, description="each with its end, if there are any")
    files: tuple[FileRecord, ...] | None = Field(None, description="what was attached to the run itself, if anything")
    gates: tuple[GateRecord, ...] | None = Field(None, description="each with its approval, if there are any")
    gates_closed: tuple[Id, ...] = ()
    as_built_version: int
    cycle_time_s: Exact | None = Field(None, description="from the first start to this completion")
    first_completed_at: AwareDatetime | None = Field(None, description="of completion record 1, in later ones")
    first_cycle_time_s: Exact | None = Field(None, description="from the first start to completion 1, in later ones")
    labour_s: Exact | None = Field(None, description="sum of all sessions; people who work at the same time add up")
    labour: tuple[Labour, ...] = ()
    content_hash: str
