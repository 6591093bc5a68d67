"""The sandbox's ledger without a server: tests of its rules call it directly."""

from typing import Any

from klarna_om.sandbox.clock import Clock
from klarna_om.sandbox.ledger import Ledger, OperationCall
from klarna_om.sandbox.order_factory import make_order
from klarna_om.sandbox.results import Result
from klarna_om.sandbox.seeded_orders import SeededOrders

NOON = 1_700_049_600.0  # 2023-11-15, 12:00 UTC
AMOUNT = 10_000
READS = {"orders.get", "captures.list", "captures.get", "captures.due_date_options", "refunds.get"}
UNKNOWN_ID = "7849fd84-47dc-4919-a7ce-47b9f461562f"


def clock_at_noon() -> Clock:
    """A clock of the sandbox that stands still until a test moves it."""
    return Clock(lambda: NOON)


class LedgerDriver:
    """A ledger with one order of 100.00, at noon."""

    def __init__(self) -> None:
        self.clock = clock_at_noon()
        self.ledger = Ledger(SeededOrders(1, 0, NOON), self.clock)
        self.order_id = ""
        self.add_order()

    def add_order(self, **fields: Any) -> None:
        """Add an order; all calls are about it from now on."""
        number = len(list(self.ledger.order_ids()))
        purchase = make_order(1, number, self.clock(), {"order_amount": AMOUNT, **fields})
        self.ledger.add(purchase)
        self.order_id = purchase["order_id"]

    def execute(self, operation: str, body: dict[str, Any] | None = None, **ids: str) -> Result:
        ids = {"order_id": self.order_id, **ids}
        return self.ledger.execute(OperationCall(operation, ids, body or {}, operation not in READS))

    def capture(self, amount: int, **fields: Any) -> str:
        """Capture and return the capture's id."""
        created = self.execute("captures.create", {"captured_amount": amount, **fields}).created
        assert created is not None
        return created.id

    def refund(self, amount: int, **fields: Any) -> Result:
        return self.execute("refunds.create", {"refunded_amount": amount, **fields})

    @property
    def order(self) -> dict[str, Any]:
        return self.ledger.order(self.order_id)


def refusal_of(result: Result) -> tuple[int, str, str]:
    """The status, code and message of a refusal."""
    return result.status, result.error_code, " ".join(result.error_messages)
