"""The classic mistakes, as changes of the text, each with the test that must fail for it.

The text is expected to be there exactly once: whoever rewrites the line moves the proof along with it.
"""

from attrs import frozen

CUTS = "tests/proofs/test_cut_points.py::"
CANCEL = "tests/proofs/test_cancellation.py::"
LIFE = "tests/proofs/test_lifecycle.py::"
TIME = "tests/proofs/test_time_limits.py::"
BUDGET = "tests/proofs/test_budget.py::"
MACHINE = "tests/proofs/test_machine.py::TestMachine::runTest"
RETRY = "tests/middleware/test_retry.py::"
KEYS = "tests/middleware/test_idempotency.py::"
PACE = "tests/middleware/test_pace.py::"
WIRE = "tests/test_transport.py::"

EXECUTED = "request-close-201-executed--"


@frozen
class Mutant:
    """A mistake: in `file`, each old text becomes the new one. `caught_by` must fail."""

    name: str
    file: str
    changes: tuple[tuple[str, str], ...]
    caught_by: str
    of_each_kind: bool = False
    """One of its kind; the others are made with `KLARNA_OM_PROOFS=long` only."""


def mistake(name: str, file: str, old: str, new: str, caught_by: str, *, of_each_kind: bool = False) -> Mutant:
    return Mutant(name, file, ((old, new),), caught_by, of_each_kind)


FRESH_KEY = (
    "self.below(self.request.changed(attempt=len(self.attempts) + 1))",
    (
        "self.below(self.request.changed(attempt=len(self.attempts) + 1, headers={**self.request.headers,"
        ' "Klarna-Idempotency-Key": f"{self.request.idempotency_key}-{len(self.attempts)}"}))'
    ),
)


