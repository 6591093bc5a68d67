"""A scenario as data: an order, what happens on the way to Klarna, the calls to make, and what must come of them."""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen

from klarna_om.catalogue import CATALOGUE
from klarna_om.operation import Operation
from klarna_om.sandbox.request_log import LoggedRequest

DONE, REFUSED, NOT_SENT, UNKNOWN = "done", "refused", "not_sent", "unknown"
OUTCOMES: Mapping[str, str] = {
    DONE: "it happened",
    REFUSED: "Klarna answered no",
    NOT_SENT: "nothing was changed at Klarna",
    UNKNOWN: "it may have happened",
}
"""What a client can report of a call, in the kit's words."""

ALWAYS = 1_000
"""As a number of failures: more than any client tries."""


@frozen(kw_only=True)
class Evidence:
    """What a verdict is made from."""

    requests: tuple[LoggedRequest, ...]
    """Those of the scenario's operation on its order, in the order in which they were answered."""
    effects: int
    """How often the operation was executed on the order."""
    reported: str | None
    """What the client reported, one of `OUTCOMES`; None before it did."""
    seconds: float
    """How long the fault took, where it takes time."""


@frozen
class Check:
    """One thing that must be true of the evidence."""

    rule: str
    """What must be true, in words."""
    find: Callable[[Evidence], str]
    """Returns why it is not; empty where it is."""


@frozen(kw_only=True)
class Scenario:
    """One row of the kit."""

    name: str
    situation: str
    """What happens to the client's request."""
    task: str
    """What the client has to do."""
    operation: str
    bodies: tuple[Mapping[str, Any], ...] = ({},)
    """Of the calls to make, one after the other."""
    checks: tuple[Check, ...]
    rules: tuple[str, ...]
    """The names of the sandbox's rules that it rests on; their sources are the scenario's."""
    order: Mapping[str, Any] = field(factory=lambda: {"order_amount": 1000})
    failure: Mapping[str, Any] | None = None
    """What `fail_next` gets, beside the operation and the order."""
    is_report_needed: bool = False
    """Whether what the client says decides, not only what it sent."""

    @property
    def seconds(self) -> float:
        """How long its fault takes unless it is started with another time; 0 where it takes none."""
        return float((self.failure or {}).get("seconds", 0.0))

    @property
    def method(self) -> str:
        """Of its calls."""
        return self._row.method

    def path(self, order_id: str) -> str:
        """Of its calls."""
        return self._row.path.format(order_id=order_id)

    @property
    def _row(self) -> Operation[Any]:
        return next(row for row in CATALOGUE if row.name == self.operation)
