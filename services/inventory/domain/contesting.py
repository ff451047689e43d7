"""A completion that relied on another as-built than there is: how that moved past it (domain.md 3.8)."""

from collections.abc import Iterator

from services.inventory.domain import events
from services.inventory.domain.commands import Release
from services.inventory.domain.events import Difference
from services.inventory.domain.unit import Unit


def is_as_reviewed(unit: Unit, command: Release) -> bool:
    """The same version with the same components in it. A run that was completed before it heard of its claim relied on
    no version, so on an empty as-built.
    """
    if command.relied_on_version == 0:
        return not unit.installations and not command.relied_on
    reviewed = {one.component_id for one in command.relied_on.values()}
    there = {one.unit_id for one in unit.installed_by(command.run_id)}
    return unit.as_built_version == command.relied_on_version and there == reviewed


def contested(unit: Unit, command: Release) -> events.CompletionContested:
    """The unit is not released against what nobody reviewed."""
    return events.CompletionContested(
        unit.unit_id,
        command.by,
        command.at,
        command.run_id,
        command.number,
        command.relied_on_version,
        unit.as_built_version,
        tuple(_differences(unit, command)),
    )


def _differences(unit: Unit, command: Release) -> Iterator[Difference]:
    """What was added and removed since, then what there is another quantity of; of the unit itself, or else which
    requirements were edited, last.
    """
    now = {one.installation_id: one for one in unit.installed_by(command.run_id)}
    for name, one in now.items():
        if name not in command.relied_on:
            yield Difference("added", one.requirement_id, one.unit_id, one.designator, None, one.quantity)
    for name, was in command.relied_on.items():
        place = (was.requirement_id, was.component_id, was.designator)
        if name not in now:
            yield Difference("removed", *place, was.quantity, None)
        elif now[name].quantity != was.quantity:
            yield Difference("quantity", *place, was.quantity, now[name].quantity)
    built = None if unit.build is None else unit.build.quantity
    if None not in (command.quantity, built) and command.quantity != built:
        yield Difference("quantity", None, unit.unit_id, None, command.quantity, built)
    else:
        yield from _edited(unit, command)


def _edited(unit: Unit, command: Release) -> Iterator[Difference]:
    """Requirements that an engineer added, removed or edited while the confirmation was in flight. One that still wants
    as much as it did will do with other parts or revisions.
    """
    if unit.build is None:
        return
    wanted = {name: one.quantity for name, one in unit.build.requirements.items()}
    edited = {name for name, version in unit.build.edited.items() if version > command.relied_on_version}
    relied_on = wanted if command.required is None else command.required
    for name in dict.fromkeys((*relied_on, *wanted)):
        was, now = relied_on.get(name), wanted.get(name)
        if was != now or (name in edited and name in wanted):
            yield Difference("requirement", name, unit.unit_id, None, was, now)
