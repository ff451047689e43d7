"""Tells the story, and checks that what it tells happened."""

from collections.abc import Callable
from time import monotonic, sleep
from typing import Any, TypeVar

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from shared.runtime.command.errors import CommandFailed, ExitCode
from shared.runtime.command.shown import NOT_OK, OK

T = TypeVar("T")

WITHIN_S = 120.0
"""Far longer than anything takes, on a machine that has much else to do."""
LOOK_EVERY_S = 0.05


class Teller:
    """Prints the acts and their checks. A check that fails ends the demo with its name."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.checked = 0

    def act(self, title: str) -> None:
        """A new part of the story."""
        self._console.print()
        self._console.rule(f"[bold]{title}[/]", align="left", style="dim")

    def command(self, call: str) -> None:
        """A command to paste, in one piece however long it is."""
        self._console.print(Text(f"  {call}", style="green"), soft_wrap=True)

    def note(self, text: str) -> None:
        """Something that is done now."""
        self._line("[dim]→[/]", text)

    def show(self, drawn: RenderableType) -> None:
        """A table or a tree."""
        self._console.print(Padding(drawn, (0, 0, 0, 2)))

    def happens(self, what: str, look: Callable[[], T | None], within_s: float = WITHIN_S) -> T:
        """Wait until something is seen.

        :raises CommandFailed: naming what did not happen in time, and the last answer to the question.
        """
        deadline = monotonic() + within_s
        while True:
            found, last = _seen(look)
            if found:
                self._passed(what)
                return found
            if monotonic() > deadline:
                raise self._failed(what, last or f"not seen within {within_s:.0f} s")
            sleep(LOOK_EVERY_S)

    def holds(self, what: str, found: object, *, expected: object) -> None:
        """Something is as it is expected to be, now."""
        if found != expected:
            raise self._failed(what, f"expected {expected!r}, found {found!r}")
        self._passed(what)

    def is_refused(self, what: str, code: str, attempt: Callable[[], Any]) -> CommandFailed:
        """An attempt ends with the refusal of that code."""
        try:
            attempt()
        except CommandFailed as refused:
            if refused.code != code:
                raise self._failed(what, f"refused with {refused}") from None
            self._passed(f"{what}: [yellow]{code}[/]. {escape(refused.resolve)}")
            return refused
        raise self._failed(what, "it was not refused")

    def _passed(self, what: str) -> None:
        self.checked += 1
        self._line(OK, what)

    def _line(self, mark: str, text: str) -> None:
        """A mark, and a text whose further lines stay beside it."""
        line = Table.grid(padding=(0, 1))
        line.add_row("", mark, text)
        self._console.print(line)

    def _failed(self, what: str, why: str) -> CommandFailed:
        self._line(NOT_OK, what)
        return CommandFailed(ExitCode.REFUSED, "did-not-happen", f"{what}: {why}", "The logs may say why.")


def _seen(look: Callable[[], T | None]) -> tuple[T | None, str]:
    """What is seen now; a refusal may only mean that it is not there yet."""
    try:
        return look(), ""
    except CommandFailed as failed:
        return None, str(failed)
