"""How a command fails: the obstacle, what resolves it, and an exit code that a script can act on."""

from enum import IntEnum
from typing import Any


class ExitCode(IntEnum):
    """What the exit codes mean; `asbuilt --help` tells them too."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    AWAY = 3
    NOT_FOUND = 4
    NOT_ALLOWED = 5


MEANINGS = {
    ExitCode.DONE: "done",
    ExitCode.REFUSED: "refused by the rules, or something that was to happen did not",
    ExitCode.USAGE: "wrong arguments or settings, or no plant to talk to",
    ExitCode.AWAY: "a service or the broker is away or too slow; try again",
    ExitCode.NOT_FOUND: "there is no such run, unit or record",
    ExitCode.NOT_ALLOWED: "the token is missing or not valid, or lacks the permission",
}


class CommandFailed(Exception):
    """The command ends here. ``code`` is stable; ``more`` is what a service's problem document says besides."""

    def __init__(self, exit_code: ExitCode, code: str, obstacle: str, resolve: str = "", **more: Any) -> None:
        super().__init__(f"{code}: {obstacle}")
        self.exit_code = exit_code
        self.code = code
        self.obstacle = obstacle
        self.resolve = resolve
        self.more = more

    @property
    def document(self) -> dict[str, Any]:
        """The failure as `--json` prints it."""
        return {"code": self.code, "obstacle": self.obstacle, "resolve": self.resolve, **self.more}
