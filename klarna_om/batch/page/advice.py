"""What Klarna's documentation says about an error code, and about the kind of answer that it came with.

https://docs.klarna.com/resources/developer-tools/error-handling/error-codes-and-messages-for-order-management
https://docs.klarna.com/api/escalation-and-retry-policy
"""

from collections.abc import Mapping

from klarna_om.batch.states import State
from klarna_om.errors import NotFound
from klarna_om.types.vocabulary import ErrorCode

MEANINGS: Mapping[str, str] = {
    ErrorCode.BAD_REQUEST: "The request is malformed.",
    ErrorCode.CANCEL_NOT_ALLOWED: "The order has captures.",
    ErrorCode.CAPTURE_NOT_ALLOWED: (
        "The order is cancelled or expired, the amount is above what is left of its authorization, or its fraud review"
        " is pending."
    ),
    ErrorCode.CONFLICT: "It conflicts with the order's current state.",
    ErrorCode.INVALID_ADDRESS: "An address is not accepted; the message names what is wrong with it.",
    ErrorCode.INVALID_ORDER_ID: "The order id is not a UUID.",
    ErrorCode.INTERNAL_SERVER_ERROR: "An error at Klarna; the work may or may not be done.",
    ErrorCode.NOT_ALLOWED: "The order's state does not permit this change.",
    ErrorCode.NOT_FOUND: "No such order, capture or refund for this merchant in this environment.",
    ErrorCode.NO_SUCH_CAPTURE: "No such order or capture for this merchant in this environment.",
    ErrorCode.NO_SUCH_ORDER: "No such order for this merchant in this environment.",
    ErrorCode.REFUND_NOT_ALLOWED: "Nothing is captured, or the refunds would be more than the captures.",
    ErrorCode.REQUEST_TOO_LARGE: "The request is larger than Klarna accepts (1 MB).",
    ErrorCode.TEMPORARILY_UNAVAILABLE: "Klarna is temporarily unavailable; the work may or may not be done.",
    ErrorCode.TOO_MANY_REQUESTS: "The merchant's quota was used up; the request was turned away before acting.",
    ErrorCode.UNEXPECTED_ERROR: "An error at Klarna; the work may or may not be done.",
    ErrorCode.UNPROCESSABLE_ENTITY: "A field's value is not accepted; the message names it.",
}
"""Of the codes in Klarna's list. Another one has no entry: Klarna's own message is shown with each row."""

NO_ANSWER = "No usable answer came, so nobody here knows whether it was executed."

REPEATS = (
    "Klarna asks to repeat it under the same idempotency key after 5 seconds, 5 minutes and 5 hours, and to contact its"
    " support when that fails too. The job does the repeats."
)

BY_HAND = "Klarna asks not to repeat it as it is: correct it and send it again by hand, or contact its support."

SUPPORT = "Klarna asks to contact its support: the text for it is below."

SOURCES: Mapping[str, str] = {
    "Klarna's error codes": (
        "https://docs.klarna.com/resources/developer-tools/error-handling/error-codes-and-messages-for-order-management"
    ),
    "Klarna's policy of retries and escalation": "https://docs.klarna.com/api/escalation-and-retry-policy",
}


def meaning_of(outcome: str, status: int | None, error_code: str | None) -> str:
    """What the answer means; empty where Klarna's documentation does not say."""
    if status is None and outcome in _IN_DOUBT:
        return NO_ANSWER
    return MEANINGS.get(error_code or "", "")


def klarnas_advice(outcome: str, status: int | None) -> str:
    """What Klarna advises after an answer of this status; empty where nothing was sent."""
    if outcome == State.ESCALATED:
        return SUPPORT
    if outcome == State.UNKNOWN:
        return REPEATS
    if status == 404:
        return f"{BY_HAND} {_sentence(NotFound.advice)}"
    return "" if status is None else BY_HAND


_IN_DOUBT = (State.UNKNOWN, State.ESCALATED)


def _sentence(advice: str | None) -> str:
    text = advice or ""
    return f"{text[:1].upper()}{text[1:]}."
