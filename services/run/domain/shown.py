"""What a completion review is made of: blockers and warnings, each with the way out and where it is taken.

Named tuples, because a review of a large run makes thousands of them.
"""

from collections.abc import Sequence
from functools import lru_cache, partial
from itertools import chain
from operator import itemgetter
from typing import NamedTuple
from urllib.parse import quote

OR_ACKNOWLEDGE = ", or acknowledge it when confirming."
"""The way out that every warning has besides its own."""


class Blocker(NamedTuple):
    """What makes completion impossible, on every path.

    ``resolve`` says the way out, ``link`` is the path of the resource that takes it, and who can take it holds
    ``permission`` and, where one is named, ``role``. ``policy`` names the policy that made a warning a blocker.
    """

    code: str
    subject: str
    sentence: str
    resolve: str
    link: str
    permission: str
    role: str | None = None
    policy: str | None = None


class Warned(NamedTuple):
    """What must be acknowledged, by code and subject, to confirm; ``resolve``, ``link`` and ``permission`` as above."""

    code: str
    subject: str
    sentence: str
    resolve: str
    link: str
    permission: str


def path(*parts: str) -> str:
    """The path of a resource of the API; ids may hold anything, so they are quoted."""
    return "/" + "/".join(map(quoted, parts))


quoted = lru_cache(maxsize=10_000)(partial(quote, safe=""))
"""A part of a path, whatever it holds."""


made = partial(tuple.__new__, Blocker)
"""A blocker of all its members, in half the time that naming them takes."""


def text_of(shown: Sequence[Blocker | Warned]) -> str:
    """All that they say, as one text that no others of their number make: nothing that is kept holds a NUL. Role and
    policy, which few have, are not in it.
    """
    return "\0".join(chain.from_iterable(map(_SAID, shown)))


_SAID = itemgetter(slice(0, Blocker._fields.index("role")))
