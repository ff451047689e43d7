"""Commands that a person is told to run: they do what they say when they are pasted as they stand, in another terminal
that stands in the same directory.
"""

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from shared.runtime.embedded.described import HOME, PLANT_FILE, UP

NAME = "asbuilt"
PLANT_VARIABLE = "ASBUILT_PLANT"


def asbuilt(*arguments: str, plant: Path | None = None, urls: Mapping[str, str] | None = None) -> str:
    """A call of this program, quoted for a shell, that goes to this plant or these services; without either, to
    whatever plant a call finds by itself.
    """
    named = () if plant is None or _is_found_first(plant) else ("--plant", str(plant))
    services = (word for name, url in (urls or {}).items() for word in ("--url", f"{name}={url}"))
    return shlex.join((program(), *named, *services, *arguments))


def program() -> str:
    """How this program was called: by its name where a shell finds it by that, else by its path (as by `make demo`)."""
    called = Path(sys.argv[0])
    if called.name != NAME or not called.exists():
        return NAME
    found = shutil.which(NAME)
    return NAME if found is not None and called.samefile(found) else str(called)


def _is_found_first(plant: Path) -> bool:
    """Whether a call without a plant's name goes there for certain: a demo's is found only until a newer one runs."""
    first = HOME / UP
    return PLANT_VARIABLE not in os.environ and plant.resolve() in (first.resolve(), (first / PLANT_FILE).resolve())
