"""Disposition types: what may be decided about an issue, and what follows from that (domain.md 5). Some are built in;
a site configures those and its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from services.issue.domain.refusals import (
    DispositionTypesChanged,
    ImpactNotSeen,
    RoleRepeated,
    UnknownDispositionType,
)
from shared.kernel import Actor, immutable

DISPOSITION_TYPES = "asbuilt:disposition-types"
"""The aggregate that they are, all together; no issue is opened under this id."""


class Availability(StrEnum):
    """Whether the unit of an issue may be used."""

    IMMEDIATE = "immediate"
    RELEASE_ON_RESOLVE = "release-on-resolve"
    PERMANENTLY_UNAVAILABLE = "permanently-unavailable"


@dataclass(frozen=True, slots=True)
class DispositionType:
    """What choosing it means. All of ``approver_roles`` must approve; one of ``closer_roles`` closes. Without approver
    roles choosing approves, without closer roles whoever may disposition closes.
    """

    name: str
    availability: Availability
    auto_resolve: bool = False
    approver_roles: tuple[str, ...] = ()
    closer_roles: tuple[str, ...] = ()
    retired: bool = False


BUILT_IN: Mapping[str, DispositionType] = {
    one.name: one
    for one in (
        DispositionType("use-as-is", Availability.IMMEDIATE),
        DispositionType("rework", Availability.RELEASE_ON_RESOLVE),
        DispositionType("repair", Availability.RELEASE_ON_RESOLVE),
        DispositionType("scrap", Availability.PERMANENTLY_UNAVAILABLE),
        DispositionType("return-to-supplier", Availability.PERMANENTLY_UNAVAILABLE),
    )
}
"""What there is before anybody configured anything."""


@dataclass(frozen=True, slots=True)
class Configured:
    """A type as the site has it; and who said so, when and why."""

    type: DispositionType
    reason: str
    by: Actor
    at: datetime


@dataclass(frozen=True, slots=True)
class DispositionTypes:
    """All types, by name; ``version`` counts their changes. ``in_use`` says how many issues have chosen a type, by
    its name and their availability; it is known only where a type is configured.
    """

    configured: Mapping[str, Configured] = field(default_factory=dict)
    version: int = 0
    in_use: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def by_name(self) -> Mapping[str, DispositionType]:
        """What there is now: the site's word goes before what is built in."""
        return {**BUILT_IN, **{name: one.type for name, one in self.configured.items()}}

    def get(self, name: str) -> DispositionType:
        """The type of that name.

        :raises UnknownDispositionType: when there is none that can be chosen.
        """
        known = self.by_name
        found = known.get(name)
        if found is None or found.retired:
            offered = ", ".join(sorted(one.name for one in known.values() if not one.retired))
            raise UnknownDispositionType(name=name, known=offered)
        return found


NO_TYPES = DispositionTypes()
"""Nothing was configured: only what is built in."""


@dataclass(frozen=True, slots=True)
class ConfigureDispositionType:
    """From now on the type is this. ``version`` is that of the types looked at, ``affects`` how many issues the dry run
    said would be recalculated.
    """

    by: Actor
    at: datetime
    version: int
    type: DispositionType
    reason: str
    affects: int | None = None


@immutable
class DispositionConfigured:
    """A type is something else from now on."""

    by: Actor
    at: datetime
    type: DispositionType
    reason: str


def configure(types: DispositionTypes, command: ConfigureDispositionType) -> tuple[DispositionConfigured, ...]:
    """Nothing when the type is that already.

    :raises DispositionTypesChanged: when somebody changed them since they were looked at.
    :raises RoleRepeated: when a role stands there twice.
    :raises ImpactNotSeen: when it changes the availability of more or fewer issues than were shown.
    """
    if command.version != types.version:
        raise DispositionTypesChanged(given=command.version, current=types.version)
    _check_roles(command.type)
    before = types.by_name.get(command.type.name)
    if before == command.type:
        return ()
    _check_impact(types, before, command)
    return (DispositionConfigured(command.by, command.at, command.type, command.reason),)


def configured(types: DispositionTypes, event: DispositionConfigured) -> DispositionTypes:
    """The types after one was configured."""
    one = Configured(event.type, event.reason, event.by, event.at)
    return replace(types, configured={**types.configured, event.type.name: one}, version=types.version + 1)


def _check_roles(wanted: DispositionType) -> None:
    for roles in (wanted.approver_roles, wanted.closer_roles):
        for role in roles:
            if roles.count(role) > 1:
                raise RoleRepeated(role=role, name=wanted.name)


def _check_impact(types: DispositionTypes, before: DispositionType | None, command: ConfigureDispositionType) -> None:
    wanted = command.type
    if before is None or before.availability is wanted.availability:
        return
    there = types.in_use.get(wanted.name, {})
    issues = sum(number for availability, number in there.items() if availability != wanted.availability)
    if command.affects != issues and (issues or command.affects):
        shown = "nobody looked at that" if command.affects is None else f"{command.affects} were shown"
        facts = {"name": wanted.name, "was": before.availability, "availability": wanted.availability}
        raise ImpactNotSeen(**facts, issues=issues, shown=shown)
