"""What `simulate` and `replay` tell: progress while it goes on, a closing table, the same as a document."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from shared.runtime.command.feeds.endings import Ending
from shared.runtime.command.feeds.play import Played, Shown
from shared.runtime.command.shown import table

Document = dict[str, Any]


@contextmanager
def progress(told: Console, total: int | None, *, is_shown: bool) -> Iterator[Shown]:
    """Two bars: what was published, and what was answered."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=told, disable=not is_shown) as bars:
        published = bars.add_task("published", total=total)
        answered = bars.add_task("answered", total=total)

        def show(confirmed: int, ended: int) -> None:
            bars.update(published, completed=confirmed)
            bars.update(answered, completed=ended)

        yield show
        bars.update(published, total=bars.tasks[published].completed)
        bars.update(answered, total=bars.tasks[published].completed)


def document(played: Played) -> Document:
    """What became of a feed, for a script."""
    endings = played.endings
    kinds = {kind: _row(played, kind, number) for kind, number in sorted(endings.sent.items())}
    total = {one.value: endings.total(one) for one in Ending}
    reasons = [
        {"kind": kind, "ending": ending.value, "code": code, "times": number, "for_example": said}
        for kind, ending, code, number, said in endings.explained()
    ]
    return {
        "published": played.published,
        "publishing_s": round(played.publishing_s, 3),
        "answering_s": round(played.answering_s, 3),
        "endings": total,
        "kinds": kinds,
        "reasons": reasons,
    }


def drawn(told: Document) -> RenderableType:
    """The closing table."""
    rate = told["published"] / max(told["publishing_s"], 0.001)
    line = f"{told['published']:,} events published in {told['publishing_s']:.1f} s ({rate:,.0f} a second), "
    parts: list[RenderableType] = [_counts(told), Text(f"{line}waited {told['answering_s']:.1f} s for answers.")]
    if told["reasons"]:
        parts.insert(1, _reasons(told["reasons"]))
    return Group(*parts)


def _row(played: Played, kind: str, sent: int) -> Document:
    counts = played.endings.counts
    return {"published": sent, **{one.value: counts[kind, one] for one in Ending}}


def _counts(told: Document) -> RenderableType:
    shown = [
        one.value for one in Ending if told["endings"][one.value] or one in (Ending.DONE, Ending.REFUSED, Ending.PARKED)
    ]
    listed = table("What", "published", *shown, title="What became of it")
    listed.expand, listed.columns[-1].ratio = False, None
    for column in listed.columns[1:]:
        column.justify = "right"
    for kind, row in told["kinds"].items():
        listed.add_row(kind, *(_number(row[name]) for name in ("published", *shown)))
    listed.add_section()
    listed.add_row("all", _number(told["published"]), *(_number(told["endings"][name]) for name in shown))
    return listed


def _reasons(reasons: list[Document]) -> RenderableType:
    listed = table("What", "Ending", "Code", "Times", "For example", title="Why")
    for one in reasons:
        listed.add_row(*(escape(str(one[name])) for name in ("kind", "ending", "code", "times", "for_example")))
    return listed


def _number(number: int) -> str:
    return f"{number:,}" if number else "[dim]·[/]"
