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


def share(quantity: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """What a part needs of what the whole needs: so much of each piece as before, digit by digit."""
    return _EXACT.divide(_EXACT.multiply(quantity, part), whole)
