"""One write at the command line: read the order, ask, send, say what happened."""

from collections.abc import Callable
from typing import NoReturn

from klarna_om.cli.call_klarna import call_klarna
from klarna_om.cli.confirm import confirm, require_terminal
from klarna_om.cli.plan import Effect, Plan, Target
from klarna_om.cli.write_result import end_done, end_failed, end_interrupted, end_unplanned
from klarna_om.client import KlarnaClient
from klarna_om.errors import KlarnaError
from klarna_om.workflows.reads import read_first

MakePlan = Callable[[Target], Plan]


def run_write(order_id: str, make_plan: MakePlan, *, asks: bool, as_json: bool) -> NoReturn:
    """Make the write that is planned once the order is read. The exit code is that of the outcome."""
    if asks:
        require_terminal()
    try:
        plan = make_plan(call_klarna(lambda klarna: _read(klarna, order_id)))
    except KlarnaError as error:
        end_unplanned(order_id, error, as_json=as_json)
    if (write := plan.write) is None:
        end_done(plan, plan.known, as_json=as_json)
    if asks:
        confirm(plan)
    try:
        effect: Effect = call_klarna(lambda klarna: plan.send(klarna, write))
    except KlarnaError as error:
        end_failed(plan, error, as_json=as_json)
    except KeyboardInterrupt:
        end_interrupted(plan, as_json=as_json)
    end_done(plan, effect, as_json=as_json)


async def _read(klarna: KlarnaClient, order_id: str) -> Target:
    order = await read_first(klarna.orders.get(order_id))
    return Target(order=order, order_id=order_id, is_kustom=klarna.environment.is_kustom)
