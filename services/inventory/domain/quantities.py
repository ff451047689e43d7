"""Exact arithmetic: a sum or difference of quantities loses no digit, however many they have."""

from decimal import Context, Decimal, Inexact

_EXACT = Context(prec=400, traps=[Inexact])
"""More digits than a sum of what contracts let through can have."""


def plus(one: Decimal, other: Decimal) -> Decimal:
    """Their sum, digit by digit."""
    return _EXACT.add(one, other)


def minus(one: Decimal, other: Decimal) -> Decimal:
    """Their difference, digit by digit."""
    return _EXACT.subtract(one, other)
