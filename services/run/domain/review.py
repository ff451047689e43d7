"""The completion review: what blocks a run, what it warns of, and the counts; with a version.

The version is a digest of everything shown: it changes when anything shown changes, and only then.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from operator import attrgetter

from services.run.domain import blockers
from services.run.domain.counts import Counts, RequirementLine, counts, requirement_lines
from services.run.domain.policies import NO_POLICIES, Policies
from services.run.domain.run import Run, RunStatus
from services.run.domain.shown import Blocker, Warned, text_of
from services.run.domain.warned import warnings
from shared.kernel import plain

_COUNTS = attrgetter(*(name for name in Counts.__slots__ if name != "requirements"))


@dataclass(frozen=True)
class Review:
    """The completion review of one run at one moment. ``number`` is that of the completion record that it would make:
    once a run was completed, no review from before is ever confirmed again (domain.md 3.7).
    """

    run_id: str
    number: int
    status: RunStatus
    blockers: tuple[Blocker, ...]
    warnings: tuple[Warned, ...]
    counts: Counts
    as_built_version: int

    @property
    def is_ready(self) -> bool:
        """Whether nothing blocks completion."""
        return not self.blockers

    @cached_property
    def version(self) -> str:
        """The digest of everything shown."""
        shown = (
            self.run_id,
            self.number,
            self.status,
            (len(self.blockers), len(self.warnings)),
            [(number, one.role, one.policy) for number, one in enumerate(self.blockers) if one.role or one.policy],
            _COUNTS(self.counts),
            [_line(line) for line in self.counts.requirements],
            self.as_built_version,
        )
        parts = (json.dumps(shown, separators=(",", ":")), text_of(self.blockers), text_of(self.warnings))
        return "sha256:" + sha256("\0".join(parts).encode()).hexdigest()


def review(run: Run, policies: Policies = NO_POLICIES) -> Review:
    """What the run's completion review shows now; what policy turns into a blocker is no warning any more."""
    counted = counts(run)
    blocking = policies.blocking(run.order.part_number)
    warned = tuple(warnings(run))
    return Review(
        run_id=run.run_id,
        number=run.completions + 1,
        status=run.status,
        blockers=(
            *blockers.closed(run),
            *blockers.unsigned(run),
            *blockers.valueless(run),
            *blockers.short(run, counted.requirements),
            *blockers.unapproved(run),
            *blockers.by_policy(warned, blocking),
        ),
        warnings=tuple(one for one in warned if one.code not in blocking) if blocking else warned,
        counts=counted,
        as_built_version=run.as_built_version,
    )


def is_blocked(run: Run, policies: Policies = NO_POLICIES) -> bool:
    """Whether anything blocks the run's completion; the cheap things are looked at first."""
    found = (
        blockers.closed(run),
        blockers.unapproved(run),
        blockers.unsigned(run),
        blockers.short(run, requirement_lines(run)),
        blockers.valueless(run),
        blockers.by_policy(warnings(run), policies.blocking(run.order.part_number)),
    )
    return any(True for some in found for _ in some)


def _line(line: RequirementLine) -> tuple[object, ...]:
    quantities = (plain(one) for one in (line.required, line.installed, line.excepted))
    return (line.requirement_id, line.part_number, *quantities, line.excepted_by)
