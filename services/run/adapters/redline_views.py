"""Redlines as HTTP shows them; steps have the form in which they are ordered."""

from typing import Any

from services.run.announcements import redrawn, step_change, step_ordered
from services.run.domain.redline import Redline, RedlineState
from services.run.domain.run import Run
from shared.contracts.base import Contract
from shared.kernel import Actor


def redline_view(run: Run, redline_id: str) -> dict[str, Any]:
    """One redline: what it changes, who reviewed it, and each step before and after."""
    redline = run.redlines[redline_id]
    return {
        "redline_id": redline.redline_id,
        "run_id": run.run_id,
        "state": redline.state.value,
        "reason": redline.reason,
        "author": _person(redline.author),
        "proposed_at": redline.at.isoformat(),
        "issue_id": redline.issue_id,
        "changes": [_document(step_change(one)) for one in redline.changes],
        "steps": [_document(redrawn(one)) for one in redline.redrawn],
        "applied_at": redline.applied_at and redline.applied_at.isoformat(),
        "applied_by": _person(redline.applied_by),
        "reviews": [_review(redline, role) for role in redline.roles],
        "closed_at": redline.closed_at and redline.closed_at.isoformat(),
        "closed_by": _person(redline.closed_by),
        "closed_because": redline.closed_because,
    }


def redlines_on(run: Run, step_id: str) -> list[dict[str, Any]]:
    """The redlines that stand on a step, and what each found there; an added step was not there before."""
    found = []
    for one in run.redlines.values():
        if step_id in (*one.touched, *one.added) and (one.is_open or one.state is RedlineState.ACCEPTED):
            before = next((changed.before for changed in one.redrawn if changed.step_id == step_id), None)
            said = {"redline_id": one.redline_id, "state": one.state.value, "reason": one.reason}
            found.append({**said, "before": before and _document(step_ordered(before))})
    return found


def _review(redline: Redline, role: str) -> dict[str, Any]:
    done = redline.reviews.get(role)
    if done is None:
        return {"role": role, "accepted_by": None, "accepted_at": None}
    return {"role": role, "accepted_by": _person(done.by), "accepted_at": done.at.isoformat()}


def _document(contract: Contract) -> dict[str, Any]:
    return contract.model_dump(mode="json", exclude_none=True)


def _person(actor: Actor | None) -> dict[str, str | None] | None:
    return None if actor is None else {"person": actor.person, "machine": actor.machine}
