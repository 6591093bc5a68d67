"""Mistakes with cancelling and closing."""

from tests.proofs.mutants.mutant import mistake
from tests.proofs.rewrite import Rewrite

CANCEL = "tests/proofs/test_cancellation.py::"
LIFE = "tests/proofs/test_lifecycle.py::"

MUTANTS = (
    mistake(
        "a place is not given back by a cancelled call",
        "middleware/pace.py",
        Rewrite("Pace._wait", "BaseException", "Exception"),
        caught_by="tests/middleware/test_pace.py::test_a_call_cancelled_while_it_waits_gives_back_its_place[0]",
        of_each_kind=True,
    ),
    mistake(
        "a place that came with the cancellation is lost",
        "pace/concurrency.py",
        Rewrite("ConcurrencyLimiter.acquire", "if A.done() and B:\n    ...", "pass"),
        caught_by="tests/pace/test_concurrency.py",
    ),
    mistake(
        "a cancelled call keeps its key",
        "middleware/key_guard.py",
        Rewrite("KeyGuard.finish", "A.is_running = False", "A.is_running = result is None"),
        caught_by=f"{CANCEL}test_a_call_cancelled_at_any_point_leaves_nothing_and_its_key_works_again",
    ),
    mistake(
        "a borrowed session is closed",
        "http/session.py",
        Rewrite("HttpSession.close", "A and not self._is_borrowed", "A"),
        caught_by=f"{LIFE}test_a_borrowed_session_is_never_closed_whatever_happens_to_its_client",
    ),
    mistake(
        "closing leaves calls in a borrowed session alone",
        "http/session.py",
        Rewrite("HttpSession.close", "self.deadlines.close()", "pass"),
        caught_by=f"{LIFE}test_closing_ends_every_call_wherever_it_is_with_a_typed_error[a borrowed session]",
    ),
)
