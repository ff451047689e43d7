"""The status table (domain.md 4.1), in one place: the first row that matches says where a unit stands, why, and what
would change it. Nobody sets a status.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from services.inventory.domain.unit import Build, IssueSays, Unit, UnitStatus
from shared.kernel import plain


@dataclass(frozen=True, slots=True)
class Standing:
    """A status, the reason, and what would change it."""

    status: UnitStatus
    reason: str
    changes_when: str

    @property
    def row(self) -> int:
        """Which row of the table it is, 1 to 6."""
        return list(UnitStatus).index(self.status) + 1


def standing(unit: Unit) -> Standing:
    """Where a unit stands: the first row of the status table that matches."""
    found = next((found for row in TABLE if (found := row(unit)) is not None), FREE)
    return found if unit.unit_id not in unit.reopened_components else _of_a_reopened_run(unit, found)


FREE = Standing(UnitStatus.AVAILABLE, "nothing keeps it from being used", "it is installed or claimed by a run")


def _of_a_reopened_run(unit: Unit, found: Standing) -> Standing:
    """Whoever takes a part of a lot should know that the lot's run is reopened; it keeps nobody from taking it."""
    origin, run_id = unit.identification.origin_unit_id, unit.reopened_components[unit.unit_id]
    its_lot = f"the run {run_id} of {origin}, which it was split off from, is reopened"
    return replace(found, reason=f"{found.reason}; {its_lot}")


def _scrapped(unit: Unit) -> Standing | None:
    if unit.scrapped_quantity >= unit.identification.quantity > 0:
        return Standing(UnitStatus.SCRAPPED, "its whole quantity is scrapped", "never")
    return None


def _installed(unit: Unit) -> Standing | None:
    if unit.parent_unit_id is not None:
        return Standing(UnitStatus.INSTALLED, f"installed in {unit.parent_unit_id}", "it is removed from there")
    return None


def _wip(unit: Unit) -> Standing | None:
    build = unit.build
    if build is None or not build.is_open or unit.is_contested:
        return None
    if build.failed_because is None:
        return Standing(UnitStatus.WIP, f"target of the run {build.run_id}", "that run completes or is canceled")
    return Standing(UnitStatus.WIP, _failed(build), "that run is canceled")


def _failed(build: Build) -> str:
    return f"target of the run {build.run_id}, which failed for good: {build.failed_because}"


def _contested(unit: Unit) -> Standing | None:
    if unit.is_contested:
        return Standing(UnitStatus.ON_HOLD, "its completion is contested", "its run is reopened or canceled")
    return None


def _withheld(unit: Unit) -> Standing | None:
    by = [one for one in unit.issues.values() if one.withholds]
    if not by:
        return None
    reason = " and ".join(map(_why, by))
    return Standing(UnitStatus.ON_HOLD, reason, " and ".join(map(_until, by)))


def _why(issue: IssueSays) -> str:
    if issue.disposition is None:
        return f"the issue {issue.issue_id} holds it in quarantine"
    return f"the issue {issue.issue_id} withholds it ({issue.disposition}: {issue.availability})"


def _until(issue: IssueSays) -> str:
    if issue.availability == "permanently-unavailable":
        return f"the issue {issue.issue_id} gets another disposition"
    if issue.availability == "release-on-resolve":
        return f"the issue {issue.issue_id} is resolved, or gets a disposition that allows its use"
    return f"the issue {issue.issue_id} gets a disposition that allows its use, or is resolved"


def _elsewhere(unit: Unit) -> Standing | None:
    if unit.location_blocked is None:
        return None
    place = unit.identification.location
    reason = f"its location {place} is not available: {unit.location_blocked}"
    return Standing(UnitStatus.UNAVAILABLE, reason, f"{place} is available again, or it is moved to another location")


def _nothing_left(unit: Unit) -> Standing | None:
    if unit.identification.quantity > 0:
        return None
    if unit.returned_quantity > 0:
        return Standing(UnitStatus.UNAVAILABLE, *_gone_back(unit))
    return Standing(UnitStatus.UNAVAILABLE, "nothing of it is left", "more of it is received")


def _gone_back(unit: Unit) -> tuple[str, str]:
    """Of a lot that went back more may have come since, and been used. A part has an id that nothing is received under:
    what comes back is its lot's.
    """
    if unit.identification.origin_unit_id is not None:
        return "it was returned to its supplier", "never; what comes back is received as its lot again"
    if unit.identification.serial is not None:
        return "it was returned to its supplier", "it is received again"
    returned = f"{plain(unit.returned_quantity)} {unit.identification.unit_of_measure}"
    return f"nothing of it is left; {returned} went back to its supplier", "more of it is received"


TABLE: tuple[Callable[[Unit], Standing | None], ...] = (
    _scrapped,
    _installed,
    _wip,
    _contested,
    _withheld,
    _elsewhere,
    _nothing_left,
)
"""The rows of domain.md 4.1, in its order; on_hold and unavailable have two reasons each."""
