"""Rules about what Klarna sends to a merchant, and about what it asks of clients."""

from klarna_om.sandbox.account import CAPTURE_AFTER_REJECTION
from klarna_om.sandbox.push_schedule import NOTIFICATION_DELAYS, PUSH_DELAYS
from klarna_om.sandbox.push_sender import PUSH_TIMEOUT
from klarna_om.sandbox.rules import sources
from klarna_om.sandbox.rules.rule import Rule

_HOUR = 3600
_FIRST_PUSHES = ", ".join(str(delay // 60) for delay in PUSH_DELAYS if delay <= _HOUR)


def _client(name: str, text: str, scenario: str) -> Rule:
    return Rule(name, text, sources.RETRY, f"sandbox/scenarios/test_naive_clients.py::test_{scenario}")


MESSAGES = (
    Rule(
        "push-times",
        f"pushes come {_FIRST_PUSHES} minutes after the purchase, then every 4 hours, for 48 hours in all",
        sources.PUSHES,
        "sandbox/test_pushes.py::test_the_schedule_is_klarnas",
    ),
    Rule(
        "push-end",
        "they end when the order is acknowledged",
        sources.PUSHES,
        "sandbox/test_pushes.py::test_pushes_end_when_the_order_is_acknowledged",
    ),
    Rule(
        "push-patience",
        f"a push is given up after {PUSH_TIMEOUT:g} seconds",
        sources.PUSH_TIMEOUT,
        "sandbox/test_pushes.py::test_klarna_gives_up_on_a_push_that_takes_too_long",
    ),
    Rule(
        "review-notifications",
        f"the end of a fraud review is posted every {NOTIFICATION_DELAYS[1] // 60} minutes for 24 hours, until a 200",
        sources.PENDING,
        "sandbox/test_notifications.py::test_a_notification_is_repeated_every_10_minutes_until_a_200",
    ),
    Rule(
        "rejected-order",
        f"a rejected order is cancelled unless it is captured within {CAPTURE_AFTER_REJECTION // _HOUR} hours",
        sources.PENDING,
        "sandbox/test_fraud_reviews.py::test_four_hours_after_a_rejection_klarna_cancels_the_order",
    ),
)
CLIENTS = (
    _client(
        "retry-5xx", "a client repeats a write after a 5xx, under its key", "a_client_that_gives_up_is_told_after_what"
    ),
    _client("retry-4xx", "a client does not repeat a request after a 3xx or 4xx", "a_refusal_that_is_repeated_fails"),
    _client(
        "no-answer",
        "without an answer it is unknown whether a write was executed; it is repeated only under its key",
        "a_new_key_for_each_attempt_fails",
    ),
)
