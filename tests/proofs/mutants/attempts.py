"""Mistakes with what is tried again, when, and at what rate."""

from tests.proofs.mutants.mutant import CUTS, mistake
from tests.proofs.rewrite import Argument, Rewrite

BUDGET = "tests/proofs/test_budget.py::"
RETRY = "tests/middleware/test_retry.py::"
TIME = "tests/proofs/test_time_limits.py::"
WIRE = "tests/test_transport.py::"

POOL_OF_TWO = f"{TIME}test_twenty_slow_calls_through_a_pool_of_two_all_succeed"

MUTANTS = (
    mistake(
        "one AsyncRetrying for all calls",
        "middleware/retried_call.py",
        Rewrite(
            "RetriedCall.run",
            "AsyncRetrying(retry=A, wait=B, sleep=C)",
            "globals().setdefault('SHARED', AsyncRetrying(retry=A, wait=B, sleep=C))",
        ),
        caught_by="tests/proofs/test_concurrency.py",
        of_each_kind=True,
    ),
    mistake(
        "everything but some exceptions is retried, so cancellation is",
        "middleware/retried_call.py",
        Rewrite("RetriedCall.should_retry", "not A and B and C", "B and C"),
        caught_by=f"{RETRY}test_cancellation_is_never_retried[2]",
        of_each_kind=True,
    ),
    mistake(
        "a write without a key is retried",
        "retry/rules.py",
        Rewrite("_write_without_key", "return A", "return False"),
        caught_by=f"{RETRY}test_a_write_without_a_key_is_never_retried",
    ),
    mistake(
        "501 is not retried",
        "retry/rules.py",
        Rewrite("", "range(500, 600)", "(500, 502, 503, 504)"),
        caught_by=f"{RETRY}test_each_result_has_its_rule",
        of_each_kind=True,
    ),
    mistake(
        "one attempt too many",
        "retry/decide.py",
        Rewrite("_reason_to_stop", "A >= B.max_attempts", "A > B.max_attempts"),
        caught_by=f"{CUTS}test_a_write_that_meets_a_cut_point_on_each_attempt_has_at_most_one_effect"
        "[request-close-201-executed--]",
    ),
    mistake(
        "the budget is off by one, too high",
        "retry/budget.py",
        Rewrite("Budget.spend", "A > self.tokens", "A > self.tokens + 1"),
        caught_by=f"{BUDGET}test_a_budget_pays_for_exactly_as_many_retries_as_it_holds",
        of_each_kind=True,
    ),
    mistake(
        "the budget is off by one, too low",
        "retry/budget.py",
        Rewrite("Budget.spend", "A > self.tokens", "A >= self.tokens"),
        caught_by=f"{BUDGET}test_a_budget_pays_for_exactly_as_many_retries_as_it_holds",
    ),
    mistake(
        "a retry beyond the key's 24 hours",
        "retry/decide.py",
        Rewrite("_reason_to_stop", "A + B >= C.retry_until", "A >= C.retry_until"),
        caught_by=f"{RETRY}test_a_retry_after_the_keys_24_hours_is_not_made",
    ),
    mistake(
        "a Retry-After of any length is waited for",
        "retry/decide.py",
        Rewrite("_reason_to_stop", "A > B.max_retry_after", "False"),
        caught_by=f"{RETRY}test_a_wait_beyond_the_cap_fails_at_once_and_says_when",
    ),
    mistake(
        "a quota of w=86400 is followed",
        "pace/adaptive_rate.py",
        Rewrite("AdaptiveRate.is_credible", "1 <= A <= LONGEST_WINDOW", "1 <= A"),
        caught_by="tests/pace/test_odd_quotas.py::test_a_limit_that_cannot_be_true_does_not_move_the_ceiling",
        of_each_kind=True,
    ),
    mistake(
        "the wait for a borrowed pool counts as an attempt",
        "http/session.py",
        Rewrite("HttpSession.capacity", "min((A, *B))", "A"),
        caught_by=f"{POOL_OF_TWO}[a borrowed pool]",
        of_each_kind=True,
    ),
    mistake(
        "the wait for the client's pool counts as an attempt",
        "client.py",
        Rewrite("KlarnaClient.__init__", "ConcurrencyLimiter(A)", "ConcurrencyLimiter(10_000)"),
        caught_by=f"{POOL_OF_TWO}[the client's pool]",
    ),
    mistake(
        "an attempt may outlast the total",
        "http/transport.py",
        Rewrite("Transport.__call__", "A.deadline < B", "False"),
        caught_by=f"{TIME}test_each_attempt_gets_what_is_left_of_the_total",
    ),
    mistake(
        "a connection may take longer than its attempt",
        "http/transport.py",
        Rewrite("", "CONNECT_SHARE = A", "CONNECT_SHARE = 2.0"),
        caught_by=f"{WIRE}test_a_connection_that_never_comes_sent_nothing",
    ),
    mistake(
        "aiohttp rounds the limit of a connection up",
        "http/transport.py",
        Argument("limits", "ceil_threshold"),
        caught_by=f"{TIME}test_a_connection_is_given_up_before_its_attempt_so_nothing_was_sent[6.0]",
    ),
)
