"""Subscriptions by type: a pattern is compared with a type's name without ``asbuilt.`` and version.

``*`` stands for any characters: ``run.*`` matches ``asbuilt.run.completed.v1``, ``*.change-refused`` every refusal,
``*`` everything.
"""

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import lru_cache

from services.notification.domain.refusals import PatternUnknown

SHAPE = re.compile(r"[a-z0-9.*-]+")
SHOWN = 5


@lru_cache(maxsize=10_000)
def matches(pattern: str, event_type: str) -> bool:
    """Whether a pattern matches a type, given by its full name."""
    return fnmatchcase(name_of(event_type), pattern)


def name_of(event_type: str) -> str:
    """The name that patterns are compared with: ``run.completed`` of ``asbuilt.run.completed.v1``."""
    return event_type.removeprefix("asbuilt.").rpartition(".v")[0]


def check(patterns: Iterable[str], offered: Collection[str]) -> None:
    """Every pattern matches a type that is offered, given by full names.

    :raises PatternUnknown: for the first that matches none, naming near ones.
    """
    for pattern in patterns:
        if not SHAPE.fullmatch(pattern) or not any(matches(pattern, one) for one in offered):
            raise PatternUnknown(pattern=pattern, near=", ".join(_near(pattern, offered)))


def _near(pattern: str, offered: Iterable[str]) -> list[str]:
    names = sorted({name_of(one) for one in offered})
    families = sorted({f"{name.partition('.')[0]}.*" for name in names})
    asked = name_of(pattern) if pattern.startswith("asbuilt.") and ".v" in pattern else pattern
    return get_close_matches(asked, [*names, *families], n=SHOWN, cutoff=0.5) or [*families, "*"]
