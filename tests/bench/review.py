"""The part `review`: how long the rules take for the completion review of a large run, its version included (ms)."""

from datetime import UTC, datetime
from decimal import Decimal
from statistics import median
from time import perf_counter

from services.run.domain.commands import AnyCommand, OrderRun, RecordValue, SignOff
from services.run.domain.decide import decide
from services.run.domain.evolve import evolve
from services.run.domain.order import FieldDefinition, FieldKind, Order, StepDefinition, Target
from services.run.domain.review import review
from services.run.domain.run import Run
from shared.kernel import Actor

RUN_ID = "BENCH-REVIEW"
STEPS = 500
FIELDS = 10
"""Of each step: 5,000 values."""
TIMES = 25
NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
BY = Actor("bench", "station-1")


def reviewing() -> dict[str, dict[str, float]]:
    """The review of a run of 500 steps and 5,000 fields: when nothing is done, half of it, and all."""
    figures = {}
    run = _after(None, OrderRun(RUN_ID, BY, NOON, _order()))
    figures["ordered_5500_blockers_ms"] = _ms(run)
    for number in range(STEPS):
        for field in range(FIELDS):
            value = Decimal("25.1") if field else Decimal("30.1")
            run = _after(run, RecordValue(RUN_ID, BY, NOON, f"S{number}", f"F{field}", value))
        run = _after(run, SignOff(RUN_ID, BY, NOON, f"S{number}"))
        if number == STEPS // 2:
            figures["half_done_ms"] = _ms(run)
    figures["done_500_warnings_ms"] = _ms(run)
    return {"review": figures}


def _after(run: Run | None, command: AnyCommand) -> Run:
    for event in decide(run, command):
        run = evolve(run, event)
    assert run is not None
    return run


def _ms(run: Run) -> float:
    """The median over some times."""
    took_s = []
    for _ in range(TIMES):
        began = perf_counter()
        assert review(run).version
        took_s.append(perf_counter() - began)
    return median(took_s) * 1000


def _order() -> Order:
    fields = tuple(
        FieldDefinition(f"F{field}", f"Torque {field}", FieldKind.NUMBER, True, "N·m", Decimal(24), Decimal(26))
        for field in range(FIELDS)
    )
    steps = tuple(StepDefinition(f"S{number}", f"Fasten {number}", "", True, (), fields) for number in range(STEPS))
    target = Target("SN-1", "SN-1", None, Decimal(1), "each")
    return Order(RUN_ID, "GBX-200", "C", "Gearbox", "7", target, None, None, None, None, steps, (), ())
