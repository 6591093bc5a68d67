"""A stateful stand-in for Klarna's API, for tests, trials and demonstrations.

    async with Sandbox() as sandbox:
        order = sandbox.order(order_amount=10_000)
        await sandbox.client().orders.acknowledge(order.order_id)
        assert sandbox.acknowledgements == 1

With pytest, use the fixture `klarna_sandbox`; from a shell, run `klarna-om sandbox`. The sandbox follows the
rules, error codes and headers that Klarna has published. Where nothing is published, each file states which
behaviour it assumes, and why that is the safe one.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from klarna_om.sandbox.clock import Clock
    from klarna_om.sandbox.faults import FaultPlan
    from klarna_om.sandbox.push_log import SentPush
    from klarna_om.sandbox.request_log import LoggedRequest
    from klarna_om.sandbox.sandbox import Sandbox

__all__ = ["Clock", "FaultPlan", "LoggedRequest", "Sandbox", "SentPush"]

_MODULES = {
    "Clock": "clock",
    "FaultPlan": "faults",
    "LoggedRequest": "request_log",
    "Sandbox": "sandbox",
    "SentPush": "push_log",
}


def __getattr__(name: str) -> Any:
    """Import on first use: pytest imports this package wherever `klarna_om` is installed."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
