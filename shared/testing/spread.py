"""How the tests are spread over processes: which of them stay together."""

import re

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from shared.testing import feed

OF_A_SERVICE = re.compile(rf"tests/plumbing/.*\[({'|'.join(feed.services())})\]")


class Spread(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """The tests of one file stay together, for they share fixtures; and so do the plumbing tests of one service: what
    it leaves behind when nothing disturbs it is found out once for all of them.

    What is slow begins first: files come in the order of their folders, and those with rules end within a second.
    """

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        config.option.loadscopereorder = False  # by number of tests: the few that are slow would come last
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        found = OF_A_SERVICE.fullmatch(nodeid)
        return f"plumbing of {found[1]}" if found else super()._split_scope(nodeid)
