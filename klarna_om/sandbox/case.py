"""One operation on one order: everything that deciding it needs."""

from collections.abc import Callable, Mapping

from attrs import frozen

from klarna_om.sandbox.account import Account, Captured, Document, order_document
from klarna_om.sandbox.answers import RefusedError
from klarna_om.sandbox.lifecycle import Rule


@frozen
class Case:
    """What an action is given."""

    account: Account
    bought: Callable[[], Document]
    """The order as it was bought; made when called."""
    order_id: str
    ids: Mapping[str, str]
    """Of the path."""
    body: Document
    """Checked against the limits; only known fields."""
    now: float
    rule: Rule

    def refusal(self, reason: str) -> RefusedError:
        """A 403 in Klarna's shape: the reason, then what is not possible."""
        return RefusedError(403, self.rule.error_code, f"{reason} {self.rule.impossible}")

    def missing(self, what: str, part_id: str) -> RefusedError:
        """A 404 for a capture or refund that this order does not have."""
        return RefusedError(404, self.rule.missing_part, f"{what} {part_id} cannot be found. {self.rule.impossible}")

    def document(self) -> Document:
        """The order as it stands."""
        return order_document(self.account, self.bought(), self.now)

    def capture(self) -> Captured:
        """The capture that the path names."""
        wanted = self.ids["capture_id"]
        for capture in self.account.captures:
            if capture.capture_id == wanted:
                return capture
        raise self.missing("Capture", wanted)
