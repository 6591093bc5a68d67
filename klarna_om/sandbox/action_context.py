"""One operation on one order: everything that an action needs to decide about it."""

from collections.abc import Callable, Mapping

from attrs import frozen

from klarna_om.sandbox.account import Account, CaptureRecord, Document, build_order
from klarna_om.sandbox.lifecycle import Rule
from klarna_om.sandbox.results import RefusedError


@frozen(kw_only=True)
class ActionContext:
    """The argument of every action."""

    account: Account
    purchase: Callable[[], Document]
    """Returns the order as it was at the purchase; built when called."""
    order_id: str
    ids: Mapping[str, str]
    """The ids of the path."""
    body: Document
    """Validated; it has known fields only."""
    now: float
    rule: Rule

    def refusal(self, reason: str) -> RefusedError:
        """A 403 in Klarna's form: the reason, then what is not possible."""
        return RefusedError(403, self.rule.error_code, f"{reason} {self.rule.denial}")

    def not_found(self, kind: str, part_id: str) -> RefusedError:
        """A 404 for a capture or refund that this order does not have."""
        return RefusedError(404, self.rule.part_not_found, f"{kind} {part_id} cannot be found. {self.rule.denial}")

    def order(self) -> Document:
        """The order in its current state."""
        return build_order(self.account, self.purchase(), self.now)

    def capture(self) -> CaptureRecord:
        """The capture that the path names."""
        capture_id = self.ids["capture_id"]
        for capture in self.account.captures:
            if capture.capture_id == capture_id:
                return capture
        raise self.not_found("Capture", capture_id)
