"""What happens to units in stock, and to locations: domain event to public contract."""

from typing import assert_never

from services.inventory.domain import events
from services.inventory.domain.expecting import IssueExpected
from services.inventory.domain.locations import LocationConfigured
from shared.contracts import inventory as contracts
from shared.contracts.base import Contract
from shared.messaging.service import by

OfIssues = events.IssueNoted | IssueExpected
Told = events.UnitReceived | events.UnitSplit | events.StockEvent | OfIssues | LocationConfigured


def stock_told(event: Told) -> Contract:
    """The public contract of an event."""
    match event:
        case events.UnitReceived():
            return _received(event)
        case events.UnitSplit():
            return _split(event)
        case events.QuantityReceived(unit_id, who, _, quantity, now, delivery):
            return contracts.UnitQuantityReceived(
                by=by(who), unit_id=unit_id, quantity=quantity, now=now, delivery=delivery
            )
        case events.UnitMoved(unit_id, who, _, location, was, moved_with):
            return contracts.UnitMoved(by=by(who), unit_id=unit_id, location=location, was=was, moved_with=moved_with)
        case events.LocationNoted(unit_id, who, _, location, blocked):
            return contracts.UnitLocationNoted(
                by=by(who), unit_id=unit_id, location=location, is_available=blocked is None, reason=blocked or ""
            )
        case events.UnitScrapped(unit_id, who, _, quantity, reason, run_id):
            return contracts.UnitScrapped(by=by(who), unit_id=unit_id, quantity=quantity, reason=reason, run_id=run_id)
        case events.UnitReturned(unit_id, who, _, quantity, reason):
            return contracts.UnitReturned(by=by(who), unit_id=unit_id, quantity=quantity, reason=reason)
        case events.IssueNoted() | IssueExpected():
            return _expected(event) if isinstance(event, IssueExpected) else _issue(event)
        case LocationConfigured(who, _, location, is_available, reason):
            return contracts.LocationConfigured(by=by(who), location=location, is_available=is_available, reason=reason)
        case _:
            assert_never(event)


def _received(event: events.UnitReceived) -> contracts.UnitReceived:
    what = event.identification
    return contracts.UnitReceived(
        by=by(event.by),
        unit_id=what.unit_id,
        part_number=what.part_number,
        revision=what.revision,
        serial=what.serial,
        lot=what.lot,
        quantity=what.quantity,
        unit_of_measure=what.unit_of_measure,
        location=what.location,
        origin_unit_id=what.origin_unit_id,
        delivery=event.delivery,
        status=event.status and event.status.value,
        status_reason=event.status_reason,
    )


def _split(event: events.UnitSplit) -> contracts.UnitSplit:
    return contracts.UnitSplit(
        by=by(event.by),
        unit_id=event.unit_id,
        part_unit_id=event.part_unit_id,
        quantity=event.quantity,
        left=event.left,
        because=event.because.value,
        run_id=event.run_id,
        as_built_version=event.as_built_version,
    )


def _issue(event: events.IssueNoted) -> contracts.UnitIssueNoted:
    says = event.says
    return contracts.UnitIssueNoted(
        by=by(event.by),
        unit_id=event.unit_id,
        issue_id=says.issue_id,
        withholds=says.withholds,
        quarantine=says.is_quarantine,
        disposition=says.disposition,
        availability=says.availability,
        resolved=says.is_resolved,
        part_number=event.part_number,
    )


def _expected(event: IssueExpected) -> contracts.UnitIssueExpected:
    says = event.says
    return contracts.UnitIssueExpected(
        by=by(event.by),
        unit_id=event.unit_id,
        issue_id=says.issue_id,
        withholds=says.withholds,
        disposition=says.disposition,
        availability=says.availability,
        resolved=says.is_resolved,
    )
