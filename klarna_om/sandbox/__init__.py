"""A KLARNA OF ONE'S OWN: a stateful stand-in for the API, for tests, trials and demonstrations.

    async with Sandbox() as sandbox:
        order = sandbox.order(order_amount=10_000)
        async with KlarnaClient(environment=sandbox.url, username="sandbox", password="sandbox") as klarna:
            await klarna.orders.acknowledge(order.order_id)
        assert sandbox.acknowledgements == 1

With pytest, ask for the fixture `klarna_sandbox`; from a shell, run `klarna-om sandbox`. A caller of the API
cannot tell it from Klarna by the rules, codes and headers that Klarna has published. Where nothing is
published, each file says which reading it took, and why that is the safe one.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from klarna_om.sandbox.clock import Clock
    from klarna_om.sandbox.faults import FaultPlan
    from klarna_om.sandbox.record import Seen
    from klarna_om.sandbox.room import Sandbox

__all__ = ["Clock", "FaultPlan", "Sandbox", "Seen"]

_HOME = {"Clock": "clock", "FaultPlan": "faults", "Sandbox": "room", "Seen": "record"}


def __getattr__(name: str) -> Any:
    """Import on first use: pytest imports this package wherever `klarna_om` is installed."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
