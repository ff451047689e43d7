"""Alembic's environment; everything is in `shared.runtime.migrations`."""

from shared.runtime.migrations import run_env

run_env()
