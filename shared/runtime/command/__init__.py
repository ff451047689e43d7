"""The `asbuilt` command: try a plant out, look at runs and decide on them, operate the services.

It speaks HTTP and Kafka only, as anybody can.
"""

from shared.runtime.command.app import main

__all__ = ["main"]
