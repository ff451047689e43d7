"""What a run's completion review warns of (domain.md 3.4): five warnings, each acknowledged by its code and subject."""

from collections.abc import Iterator

from services.run.domain.redline import Redline, RedlineState
from services.run.domain.run import Run, Step, StepState, Verdict
from services.run.domain.shown import OR_ACKNOWLEDGE, Warned, path

CODES = ("issue-open", "redline-open", "out-of-range-without-issue", "refused-evidence", "component-reopened")
"""Every code that there is; a policy may make each of them a blocker."""


def warnings(run: Run) -> Iterator[Warned]:
    """Everything that the run's review warns of."""
    yield from _issues(run)
    yield from _redlines(run)
    yield from _out_of_range(run)
    yield from _refused_evidence(run)
    yield from _reopened_components(run)


def _issues(run: Run) -> Iterator[Warned]:
    """An issue of this run is not dispositioned or resolved."""
    for issue in run.issues.values():
        if issue.is_open:
            yield Warned(
                "issue-open",
                issue.issue_id,
                f"The issue {issue.title} has no approved disposition.",
                f"Disposition {issue.issue_id}{OR_ACKNOWLEDGE}",
                path("issues", issue.issue_id),
                "issue:disposition",
            )


def _redlines(run: Run) -> Iterator[Warned]:
    """A redline is neither accepted nor rejected nor canceled."""
    for redline in run.redlines.values():
        if redline.is_open:
            name = redline.redline_id
            first = "Apply" if redline.state is RedlineState.PROPOSED else "Accept"
            yield Warned(
                "redline-open",
                name,
                f"The redline {name}{_strange_issue(run, redline)} is {redline.state}: {redline.reason}",
                f"{first} or reject {name}{OR_ACKNOWLEDGE}",
                path("runs", run.run_id, "redlines", name),
                "redline:approve",
            )


def _strange_issue(run: Run, redline: Redline) -> str:
    """A redline may name an issue before the run has heard of it; one that there never is applies nothing."""
    is_known = redline.issue_id is None or redline.issue_id in run.issues
    return "" if is_known else f", whose issue {redline.issue_id} is not known,"


def _out_of_range(run: Run) -> Iterator[Warned]:
    """A value is out of range and no issue is linked to it: one of this run that names the step, and no other field."""
    linked = {(issue.step_id, issue.field_id) for issue in run.issues.values() if issue.step_id is not None}
    for step in run.steps.values():
        step_id = step.definition.step_id
        if step.state is StepState.CANCELED or (step_id, None) in linked:
            continue
        for field_id in _fields_out_of_range(step):
            if (step_id, field_id) not in linked:
                yield _unlinked(step, field_id)


def _fields_out_of_range(step: Step) -> Iterator[str]:
    for field_id, recording in step.values.items():
        if recording.verdict is Verdict.OUT_OF_RANGE and recording.attempt == step.attempt:
            yield field_id


def _unlinked(step: Step, field_id: str) -> Warned:
    step_id, recording = step.definition.step_id, step.values[field_id]
    definition = step.definition.field(field_id)
    name, unit = (definition.name, definition.unit) if definition else (field_id, None)
    measured = f"{recording.value} {unit}" if unit else f"{recording.value}"
    return Warned(
        "out-of-range-without-issue",
        f"{step_id}/{field_id}",
        f"{name} is {measured}, which is out of range, and no issue covers it.",
        f"Open an issue on {step_id}/{field_id}, or record it again in range{OR_ACKNOWLEDGE}",
        path("issues"),
        "issue:open",
    )


def _refused_evidence(run: Run) -> Iterator[Warned]:
    """An event from a plant system for this run was refused or stands aside, and nobody has dealt with it."""
    for one in run.refused_evidence.values():
        yield Warned(
            "refused-evidence",
            one.evidence_id,
            f"{one.type} {one.event_id} of {one.source} was not taken ({one.code}): {one.obstacle}",
            f"Deal with what it says, then settle it with a reason{OR_ACKNOWLEDGE}",
            path("runs", run.run_id, "refused-evidence", one.evidence_id, "settle"),
            "run:complete",
        )


def _reopened_components(run: Run) -> Iterator[Warned]:
    """An installed component's own run is reopened."""
    for component, run_id in sorted(run.reopened_components.items()):
        yield Warned(
            "component-reopened",
            component,
            f"The run {run_id} of the installed unit {component} is reopened.",
            f"Complete {run_id} again, or take {component} out{OR_ACKNOWLEDGE}",
            path("runs", run_id, "review"),
            "run:complete",
        )
