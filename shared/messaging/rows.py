"""Rows for bulk statements: a statement takes one array per column (`unnest`)."""

from collections.abc import Iterable, Mapping
from typing import Any


def transposed(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """One list per column from one mapping per row; every row has the columns of the first."""
    gathered = list(rows)
    return {name: [row[name] for row in gathered] for name in gathered[0]}
