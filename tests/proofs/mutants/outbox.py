"""Mistakes in the outbox."""

from tests.proofs.mutants.mutant import mistake
from tests.proofs.rewrite import Argument, Rewrite

DRAINING = "tests/outbox/test_draining.py::"
LEASES = "tests/outbox/test_leases.py::"
WINDOWS = "tests/outbox/test_windows.py::"

MUTANTS = (
    mistake(
        "a process sends when its lease is over",
        "outbox/lease.py",
        Rewrite("Lease.check", "if A and B:\n    return", "return"),
        caught_by=f"{LEASES}test_a_process_that_slept_through_its_lease_sends_nothing[sqlite]",
        of_each_kind=True,
    ),
    mistake(
        "the first try is not recorded with the lease",
        "outbox/store.py",
        Argument("_take", "is_new_key", "False"),
        caught_by=f"{LEASES}test_first_tried_is_committed_with_the_lease[sqlite]",
    ),
    mistake(
        "a key is used again after Klarna has forgotten it",
        "outbox/states.py",
        Rewrite("step_before_call", "-CLOCK_SLACK <= age < KEY_VALIDITY", "True"),
        caught_by=(
            f"{WINDOWS}test_25_hours_later_what_would_happen_twice_is_for_a_person"
            "[sqlite-orders.extend_authorization_time]"
        ),
        of_each_kind=True,
    ),
    mistake(
        "a 403 after a lost answer counts as a refusal",
        "outbox/results.py",
        Rewrite("of_error", "claim.was_tried and not A(B, error)", "False"),
        caught_by=f"{DRAINING}test_a_403_after_a_lost_answer_is_for_a_person_and_no_refusal[sqlite]",
    ),
    mistake(
        "a retry of what was refused has the old key",
        "outbox/intent.py",
        Argument("Intent.idempotency_key", "generation"),
        caught_by=f"{DRAINING}test_a_refused_intent_is_retried_under_a_new_key[sqlite]",
    ),
)
