"""`python -m shared.testing.doomed SERVICE SEAM FILE`: a service that dies at a seam, by SIGKILL, once FILE is there.

It is the service itself, built by its own `app.py`, with a watch that ends it.
"""

import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from shared.messaging.watch import Seam, Unwatched
from shared.runtime import logs, server, settings


class Doom(Unwatched):
    """Ends this process at a seam, as soon as a file is there."""

    def __init__(self, seam: Seam, armed: Path) -> None:
        self._seam = seam
        self._armed = armed

    def passed(self, seam: Seam) -> None:
        """Die here, if this is the place and the time."""
        if seam is self._seam and self._armed.exists():
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Serve as the service would, and die where told."""
    name, seam, armed = sys.argv[1:]
    app: Any = import_module(f"services.{name}.app")
    loaded = settings.load()
    logs.configure(name, loaded.log_level, loaded.log_format)
    server.run(app.build(loaded, watch=Doom(Seam(seam), Path(armed))), loaded.http_host, loaded.http_port)


if __name__ == "__main__":
    main()
