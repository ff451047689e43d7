"""Files of a run and its steps: what evidence has which content. The content itself is not a rule's business."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from services.run.domain import events, steps
from services.run.domain.commands import AttachFile, RecordValue
from services.run.domain.lookup import step_of
from services.run.domain.order import FieldDefinition, FieldKind
from services.run.domain.refusals import FileInvalid, FilesTooMany, UnknownField
from services.run.domain.run import AttachedFile, Run
from shared.kernel import changed, wrong_with_file

Events = tuple[events.AnyEvent, ...]

MOST_FILES = 500
"""Of a step, or of the run itself."""


def attach(run: Run, command: AttachFile) -> Events:
    """Attach a file; to a file field it is recorded as its value with that. Attached before, nothing changes.

    :raises FileInvalid: naming what is wrong with its description.
    :raises FilesTooMany: when there are as many as can be looked through.
    """
    what = next(_wrong(command), None)
    if what is not None:
        raise FileInvalid(what=what)
    field = _field(run, command)
    attached = _attached(run, command)
    if field is None or field.kind is not FieldKind.FILE:
        return attached
    return (*attached, *_recorded(run, command, attached))


def attached(run: Run, event: events.FileAttached) -> Run:
    """The run, or its step, has the file."""
    one = AttachedFile(
        event.sha256, event.name, event.media_type, event.size_bytes, event.by, event.at, event.field_id, event.uri
    )
    if event.step_id is None:
        return changed(run, files=(*run.files, one))
    step = run.steps[event.step_id]
    return changed(run, steps={**run.steps, event.step_id: changed(step, files=(*step.files, one))})


def _wrong(command: AttachFile) -> Iterator[str]:
    yield from wrong_with_file(command.sha256, command.name, command.media_type, command.size_bytes)
    if command.field_id is not None and command.step_id is None:
        yield f"the field {command.field_id} is named without its step"
    if command.uri is not None and not _is_absolute(command.uri):
        yield f"it is said to be at {command.uri!r}, which is no absolute URI"


def _is_absolute(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) and uri.isprintable() and " " not in uri


def _field(run: Run, command: AttachFile) -> FieldDefinition | None:
    if command.step_id is None:
        return None
    definition = step_of(run, command.step_id).definition
    if command.field_id is None:
        return None
    field = definition.field(command.field_id)
    if field is None:
        known = ", ".join(one.field_id for one in definition.fields) or "it has none"
        raise UnknownField(step_id=command.step_id, field_id=command.field_id, known=known)
    return field


def _attached(run: Run, command: AttachFile) -> tuple[events.FileAttached, ...]:
    there = run.files if command.step_id is None else run.steps[command.step_id].files
    wanted = (command.sha256, command.name, command.field_id)
    if any((one.sha256, one.name, one.field_id) == wanted for one in there):
        return ()
    if len(there) >= MOST_FILES:
        where = "The run" if command.step_id is None else f"The step {command.step_id}"
        raise FilesTooMany(where=where, most=MOST_FILES)
    return (
        events.FileAttached(
            run.run_id,
            command.by,
            command.at,
            command.sha256,
            command.name,
            command.media_type,
            command.size_bytes,
            command.step_id,
            command.field_id,
            command.uri,
        ),
    )


def _recorded(run: Run, command: AttachFile, happened: tuple[events.FileAttached, ...]) -> Events:
    """The file as the value of its field, unless it is that already."""
    assert command.step_id is not None  # noqa: S101 - a field has a step
    assert command.field_id is not None  # noqa: S101 - it has one here
    value = run.steps[command.step_id].current(command.field_id)
    if value is not None and value.value == command.sha256:
        return ()
    for event in happened:
        run = attached(run, event)
    asked = RecordValue(run.run_id, command.by, command.at, command.step_id, command.field_id, command.sha256)
    return steps.record(run, asked)
