"""Mistakes with idempotency keys: how they are sent, guarded, and grow old."""

from tests.proofs.mutants.mutant import CUTS, MACHINE, mistake
from tests.proofs.rewrite import Argument, Rewrite

KEYS = "tests/middleware/test_idempotency.py::"
EXPIRY = "tests/middleware/test_key_expiry.py::"

FRESH_KEY = Rewrite(
    "RetriedCall.send_again",
    "R.with_changes(attempt=A)",
    'R.with_changes(attempt=A, headers={**R.headers, "Klarna-Idempotency-Key": f"{R.idempotency_key}-{A}"})',
)
NO_GUARD = Rewrite("KeyGuard.use", "if A != B:\n    raise C", "pass")

MUTANTS = (
    mistake(
        "a fresh key for each attempt",
        "middleware/retried_call.py",
        FRESH_KEY,
        caught_by=f"{CUTS}test_a_retry_after_any_cut_point_has_one_effect_one_key_and_the_same_bytes"
        "[request-close-201-executed]",
        of_each_kind=True,
    ),
    mistake(
        "a fresh key for each attempt, before the machine", "middleware/retried_call.py", FRESH_KEY, caught_by=MACHINE
    ),
    mistake(
        "a key that can be given and is never sent",
        "operation.py",
        Argument("Operation.request", "headers", "headers"),
        caught_by=f"{KEYS}test_the_callers_key_is_sent_as_it_is",
    ),
    mistake(
        "the guard removed",
        "middleware/key_guard.py",
        NO_GUARD,
        caught_by=f"{KEYS}test_a_key_for_another_body_path_or_method_is_refused_before_a_byte_is_sent",
        of_each_kind=True,
    ),
    mistake("the guard removed, before the machine", "middleware/key_guard.py", NO_GUARD, caught_by=MACHINE),
    mistake(
        "the guard belongs to the client, not to the merchant",
        "client.py",
        Rewrite("KlarnaClient.__init__", "guard_of(A)", "guard_of(object())"),
        caught_by=f"{KEYS}test_two_clients_of_one_merchant_share_the_guard",
        of_each_kind=True,
    ),
    mistake(
        "equal calls under way are not joined",
        "middleware/key_guard.py",
        Rewrite("KeyGuard.use", "if A.is_running:\n    return None", "pass"),
        caught_by=f"{KEYS}test_concurrent_calls_that_are_the_same_share_one_request",
    ),
    mistake(
        "the guard forgets a key before Klarna does",
        "middleware/key_guard.py",
        Rewrite("Use.retry_until", "KEY_LIFETIME", "KEY_LIFETIME / 2"),
        caught_by=f"{KEYS}test_after_24_hours_a_key_is_free_again",
    ),
    mistake(
        "a key is valid again from each use",
        "middleware/key_guard.py",
        Rewrite("KeyGuard.use", "A.is_running = True", "A.is_running, A.first_used = True, now"),
        caught_by=f"{CUTS}test_a_key_is_valid_for_24_hours_from_its_first_use_not_from_its_last",
    ),
    mistake(
        "the key's age is not checked before a send",
        "middleware/key_expiry.py",
        Rewrite("KeyExpiry._check", "self.wall_clock() >= A", "False"),
        caught_by=f"{EXPIRY}test_a_machine_that_sleeps_a_day_in_a_backoff_sends_no_second_capture",
        of_each_kind=True,
    ),
    mistake(
        "the key's age is checked by the time of day alone",
        "middleware/key_expiry.py",
        Rewrite("KeyExpiry._check", "self.monotonic() >= A", "False"),
        caught_by=f"{EXPIRY}test_a_clock_that_is_set_back_makes_no_key_younger",
    ),
)
