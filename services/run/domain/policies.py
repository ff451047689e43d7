"""Policies: which warnings of the completion review are blockers, for one part or for all (domain.md 3.4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.run.domain.refusals import PoliciesChanged, UnknownWarning
from services.run.domain.warned import CODES
from shared.kernel import Actor

POLICIES = "asbuilt:policies"
"""The aggregate that they are, all together; no run can be ordered under this id."""

EVERY_PART = "*"
"""Stands for all parts where a policy names the part that it is for."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What blocks runs of one part, or of all: the codes of warnings; and who said so, when and why."""

    part_number: str
    blocking: tuple[str, ...]
    reason: str
    by: Actor
    at: datetime


@dataclass(frozen=True, slots=True)
class Policies:
    """All policies, by part; ``version`` counts their changes."""

    by_part: Mapping[str, Policy] = field(default_factory=dict)
    version: int = 0

    def blocking(self, part_number: str) -> Mapping[str, str]:
        """The codes of warnings that block runs of a part, each with the part that its policy names: the part itself,
        where both its own policy and the one for all say so.
        """
        both = (self.by_part.get(EVERY_PART), self.by_part.get(part_number))
        return {code: policy.part_number for policy in both if policy is not None for code in policy.blocking}


NO_POLICIES = Policies()


@dataclass(frozen=True, slots=True)
class ConfigurePolicies:
    """From now on these warnings block, by part, and no others. ``version`` is that of the policies looked at."""

    by: Actor
    at: datetime
    version: int
    blocking: Mapping[str, frozenset[str]]
    reason: str


@dataclass(frozen=True, slots=True)
class PolicyConfigured:
    """What blocks runs of one part, or of all, is something else from now on."""

    by: Actor
    at: datetime
    part_number: str
    blocking: tuple[str, ...]
    reason: str


def configure(policies: Policies, command: ConfigurePolicies) -> tuple[PolicyConfigured, ...]:
    """One event for each part whose policy changes.

    :raises PoliciesChanged: when somebody changed them since they were looked at.
    :raises UnknownWarning: when there is no warning of that code.
    """
    if command.version != policies.version:
        raise PoliciesChanged(given=command.version, current=policies.version)
    unknown = sorted({code for codes in command.blocking.values() for code in codes} - set(CODES))
    if unknown:
        raise UnknownWarning(code=unknown[0], known=", ".join(CODES))
    wanted = {part: tuple(sorted(codes)) for part, codes in command.blocking.items() if codes}
    now = {part: policy.blocking for part, policy in policies.by_part.items()}
    return tuple(
        PolicyConfigured(command.by, command.at, part, wanted.get(part, ()), command.reason)
        for part in sorted(wanted.keys() | now.keys())
        if wanted.get(part) != now.get(part)
    )


def configured(policies: Policies, event: PolicyConfigured) -> Policies:
    """The policies after one was changed; one that blocks nothing is gone."""
    others = {part: one for part, one in policies.by_part.items() if part != event.part_number}
    policy = Policy(event.part_number, event.blocking, event.reason, event.by, event.at)
    by_part = others | {event.part_number: policy} if event.blocking else others
    return replace(policies, by_part=by_part, version=policies.version + 1)
