"""The sandbox's ledger without a server: tests of its rules ask it directly."""

from typing import Any

from klarna_om.sandbox.answers import Answer
from klarna_om.sandbox.clock import Clock
from klarna_om.sandbox.ledger import Ledger, Task
from klarna_om.sandbox.making import made
from klarna_om.sandbox.seeds import Seeds

NOON = 1_700_049_600.0  # 2023-11-15, 12:00 UTC
AMOUNT = 10_000
READS = {"orders.get", "captures.list", "captures.get", "captures.due_date_options", "refunds.get"}
UNKNOWN = "7849fd84-47dc-4919-a7ce-47b9f461562f"


class Books:
    """A ledger with one order of 100.00, standing at noon."""

    def __init__(self) -> None:
        self.clock = Clock(lambda: NOON)
        self.ledger = Ledger(Seeds(1, 0, NOON), self.clock)
        self.order_id = ""
        self.open()

    def open(self, **fields: Any) -> None:
        """Make another order the one that is spoken of."""
        bought = made(1, len(list(self.ledger.order_ids())), self.clock(), {"order_amount": AMOUNT, **fields})
        self.ledger.add(bought)
        self.order_id = bought["order_id"]

    def do(self, operation: str, body: dict[str, Any] | None = None, **ids: str) -> Answer:
        ids = {"order_id": self.order_id, **ids}
        return self.ledger.do(Task(operation, ids, body or {}, operation not in READS))

    def capture(self, amount: int, **fields: Any) -> str:
        """Capture and return the capture's id."""
        created = self.do("captures.create", {"captured_amount": amount, **fields}).created
        assert created is not None
        return created.id

    def refund(self, amount: int, **fields: Any) -> Answer:
        return self.do("refunds.create", {"refunded_amount": amount, **fields})

    @property
    def order(self) -> dict[str, Any]:
        return self.ledger.show(self.order_id)


def refused(answer: Answer) -> tuple[int, str, str]:
    """What a refusal says."""
    return answer.status, answer.error_code, " ".join(answer.error_messages)
