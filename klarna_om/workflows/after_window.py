"""Klarna's time limits for an intent: how long its key holds, what is safe after that, and when it is tried again.

Klarna keeps a key for 24 hours from its first use. After that the same call may be executed again, so each write has
its own rule. The outbox and the batch go by this table.
"""

from collections.abc import Mapping
from enum import StrEnum

from attrs import frozen

KEY_VALIDITY = 23 * 3600.0
"""Seconds for which a key is used again: Klarna's 24 hours less one, since a call may wait, and clocks differ."""

CLOCK_SLACK = 1800.0
"""Seconds by which a first use may be in the future before its age counts as unknown."""

TIERS = (5.0, 300.0, 18_000.0)
"""Seconds after the first, second and third failed call. https://docs.klarna.com/api/escalation-and-retry-policy"""


class Expired(StrEnum):
    """What is done with an intent that may have been sent, under a key that Klarna may have forgotten."""

    VERIFY = "verify"
    """The order is read before anything is written."""
    RESEND = "resend"
    """It is sent again, under the next key: right for what is harmless to repeat."""
    FAIL = "fail"
    """Nothing is sent; a person decides."""


@frozen
class AfterWindow:
    """What is done after a key's 24 hours, and why that is right for the operation."""

    step: Expired
    reason: str


AFTER_WINDOW: Mapping[str, AfterWindow] = {
    "captures.create": AfterWindow(Expired.VERIFY, "the order's captures are read, and found again by reference"),
    "refunds.create": AfterWindow(Expired.VERIFY, "the order's refunds are read, and found again by reference"),
    "orders.cancel": AfterWindow(Expired.RESEND, "an order is cancelled once; a second refusal is read back"),
    "orders.acknowledge": AfterWindow(Expired.RESEND, "repeating it is harmless, as Klarna says"),
    "orders.update_merchant_references": AfterWindow(Expired.RESEND, "it sets the same two values, and nothing else"),
    "orders.release_remaining_authorization": AfterWindow(
        Expired.FAIL, "an authorization that was raised since would be released too"
    ),
    "orders.update_authorization": AfterWindow(Expired.FAIL, "it would undo a later change, after a new risk check"),
    "orders.update_customer_details": AfterWindow(Expired.FAIL, "each is a new credit check of the customer"),
    "orders.extend_authorization_time": AfterWindow(Expired.FAIL, "on another day it extends once more"),
    "orders.add_shipping_info": AfterWindow(Expired.FAIL, "it would be appended twice"),
    "captures.add_shipping_info": AfterWindow(Expired.FAIL, "it would be appended twice"),
    "captures.trigger_send_out": AfterWindow(Expired.FAIL, "the customer would get the mail twice"),
    "captures.extend_due_date": AfterWindow(Expired.FAIL, "it would be extended, and paid for, twice"),
}
"""Every write of the catalogue."""


def delay_after(failed_calls: int) -> float | None:
    """Seconds until the next call after that many failed ones; None where a person must look."""
    return TIERS[failed_calls - 1] if failed_calls <= len(TIERS) else None
