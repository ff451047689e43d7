"""The completion review: what blocks a run, what it warns of, and the counts; with a version.

The version is a digest of everything shown: it changes when anything shown changes, and only then.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import cached_property

from services.run.domain.order import Requirement
from services.run.domain.run import Run, RunStatus, Step, StepState
from shared.kernel import content_hash, plain


@dataclass(frozen=True, slots=True)
class Blocker:
    """What makes completion impossible, on every path; ``resolve`` says the way out, and who can take it holds
    ``permission`` and, where one is named, ``role``.
    """

    code: str
    subject: str
    sentence: str
    resolve: str
    permission: str
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Warned:
    """What must be acknowledged, by code and subject, to confirm."""

    code: str
    subject: str
    sentence: str
    resolve: str
    permission: str


@dataclass(frozen=True, slots=True)
class RequirementLine:
    """How far one requirement is met."""

    requirement_id: str
    part_number: str
    required: Decimal
    installed: Decimal
    excepted: Decimal


@dataclass(frozen=True)
class Review:
    """The completion review of one run at one moment."""

    run_id: str
    status: RunStatus
    blockers: tuple[Blocker, ...]
    warnings: tuple[Warned, ...]
    requirements: tuple[RequirementLine, ...]
    steps_completed: int
    steps_failed_then_resolved: int
    steps_total: int
    redlines_open: int
    redlines_accepted: int
    redlines_rejected: int
    issues_open: int
    issues_dispositioned: int
    issues_resolved: int
    gates_satisfied: int
    gates_required: int
    as_built_version: int

    @property
    def is_ready(self) -> bool:
        """Whether nothing blocks completion."""
        return not self.blockers

    @property
    def requirements_installed(self) -> int:
        """Requirements met by what is installed alone."""
        return sum(line.installed >= line.required for line in self.requirements)

    @property
    def requirements_excepted(self) -> int:
        """Requirements of which a quantity is excused."""
        return sum(line.excepted > 0 for line in self.requirements)

    @cached_property
    def version(self) -> str:
        """The digest of everything shown."""
        shown = asdict(self)
        shown["requirements"] = [
            {name: plain(one) if isinstance(one, Decimal) else one for name, one in asdict(line).items()}
            for line in self.requirements
        ]
        return content_hash(shown)


def review(run: Run) -> Review:
    """What the run's completion review shows now."""
    lines = tuple(_line(run, requirement) for requirement in run.order.requirements)
    blockers = (*_closed(run), *_steps(run), *_fields(run), *_short(run, lines), *_gates(run))
    issues = run.issues.values()
    return Review(
        run_id=run.run_id,
        status=run.status,
        blockers=blockers,
        warnings=tuple(_issues(run)),
        requirements=lines,
        steps_completed=sum(step.state is StepState.COMPLETE for step in run.steps.values()),
        steps_failed_then_resolved=0,
        steps_total=len(run.steps),
        redlines_open=0,
        redlines_accepted=0,
        redlines_rejected=0,
        issues_open=sum(issue.is_open for issue in issues),
        issues_dispositioned=sum(issue.approved and issue.state != "resolved" for issue in issues),
        issues_resolved=sum(issue.state == "resolved" for issue in issues),
        gates_satisfied=sum(gate.required and gate.gate_id in run.approvals for gate in run.order.gates),
        gates_required=sum(gate.required for gate in run.order.gates),
        as_built_version=run.as_built_version,
    )


def _closed(run: Run) -> Iterator[Blocker]:
    if run.status is RunStatus.COMPLETE:
        yield Blocker("run-not-open", run.run_id, "The run is complete.", "Reopen the run.", "run:reopen")
    elif run.decision is not None:
        yield Blocker("run-not-open", run.run_id, f"The run is {run.status}.", "Order a new run.", "run:order")


def _required_steps(run: Run) -> Iterator[Step]:
    for step in run.steps.values():
        if step.definition.required and step.state is not StepState.CANCELED:
            yield step


def _steps(run: Run) -> Iterator[Blocker]:
    for step in _required_steps(run):
        if step.state is not StepState.COMPLETE:
            name = step.definition.step_id
            is_state = f"The step {name} is {step.state}."
            yield Blocker("step-not-signed-off", name, is_state, f"Sign off {name}.", "step:work")


def _fields(run: Run) -> Iterator[Blocker]:
    for step in _required_steps(run):
        for definition in step.definition.fields:
            if definition.required and definition.field_id not in step.values:
                subject = f"{step.definition.step_id}/{definition.field_id}"
                has_none = f"{definition.name} has no value."
                resolve = f"Record a value for {subject}."
                yield Blocker("field-missing", subject, has_none, resolve, "step:work", definition.role)


def _short(run: Run, lines: tuple[RequirementLine, ...]) -> Iterator[Blocker]:
    for requirement, line in zip(run.order.requirements, lines, strict=True):
        missing = line.required - line.installed - line.excepted
        if missing > 0:
            part, unit = line.part_number, requirement.unit_of_measure
            yield Blocker(
                "requirement-short",
                line.requirement_id,
                f"{plain(missing)} {unit} of {part} is neither installed nor excepted{_unfilled(run, requirement)}.",
                f"Install {plain(missing)} {unit} of {part}, or have an issue's disposition except it.",
                "unit:install",
            )


def _unfilled(run: Run, requirement: Requirement) -> str:
    filled = {one.designator for one in run.installations.values() if one.requirement_id == requirement.requirement_id}
    free = [one for one in requirement.designators if one not in filled]
    return f" (free: {', '.join(free)})" if free else ""


def _gates(run: Run) -> Iterator[Blocker]:
    for gate in run.order.gates:
        if gate.required and gate.gate_id not in run.approvals:
            yield Blocker(
                "gate-open",
                gate.gate_id,
                f"{gate.name} is not approved.",
                f"Someone holding the role {gate.role} approves {gate.gate_id}.",
                "gate:approve",
                gate.role,
            )


def _issues(run: Run) -> Iterator[Warned]:
    for issue in run.issues.values():
        if issue.is_open:
            yield Warned(
                "issue-open",
                issue.issue_id,
                f"The issue {issue.title} has no approved disposition.",
                f"Disposition {issue.issue_id}, or acknowledge it when confirming.",
                "issue:disposition",
            )


def _line(run: Run, requirement: Requirement) -> RequirementLine:
    name = requirement.requirement_id
    installed = sum(
        (one.quantity for one in run.installations.values() if one.requirement_id == name), start=Decimal(0)
    )
    excepted = sum(
        (issue.excepted.get(name, Decimal(0)) for issue in run.issues.values() if issue.approved), start=Decimal(0)
    )
    return RequirementLine(name, requirement.part_number, requirement.quantity, installed, excepted)
