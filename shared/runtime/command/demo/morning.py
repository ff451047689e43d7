"""The morning: plant systems speak, each on its own topic, and what the services make of it."""

from shared.contracts.catalog import PLANT_STEPS
from shared.runtime.command import shown
from shared.runtime.command.demo import pictures, said
from shared.runtime.command.demo.plan import REQUIREMENTS, STEPS
from shared.runtime.command.demo.stage import Document, Stage, step_of


def play(on: Stage) -> None:
    """Three runs are ordered and worked on."""
    publish(on)
    arrive(on)
    look(on)


def publish(on: Stage) -> None:
    """Plant systems speak, in whatever order; one of them rubbish."""
    first = on.shift.blocked
    note, say, shift = on.tell.note, on.floor.say, on.shift
    on.tell.act("The plant works: three runs, each builds a pump")
    note("[cyan]plant.units[/]     receiving scans motors, one a substitute, bearings, and two lots of seals")
    say("receiving", *shift.received(), *(unit for plan in shift.plans for unit in plan.received()))
    note("[cyan]plant.installs[/]  a scanner: motor, left bearing, seals; ahead of the order, which nobody knows yet")
    early = (said.installed(first, "motor", first.motor), said.bearing_installed(first, "left"))
    say("scanner-2", *early, said.sealed(first, first.lot))
    note(f"[cyan]plant.steps[/]     a gateway whose line broke: [red]{said.RUBBISH.decode()}[/]")
    on.floor.say_rubbish(PLANT_STEPS.name, shift.gateway, said.RUBBISH)
    names = "{}, {} and {}".format(*(plan.run_id for plan in shift.plans))
    note(f"[cyan]plant.orders[/]    the ERP orders {names}: {len(STEPS)} steps, {len(REQUIREMENTS)} requirements")
    say("erp", *(plan.order() for plan in shift.plans))
    work(on)


def work(on: Stage) -> None:
    """Tools and test stands speak, for all three runs."""
    first, second, third = on.shift.plans
    note, say = on.tell.note, on.floor.say
    note(f"[cyan]plant.installs[/]  the seals of the other two, {second.run_id} from another lot")
    say("scanner-2", said.sealed(second, second.lot), said.sealed(third, third.lot))
    note(f"[cyan]plant.steps[/]     the torque tool, 24.0 ± 1.5 N·m: {first.run_id} gets 24.2 and 27.9, the others 24")
    torqued = [*said.torqued(first, "24.2", "27.9"), *said.torqued(second, "24.1", "23.8")]
    say("torque-tool-3", *torqued, *said.torqued(third, "24.0", "24.3"))
    note(f"[cyan]plant.steps[/]     the leak stand, at most 0.5 mL/min: {second.run_id} fails with 0.83")
    say("leak-stand-1", *said.leak_test_failed(second, "0.83"), *said.leak_tested(third, "0.12"))


def arrive(on: Stage) -> None:
    """What the services made of it."""
    first, second, third = (on.of(plan) for plan in on.shift.plans)
    for one in (first, second, third):
        _is_there(one)
    name, happens = first.plan.run_id, on.tell.happens
    happens(f"{name}: torque is signed off, bolt 2 is out of range", lambda: _bolt_2_is_out(first))
    happens("the installs that came too early are taken up by themselves", lambda: first.run()["installations"][2:])
    happens(f"{second.plan.run_id}: the leak test failed; its issue opens, unasked", lambda: _failed(second))
    happens("the seals of the other two are taken off their lots", lambda: _sealed(second) and _sealed(third))
    happens(f"{third.plan.run_id}: the leak test is signed off", lambda: _leak_tested(third))
    record = happens("the gateway's rubbish stands aside, and nothing waited for it", on.rubbish)
    on.tell.show(shown.parked([record]))


def _is_there(on: Stage) -> None:
    plan = on.plan
    on.tell.happens(f"{plan.run_id} is ordered, with everything that it executes", lambda: on.run()["run_id"])
    on.tell.happens(f"inventory claims {plan.serial}: wip", lambda: on.unit()["status"] == "wip")


def look(on: Stage) -> None:
    """Where the three stand."""
    on.tell.show(pictures.board([(on.of(plan).run(), on.of(plan).review()) for plan in on.shift.plans]))


def _bolt_2_is_out(on: Stage) -> bool:
    step = step_of(on.run(), "torque")
    bolt = next(one for one in step["fields"] if one["field_id"] == "bolt-2")
    return bool(step["state"] == "complete" and bolt["verdict"] == "out-of-range")


def _failed(on: Stage) -> Document | None:
    """The issue of the step that failed."""
    issues: list[Document] = on.run()["issues"]
    is_failed = step_of(on.run(), "leak-test")["state"] == "failed"
    return issues[0] if is_failed and issues else None


def _leak_tested(on: Stage) -> bool:
    return bool(step_of(on.run(), "leak-test")["state"] == "complete")


def _sealed(on: Stage) -> bool:
    return any(one["requirement_id"] == "seals" for one in on.run()["installations"])
