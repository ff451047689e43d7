"""What every service runs on: settings, database, telemetry, identity, HTTP, health, and the `asbuilt` command."""
