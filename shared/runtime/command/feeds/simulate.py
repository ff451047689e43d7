"""`asbuilt simulate`: a plant of stations that publish what they build."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import count
from time import monotonic
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from shared.runtime.command.errors import ExitCode
from shared.runtime.command.feeds import told
from shared.runtime.command.feeds.cluster import PATIENCE_S, Bootstrap, Patience, settings_for
from shared.runtime.command.feeds.floor import TOPICS, Rubbish, Said, floor
from shared.runtime.command.feeds.play import play
from shared.runtime.command.feeds.sending import Sending, sending
from shared.runtime.command.saying import AsJson, console, say

RUNS = 100
"""Runs where neither their number nor a time is given."""

MOST_COUNTED = 10_000
"""Runs whose events are counted beforehand, for the progress bar, at most."""


def simulate(
    context: typer.Context,
    stations: Annotated[int, typer.Option(min=1, max=1000, help="Stations that work side by side.")] = 10,
    rate: Annotated[float, typer.Option(min=0, help="Events a second; 0: as fast as Kafka takes them.")] = 100,
    runs: Annotated[int | None, typer.Option(min=1, help=f"Runs in all; {RUNS} if no --seconds either.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="Stop after so long.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Repeats a simulation: the same events again. A new one if absent.")
    ] = None,
    rubbish: Annotated[float, typer.Option(min=0, max=0.9, help="Share of records that nobody can read.")] = 0.01,
    bootstrap: Bootstrap = None,
    patience: Patience = PATIENCE_S,
    *,
    as_json: AsJson = False,
) -> None:
    """Simulate a plant: stations that order, receive, build, measure and sign off gearboxes.

    Most values are in range; one out of range is measured again. Some records are rubbish, which stalls nobody. The
    same seed repeats the same events; where they are known already, they change nothing.

    Exit code 3 when some events got no answer.
    """
    settings = settings_for(context, bootstrap)
    chosen = seed if seed is not None else int(datetime.now(UTC).timestamp())
    at_most = RUNS if runs is None and seconds is None else runs
    said = floor(chosen, stations, at_most, rubbish)
    total = _total(floor(chosen, stations, at_most, rubbish), at_most, seconds, rate)
    with told.progress(console(stderr=True), total, is_shown=not as_json) as show:
        played = play(settings, (feed(said, rate, seconds),), TOPICS, patience, show)
    document = {"seed": chosen, "stations": stations, "rate": rate, "rubbish": rubbish, **told.document(played)}
    say(document, _drawn, as_json=as_json)
    if not played.is_read:
        raise typer.Exit(ExitCode.AWAY)


def feed(said: Iterable[Said | Rubbish], rate: float, seconds: float | None) -> Iterator[Sending]:
    """What the stations say as records: at ``rate`` a second, for ``seconds`` at most, happening as it is sent."""
    began = monotonic()
    for number, one in zip(count(), said, strict=False):
        due_s = number / rate if rate else 0.0
        if seconds is not None and max(due_s, monotonic() - began) > seconds:
            return
        match one:
            case Said():
                yield sending(one.data, event_id=one.id, source=one.source, at=datetime.now(UTC), due_s=due_s)
            case Rubbish():
                yield Sending(due_s, "rubbish", one.id, one.topic, one.id, one.body)


def _total(events: Iterable[object], runs: int | None, seconds: float | None, rate: float) -> int | None:
    """How many events there will be at most, where that is soon known."""
    if seconds is not None:
        return int(seconds * rate) + 1 if rate else None
    return sum(1 for _ in events) if runs is not None and runs <= MOST_COUNTED else None


def _drawn(document: dict[str, Any]) -> RenderableType:
    head = f"{document['stations']} stations; --seed {document['seed']} repeats it"
    return Group(Text(head, style="bold"), told.drawn(document))
