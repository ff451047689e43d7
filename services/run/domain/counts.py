"""What a completion review counts: steps, requirements with their parts, redlines, issues, gates."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from services.run.domain.order import Requirement
from services.run.domain.redline import RedlineState
from services.run.domain.run import Run, StepState

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class RequirementLine:
    """How far one requirement is met; ``excepted_by`` are the issues that excuse a quantity of it. ``surplus`` is what
    stands at a designator besides what that takes, since the run builds fewer: it fills no other designator.
    """

    requirement_id: str
    part_number: str
    required: Decimal
    installed: Decimal
    excepted: Decimal
    excepted_by: tuple[str, ...] = ()
    surplus: Decimal = NOTHING

    @property
    def in_place(self) -> Decimal:
        """What is installed where it is wanted."""
        return self.installed - self.surplus

    @property
    def missing(self) -> Decimal:
        """What is neither installed nor excepted; negative where more is there than is asked for."""
        return self.required - self.in_place - self.excepted


@dataclass(frozen=True, slots=True)
class Counts:
    """Everything that the completion review of one run counts."""

    steps_completed: int
    steps_failed_then_resolved: int
    steps_total: int
    requirements: tuple[RequirementLine, ...]
    redlines_open: int
    redlines_accepted: int
    redlines_rejected: int
    issues_open: int
    issues_dispositioned: int
    issues_resolved: int
    gates_satisfied: int
    gates_required: int

    @property
    def requirements_installed(self) -> int:
        """Requirements met by what is installed alone."""
        return sum(line.in_place >= line.required for line in self.requirements)

    @property
    def requirements_excepted(self) -> int:
        """Requirements of which a quantity is excused."""
        return sum(line.excepted > 0 for line in self.requirements)


def counts(run: Run) -> Counts:
    """What the run's completion review counts now."""
    steps = [step for step in run.steps.values() if step.state is StepState.COMPLETE]
    redlines = Counter(one.state for one in run.redlines.values())
    issues = run.issues.values()
    gates = [gate.gate_id for gate in run.order.gates if gate.required]
    return Counts(
        steps_completed=len(steps),
        steps_failed_then_resolved=sum(step.failure is not None for step in steps),
        steps_total=len(run.steps),
        requirements=requirement_lines(run),
        redlines_open=sum(one.is_open for one in run.redlines.values()),
        redlines_accepted=redlines[RedlineState.ACCEPTED],
        redlines_rejected=redlines[RedlineState.REJECTED],
        issues_open=sum(issue.is_open for issue in issues),
        issues_dispositioned=sum(issue.approved and issue.state != "resolved" for issue in issues),
        issues_resolved=sum(issue.state == "resolved" for issue in issues),
        gates_satisfied=sum(gate_id in run.approvals for gate_id in gates),
        gates_required=len(gates),
    )


def requirement_lines(run: Run) -> tuple[RequirementLine, ...]:
    """How far each requirement is met by what is installed and by what approved dispositions except."""
    installed, excepted = filled(run), _excepted(run)
    return tuple(
        RequirementLine(
            one.requirement_id,
            one.part_number,
            one.quantity,
            sum(installed.get(one.requirement_id, {}).values(), start=NOTHING),
            sum(excepted.get(one.requirement_id, {}).values(), start=NOTHING),
            tuple(excepted.get(one.requirement_id, ())),
            _surplus(one, installed.get(one.requirement_id, {})),
        )
        for one in run.requirements
    )


def filled(run: Run) -> Mapping[str, Mapping[str | None, Decimal]]:
    """What is installed for each requirement, by designator; without one, where it has none."""
    found: dict[str, dict[str | None, Decimal]] = {}
    for one in run.installations.values():
        there = found.setdefault(one.requirement_id, {})
        there[one.designator] = there.get(one.designator, NOTHING) + one.quantity
    return found


def _surplus(requirement: Requirement, there: Mapping[str | None, Decimal]) -> Decimal:
    if not requirement.designators:
        return NOTHING
    takes = requirement.quantity / len(requirement.designators)
    return sum((max(has - takes, NOTHING) for has in there.values()), start=NOTHING)


def _excepted(run: Run) -> Mapping[str, Mapping[str, Decimal]]:
    """The quantity that each issue excepts, by requirement; without an approved disposition it excepts nothing."""
    excepted: dict[str, dict[str, Decimal]] = {}
    for issue in run.issues.values():
        if issue.approved:
            for requirement_id, quantity in issue.excepted.items():
                excepted.setdefault(requirement_id, {})[issue.issue_id] = quantity
    return excepted
