"""What blocks a run's completion (domain.md 3.4): five blockers, each with its subject and the way out, and the
warnings that a policy turns into blockers.

The cheap ones come first, so that whoever asks only whether there is one seldom looks far.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from services.run.domain.counts import NOTHING, RequirementLine, filled
from services.run.domain.order import FieldDefinition, Requirement
from services.run.domain.policies import EVERY_PART
from services.run.domain.run import Run, RunStatus, Step, StepState
from services.run.domain.shown import OR_ACKNOWLEDGE, Blocker, Warned, made, path, quoted
from shared.kernel import plain


def closed(run: Run) -> Iterator[Blocker]:
    """A run that is complete, failed or canceled takes no completion."""
    if run.status is RunStatus.COMPLETE:
        link = path("runs", run.run_id, "reopen")
        yield Blocker("run-not-open", run.run_id, "The run is complete.", "Reopen the run.", link, "run:reopen")
    elif run.decision is not None:
        sentence = f"The run is {run.status}."
        yield Blocker("run-not-open", run.run_id, sentence, "Order a new run.", path("runs"), "run:order")


def unsigned(run: Run) -> Iterator[Blocker]:
    """A required step that is not complete; optional ones, and those that are not to be done, never block."""
    for step in required_steps(run):
        if step.state is not StepState.COMPLETE:
            name = step.definition.step_id
            resolve, action, permission = _way_out(step)
            link = path("runs", run.run_id, *action)
            yield Blocker("step-not-signed-off", name, f"The step {name} is {step.state}.", resolve, link, permission)


def required_steps(run: Run) -> Iterator[Step]:
    """Those that must be done: a redline may have said that a required step is not to be."""
    for step in run.steps.values():
        if step.definition.required and step.state is not StepState.CANCELED:
            yield step


def _way_out(step: Step) -> tuple[str, tuple[str, ...], str]:
    """How a step gets complete from the state that it is in: in words, where, and who may."""
    name = step.definition.step_id
    match step.state:
        case StepState.FAILED:
            resolve = f"Rework {name}, or acknowledge its failure with the issue that covers it."
            return resolve, ("steps", name, "rework"), "step:work"
        case StepState.HOLD:
            return f"Resume {name} and sign it off.", ("steps", name, "resume"), "step:work"
        case StepState.REDLINE:
            resolve = f"Apply or cancel the redline on {name}, then sign {name} off."
            return resolve, ("redlines",), "redline:approve"
        case _:
            return f"Sign off {name}.", ("steps", name, "sign-off"), "step:work"


def valueless(run: Run) -> Iterator[Blocker]:
    """A required field of a required step has no value. A large run has thousands of them before it begins, so what
    they say of their step is said once.
    """
    for step in required_steps(run):
        missing = _missing(step)
        if missing:
            step_id = step.definition.step_id
            before, fields = f"{step_id}/", path("runs", run.run_id, "steps", step_id, "fields") + "/"
            for one in missing:
                subject, says = before + one.field_id, f"{one.name} has no value."
                resolve, link = f"Record a value for {subject}.", fields + quoted(one.field_id)
                yield made(("field-missing", subject, says, resolve, link, "step:work", one.role, None))


def _missing(step: Step) -> list[FieldDefinition]:
    required = [one for one in step.definition.fields if one.required]
    return [one for one in required if step.current(one.field_id) is None] if step.values else required


def short(run: Run, lines: Sequence[RequirementLine]) -> Iterator[Blocker]:
    """Installed and excepted quantity together are less than what is required."""
    by_id = {line.requirement_id: line for line in lines if line.missing > 0}
    there = filled(run) if by_id else {}
    for requirement in run.requirements if by_id else ():
        if (line := by_id.get(requirement.requirement_id)) is not None:
            yield _short(run, requirement, line, there.get(requirement.requirement_id, {}))


def _short(run: Run, requirement: Requirement, line: RequirementLine, there: Mapping[str | None, Decimal]) -> Blocker:
    missing = f"{plain(line.missing)} {requirement.unit_of_measure} of {line.part_number}"
    takes = requirement.quantity / max(len(requirement.designators), 1)
    free = [one for one in requirement.designators if there.get(one, NOTHING) < takes]
    where = f" (free: {', '.join(free)})" if free else ""
    return Blocker(
        "requirement-short",
        line.requirement_id,
        f"{missing} is neither installed nor excepted{where}.",
        f"Install {missing}, or have an issue's disposition except it.",
        path("units", run.order.target.unit_id, "installations"),
        "unit:install",
    )


def unapproved(run: Run) -> Iterator[Blocker]:
    """A required gate is not approved by someone holding its role."""
    for gate in run.order.gates:
        if gate.required and gate.gate_id not in run.approvals:
            yield Blocker(
                "gate-open",
                gate.gate_id,
                f"{gate.name} is not approved.",
                f"Someone holding the role {gate.role} approves {gate.gate_id}.",
                path("runs", run.run_id, "gates", gate.gate_id, "approve"),
                "gate:approve",
                gate.role,
            )


def by_policy(warnings: Iterable[Warned], blocking: Mapping[str, str]) -> Iterator[Blocker]:
    """A warning that a policy turns into a blocker; ``blocking`` is the part that the policy names, by code."""
    for one in warnings if blocking else ():
        part = blocking.get(one.code)
        if part is not None:
            runs = "all runs" if part == EVERY_PART else f"runs of {part}"
            sentence = f"{one.sentence} By policy, this blocks {runs}."
            resolve = one.resolve.removesuffix(OR_ACKNOWLEDGE) + "."
            yield Blocker(one.code, one.subject, sentence, resolve, one.link, one.permission, policy=part)
