"""Comments: what people and machines say about a run or a step. They change nothing that is reviewed."""

from services.run.domain import events
from services.run.domain.commands import Comment
from services.run.domain.lookup import step_of
from services.run.domain.refusals import CommentEmpty
from services.run.domain.run import Run

Events = tuple[events.AnyEvent, ...]


def comment(run: Run, command: Comment) -> Events:
    """Say something; on a step whatever its state, a signed one included.

    :raises CommentEmpty: when there is nothing to read.
    """
    if command.step_id is not None:
        step_of(run, command.step_id)
    if not command.text.strip():
        raise CommentEmpty
    return (events.Commented(run.run_id, command.by, command.at, command.comment_id, command.text, command.step_id),)
