"""What a command says: data on stdout, as a picture for a person or as JSON for a script; failures on stderr."""

import json
import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType
from rich.text import Text

from shared.runtime.command.errors import CommandFailed

WIDTH_WITHOUT_TERMINAL = 110

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script, not a picture for a person.")]


def console(*, stderr: bool = False) -> Console:
    """A console that keeps its lines together in a file or a pipe, where no terminal says how wide it is."""
    stream = sys.stderr if stderr else sys.stdout
    known = stream.isatty() or "COLUMNS" in os.environ
    return Console(stderr=stderr, width=None if known else WIDTH_WITHOUT_TERMINAL, highlight=False)


def say(document: Any, draw: Callable[[Any], RenderableType], *, as_json: bool) -> None:
    """Print a document."""
    if as_json:
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        console().print(draw(document))


def say_failure(failed: CommandFailed) -> None:
    """Print a failure: as JSON where the call asked for JSON anywhere, since it may have failed early."""
    if "--json" in sys.argv:
        sys.stderr.write(json.dumps(failed.document, indent=2, ensure_ascii=False) + "\n")
        return
    told = console(stderr=True)
    told.print(Text.assemble((f"{failed.code}: ", "bold red"), failed.obstacle))
    if failed.resolve:
        told.print(Text(failed.resolve, "dim"), soft_wrap=True)  # what it names may be a command to paste