MUTANTS = (
    # The key
    Mutant(
        "a fresh key for each attempt",
        "middleware/retry.py",
        (FRESH_KEY,),
        f"{CUTS}test_after_any_cut_point_the_retry_brings_exactly_one_effect_under_one_key_and_the_same_bytes"
        "[request-close-201-executed]",
        of_each_kind=True,
    ),
    Mutant("a fresh key for each attempt, before the machine", "middleware/retry.py", (FRESH_KEY,), MACHINE),
    mistake(
        "a key that can be given and is never sent",
        "operation.py",
        'headers=headers if key is None else {**headers, KEY_HEADER: cast("str", normalize_key(key))},',
        "headers=headers,",
        f"{KEYS}test_the_callers_key_is_sent_as_it_is",
    ),
    mistake(
        "the guard removed",
        "middleware/key_guard.py",
        "if use.fingerprint != fingerprint:",
        "if not fingerprint:",
        f"{KEYS}test_a_key_for_another_body_path_or_method_is_refused_before_a_byte_is_sent",
        of_each_kind=True,
    ),
    mistake(
        "the guard removed, before the machine",
        "middleware/key_guard.py",
        "if use.fingerprint != fingerprint:",
        "if not fingerprint:",
        MACHINE,
    ),
    mistake(
        "equal calls under way are not joined",
        "middleware/key_guard.py",
        "            if use.is_running:\n                return None\n",
        "",
        f"{KEYS}test_concurrent_calls_that_are_the_same_share_one_request",
    ),
    mistake(
        "the guard forgets a key before Klarna does",
        "middleware/key_guard.py",
        "return self.first_used + KEY_LIFETIME",
        "return self.first_used + KEY_LIFETIME / 2",
        f"{KEYS}test_after_24_hours_a_key_is_free_again",
    ),
    mistake(
        "a key is good again from each use",
        "middleware/key_guard.py",
        "            use.is_running = True\n            return use",
        "            use.is_running, use.first_used = True, now\n            return use",
        f"{CUTS}test_a_key_is_good_for_24_hours_from_its_first_use_not_from_its_last",
    ),
    # What is tried again
    Mutant(
        "one AsyncRetrying for all calls",
        "middleware/retry.py",
        (
            ('logger = logging.getLogger("klarna_om")', 'logger = logging.getLogger("klarna_om")\nSHARED = {}'),
            ("repeat = AsyncRetrying(", "repeat = SHARED.setdefault(0, AsyncRetrying("),
            ("sleep=self.middleware.sleep)", "sleep=self.middleware.sleep))"),
        ),
        "tests/proofs/test_concurrency.py",
        of_each_kind=True,
    ),
    Mutant(
        "everything but some exceptions is retried, so cancellation is",
        "middleware/retry.py",
        (("return not has_raised and self.decision", "return self.decision"),),
        f"{RETRY}test_cancellation_is_never_retried[2]",
        of_each_kind=True,
    ),
    mistake(
        "a write without a key is retried",
        "retry/rules.py",
        "return request.is_write and request.idempotency_key is None",
        "return False",
        f"{RETRY}test_a_write_without_a_key_is_never_retried",
    ),
    mistake(
        "one attempt too many",
        "retry/decide.py",
        "if attempts >= policy.max_attempts:",
        "if attempts > policy.max_attempts:",
        f"{CUTS}test_a_write_that_meets_a_cut_point_on_each_attempt_has_at_most_one_effect[{EXECUTED}]",
    ),
    mistake(
        "the budget is off by one, too generous",
        "retry/budget.py",
        "if cost > self.tokens:",
        "if cost > self.tokens + 1:",
        f"{BUDGET}test_a_budget_pays_for_exactly_as_many_retries_as_it_holds",
        of_each_kind=True,
    ),
    mistake(
        "the budget is off by one, too mean",
        "retry/budget.py",
        "if cost > self.tokens:",
        "if cost >= self.tokens:",
        f"{BUDGET}test_a_budget_pays_for_exactly_as_many_retries_as_it_holds",
    ),
    mistake(
        "a retry beyond the key's 24 hours",
        "retry/decide.py",
        "now.wall + delay >= request.retry_until",
        "now.wall >= request.retry_until",
        f"{RETRY}test_a_retry_after_the_keys_24_hours_is_not_made",
    ),
    mistake(
        "a Retry-After of any length is waited for",
        "retry/decide.py",
        "hint > policy.max_retry_after",
        "hint < 0",
        f"{RETRY}test_a_wait_beyond_the_cap_fails_at_once_and_says_when",
    ),
    # What is said of the effect
    mistake(
        "a lost connection is called not sent",
        "http/failures.py",
        "    return ConnectionLost(",
        "    return ConnectionFailed(",
        f"{CUTS}test_each_write_says_what_is_known_at_each_cut_point[{EXECUTED}]",
        of_each_kind=True,
    ),
    Mutant(
        "the body is read outside of the guarded block",
        "http/transport.py",
        (
            ("                body = await read_body(answer)\n", ""),
            (
                "            response = Response(request,",
                "            body = await read_body(answer)\n            response = Response(request,",
            ),
        ),
        f"{CUTS}test_each_write_says_what_is_known_at_each_cut_point[mid_body-close-201-executed--]",
        of_each_kind=True,
    ),
    mistake(
        "a refusal after an attempt in doubt is believed",
        "outcome.py",
        "SETTLING = frozenset({400, 404, 413, 415, 422})",
        "SETTLING = frozenset(range(400, 500))",
        f"{CUTS}test_a_doubt_is_not_talked_away_by_a_later_attempt[answer-close-403-executed]",
    ),
    mistake(
        "any answer settles a doubt",
        "outcome.py",
        "if Outcome.UNKNOWN in seen and not",
        "if False and not",
        f"{CUTS}test_a_doubt_is_not_talked_away_by_a_later_attempt[mid_body-close-403-executed]",
    ),
    mistake(
        "what an earlier call left is forgotten",
        "middleware/idempotency.py",
        ", earlier=use.left",
        "",
        f"{CUTS}test_nor_by_a_later_call_under_the_same_key",
    ),
    mistake(
        "a 5xx is called refused",
        "answers/classification.py",
        "status < 400 or status == 408 or status >= 500",
        "status < 400 or status == 408",
        "tests/test_errors.py",
    ),
    mistake(
        "a 5xx is called refused, before the machine",
        "answers/classification.py",
        "status < 400 or status == 408 or status >= 500",
        "status < 400 or status == 408",
        MACHINE,
    ),
    mistake(
        "what an earlier call left is forgotten, before the machine",
        "middleware/idempotency.py",
        ", earlier=use.left",
        "",
        MACHINE,
    ),
    mistake(
        "only 200, 201 and 204 are successes",
        "operation.py",
        "if not response.is_success or",
        "if response.status not in (200, 201, 204) or",
        "tests/test_operation.py",
        of_each_kind=True,
    ),
    mistake(
        "an answer that does not end is called none",
        "http/transport.py",
        "        if answer is not None:\n",
        "        if answer is not None and False:\n",
        f"{CUTS}test_each_write_says_what_is_known_at_each_cut_point[mid_body-hang-201-executed--]",
    ),
    # The wire
    mistake(
        "redirects are followed",
        "http/transport.py",
        "allow_redirects=False",
        "allow_redirects=True",
        f"{WIRE}test_a_redirect_is_not_followed",
        of_each_kind=True,
    ),
    # Time
    mistake(
        "the wait for a borrowed pool counts as an attempt",
        "http/session.py",
        "return min((self._in_flight, *(pool for pool in pools if pool)))",
        "return self._in_flight if pools or not pools else 0",
        f"{TIME}test_twenty_slow_calls_through_a_pool_of_two_all_succeed_since_waiting_for_it_is_no_attempt"
        "[a borrowed pool]",
        of_each_kind=True,
    ),
    mistake(
        "the wait for our own pool counts as an attempt",
        "client.py",
        "self._concurrency = ConcurrencyLimiter(self._http.capacity)",
        "self._concurrency = ConcurrencyLimiter(10_000)",
        f"{TIME}test_twenty_slow_calls_through_a_pool_of_two_all_succeed_since_waiting_for_it_is_no_attempt"
        "[a pool of our own]",
    ),
    mistake(
        "an attempt may outlast the total",
        "http/transport.py",
        "if request.deadline is not None and request.deadline < until:",
        "if request.deadline is not None and request.deadline < started:",
        f"{TIME}test_each_attempt_gets_what_is_left_of_the_total",
    ),
    mistake(
        "a connection may take longer than its attempt",
        "http/transport.py",
        "CONNECT_SHARE = 0.9",
        "CONNECT_SHARE = 2.0",
        f"{WIRE}test_a_connection_that_never_comes_sent_nothing",
    ),
    mistake(
        "aiohttp rounds the limit of a connection up",
        "http/transport.py",
        ", ceil_threshold=2 * CONNECT_TIMEOUT",
        "",
        f"{TIME}test_a_connection_is_given_up_before_the_attempt_is_so_that_it_is_known_that_nothing_was_sent[6.0]",
    ),
    # Cancellation and life
    mistake(
        "a place is not given back by a cancelled call",
        "middleware/pace.py",
        "except BaseException as reason:",
        "except Exception as reason:",
        f"{PACE}test_a_call_cancelled_while_it_waits_gives_back_its_place[0]",
        of_each_kind=True,
    ),
    mistake(
        "a place that came with the cancellation is lost",
        "pace/concurrency.py",
        "if turn.done() and not turn.cancelled():",
        "if False:",
        "tests/pace/test_concurrency.py",
    ),
    mistake(
        "a cancelled call keeps its key",
        "middleware/key_guard.py",
        "            use.is_running = False\n",
        "            use.is_running = result is None\n",
        f"{CANCEL}test_a_call_cancelled_at_any_point_leaves_nothing_and_its_key_works_again",
    ),
    mistake(
        "a session of the caller's own is closed",
        "http/session.py",
        "if self._session is not None and not self._is_borrowed:",
        "if self._session is not None:",
        f"{LIFE}test_a_borrowed_session_is_never_closed_whatever_happens_to_its_client",
    ),
    mistake(
        "closing leaves calls in a borrowed session alone",
        "http/session.py",
        "        self.deadlines.close()\n",
        "",
        f"{LIFE}test_closing_ends_every_call_wherever_it_is_with_a_typed_error[a borrowed session]",
    ),
)
