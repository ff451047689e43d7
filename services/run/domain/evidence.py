"""Events of plant systems that were not taken: kept on the run until somebody has dealt with them (domain.md 3.4)."""

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from services.run.domain import events
from services.run.domain.commands import DealWithEvidence, NoteEvidence, SettleEvidence
from services.run.domain.lookup import check_reason, open_run
from services.run.domain.refusals import UnknownEvidence
from services.run.domain.run import RefusedEvidence, Run
from shared.kernel import changed

Events = tuple[events.AnyEvent, ...]
EvidenceEvent = events.EvidenceRefused | events.EvidenceSettled

MOST = 100
"""That a run keeps at once: a station that goes mad must not make a run too large to be loaded. The history has all."""

AND_MORE = " What is refused after this is not listed here; the history of the run has it."


def decide(run: Run | None, command: NoteEvidence | DealWithEvidence | SettleEvidence) -> Events:
    """What became of an event of the plant for this run. Noting is never refused: its record has its ending already.

    :raises Refused: when a person settles what is not there, says nothing, or is late.
    """
    match command:
        case SettleEvidence():
            return _settle(open_run(run, command), command)
        case NoteEvidence():
            return () if run is None else _noted(run, command)
        case DealWithEvidence():
            return () if run is None or command.evidence_id not in run.refused_evidence else _settled(run, command)
        case _:
            assert_never(command)


def _noted(run: Run, command: NoteEvidence) -> Events:
    """Noted again only where there is another obstacle: a record that stood aside was tried again, and refused."""
    kept, evidence = run.refused_evidence, command.evidence
    before = kept.get(evidence.evidence_id)
    is_news = before is None or (before.code, before.obstacle) != (evidence.code, evidence.obstacle)
    if run.decision is not None or not is_news or (before is None and len(kept) >= MOST):
        return ()
    if before is None and len(kept) == MOST - 1:
        evidence = replace(evidence, obstacle=evidence.obstacle + AND_MORE)
    return (events.EvidenceRefused(run.run_id, command.by, command.at, evidence),)


def _settle(run: Run, command: SettleEvidence) -> Events:
    """A person has dealt with it, and says how.

    :raises ReasonMissing: when nothing is said.
    :raises UnknownEvidence: when the run keeps no such evidence, or not any more.
    """
    check_reason(command.reason)
    if command.evidence_id not in run.refused_evidence:
        raise UnknownEvidence(run_id=run.run_id, evidence_id=command.evidence_id)
    return _settled(run, command)


def _settled(run: Run, command: SettleEvidence | DealWithEvidence) -> Events:
    return (events.EvidenceSettled(run.run_id, command.by, command.at, command.evidence_id, command.reason),)


def evolve(run: Run, event: EvidenceEvent) -> Run:
    """What nobody has dealt with yet."""
    match event:
        case events.EvidenceRefused(evidence=one):
            return changed(run, refused_evidence={**run.refused_evidence, one.evidence_id: one})
        case events.EvidenceSettled(evidence_id=settled):
            return changed(run, refused_evidence=_without(run.refused_evidence.values(), settled))
        case _:
            assert_never(event)


def _without(kept: Iterable[RefusedEvidence], evidence_id: str) -> dict[str, RefusedEvidence]:
    return {one.evidence_id: one for one in kept if one.evidence_id != evidence_id}
