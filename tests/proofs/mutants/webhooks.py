"""Mistakes in receiving a push, and in answering an error."""

from tests.proofs.mutants.mutant import mistake
from tests.proofs.rewrite import Rewrite

PUSHES = "tests/webhooks/test_handle_push.py::"

MUTANTS = (
    mistake(
        "an order is acknowledged before it is stored",
        "webhooks/handle_push.py",
        Rewrite("_receive", "is_new = await A", "await reception.acknowledge()\nis_new = await A"),
        caught_by=f"{PUSHES}test_a_store_that_fails_is_a_503_and_nothing_is_acknowledged",
        of_each_kind=True,
    ),
    mistake(
        "each push acknowledges under a key of its own",
        "webhooks/reception.py",
        Rewrite("Reception._send_acknowledgement", "derive_key(A, B, C)", "None"),
        caught_by=f"{PUSHES}test_a_push_that_comes_again_is_known_and_acknowledged_once",
    ),
    mistake(
        "any token is right",
        "webhooks/token.py",
        Rewrite("is_right", "any(A)", "True"),
        caught_by="tests/webhooks/test_token.py::test_any_other_token_is_a_404_and_klarna_is_not_asked",
    ),
    mistake(
        "pushes at the same time are not joined",
        "webhooks/handle_push.py",
        Rewrite("handle_push", "await join(A, B, C, D)", "await D()"),
        caught_by="tests/webhooks/test_at_once.py::"
        "test_ten_pushes_at_once_are_ten_200s_stored_once_and_acknowledged_once",
    ),
    mistake(
        "an order is acknowledged after the budget is over",
        "webhooks/reception.py",
        Rewrite("Reception._client", "left = A", "left = 1.0"),
        caught_by="tests/webhooks/test_budget.py::test_a_commit_that_ends_after_the_budget_is_not_acknowledged",
    ),
    mistake(
        "an answer invites to repeat what may have happened",
        "web/error_response.py",
        Rewrite(
            "",
            "{A: 504, B: 500}",
            "{A: 503, B: 500}",
        ),
        caught_by="tests/web/test_error_response.py::test_a_refusal_after_an_attempt_in_doubt_is_a_504",
    ),
)
"""A mistake, and the test that must fail for it."""
