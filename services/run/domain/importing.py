"""Taking in history: what is told afterwards carries the time at which it happened, and that makes sense.

What plant systems say carries its time anyway; this is about what people tell, with the permission history:import.
"""

from datetime import datetime

from services.run.domain.refusals import BeforeOrder, BeforeSignOff, NotYetHappened
from services.run.domain.run import Imported, Run


def check_not_to_come(at: datetime, imported: Imported | None) -> None:
    """It happened before it was told.

    :raises NotYetHappened: when its time is still to come.
    """
    if imported is not None and at > imported.at:
        raise NotYetHappened(at=at.isoformat())


def check_imported(run: Run, at: datetime, imported: Imported | None) -> None:
    """It happened after the run was ordered, and before it was told.

    :raises NotYetHappened: when its time is still to come.
    :raises BeforeOrder: when there was no order then.
    """
    check_not_to_come(at, imported)
    if imported is not None and at < run.ordered_at:
        raise BeforeOrder(at=at.isoformat(), run_id=run.run_id, ordered_at=run.ordered_at.isoformat())


def check_completion_imported(run: Run, at: datetime, imported: Imported | None) -> None:
    """It happened when the last step was signed off, or later: a record holds nothing that came after it.

    :raises NotYetHappened: when its time is still to come.
    :raises BeforeOrder: when there was no order then.
    :raises BeforeSignOff: naming the step that was signed off last.
    """
    check_imported(run, at, imported)
    signed = [(step.signed_at, step_id) for step_id, step in run.steps.items() if step.signed_at is not None]
    last, step_id = max(signed, default=(None, ""))
    if imported is not None and last is not None and at < last:
        raise BeforeSignOff(run_id=run.run_id, at=at.isoformat(), step_id=step_id, signed_at=last.isoformat())
