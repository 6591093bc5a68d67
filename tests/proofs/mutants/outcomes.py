"""Mistakes with what is known of the effect."""

from tests.proofs.mutants.mutant import CUTS, MACHINE, mistake
from tests.proofs.rewrite import Argument, Rewrite

LOG = "tests/middleware/test_correlation.py::"
CUT_POINT = f"{CUTS}test_each_write_reports_what_is_known_at_each_cut_point"
DOUBT = f"{CUTS}test_a_later_attempt_never_turns_unknown_into_a_definite_failure"

FORGOTTEN = Argument("Idempotency._with_key", "earlier")
SERVER_ERROR_REFUSES = Rewrite("_outcome", "A < 400 or A == 408 or A >= 500", "A < 400 or A == 408")

MUTANTS = (
    mistake(
        "a lost connection is called not sent",
        "http/failures.py",
        Rewrite("_silence", "ConnectionLost(A)", "ConnectionFailed(A)"),
        caught_by=f"{CUT_POINT}[request-close-201-executed--]",
        of_each_kind=True,
    ),
    mistake(
        "the body is read outside of the guarded block",
        "http/transport.py",
        Rewrite("Transport.__call__", "A = await read_body(B)", "pass"),
        Rewrite(
            "Transport.__call__",
            "A = Response(B, X.status, C, D, E)",
            "D = await read_body(X)\nA = Response(B, X.status, C, D, E)",
        ),
        caught_by=f"{CUT_POINT}[mid_body-close-201-executed--]",
        of_each_kind=True,
    ),
    mistake(
        "a refusal after an attempt in doubt is believed",
        "outcome.py",
        Rewrite("", "SETTLING = A", "SETTLING = frozenset(range(400, 500))"),
        caught_by=f"{DOUBT}[answer-close-403-executed]",
    ),
    mistake(
        "any answer settles a doubt",
        "outcome.py",
        Rewrite("of_call", "if Outcome.UNKNOWN in A and B:\n    ...", "pass"),
        caught_by=f"{DOUBT}[mid_body-close-403-executed]",
    ),
    mistake(
        "what an earlier call left is forgotten",
        "middleware/idempotency.py",
        FORGOTTEN,
        caught_by=f"{CUTS}test_a_later_call_never_turns_unknown_into_a_definite_failure",
    ),
    mistake(
        "a 5xx is called refused",
        "answers/classification.py",
        SERVER_ERROR_REFUSES,
        caught_by="tests/test_errors.py",
    ),
    mistake(
        "a 5xx is called refused, before the machine",
        "answers/classification.py",
        SERVER_ERROR_REFUSES,
        caught_by=MACHINE,
    ),
    mistake(
        "what an earlier call left is forgotten, before the machine",
        "middleware/idempotency.py",
        FORGOTTEN,
        caught_by=MACHINE,
    ),
    mistake(
        "only 200, 201 and 204 are successes",
        "operation.py",
        Rewrite("execute", "not A.is_success or B", "A.status not in (200, 201, 204) or B"),
        caught_by="tests/test_who_answered.py::test_klarna_may_add_a_body_or_answer_another_2xx",
        of_each_kind=True,
    ),
    mistake(
        "an answer that does not end is called none",
        "http/transport.py",
        Rewrite("Transport._late", "if A is not None:\n    ...", "pass"),
        caught_by=f"{CUT_POINT}[mid_body-hang-201-executed--]",
    ),
    mistake(
        "a cancelled write is not logged with its key",
        "middleware/correlation.py",
        Rewrite("_in_doubt", "if A:\n    return B", "pass"),
        caught_by=f"{LOG}test_a_cancelled_write_logs_unknown_and_its_key_in_the_message",
        of_each_kind=True,
    ),
    mistake(
        "a write that is cancelled between attempts is not logged",
        "middleware/retried_call.py",
        Rewrite("RetriedCall.run", "self.log_cancellation()", "pass"),
        caught_by="tests/middleware/test_retry.py::test_only_a_write_in_doubt_is_logged_when_the_wait_is_cancelled",
    ),
)
