"""What stops a run early: failures that no later try can cure until a person has fixed something.

1. Wrong credentials, settings that cannot work, a closed client: at once.
2. No connection ever: after 3 calls.
3. Answers that are not Klarna's (pages of a firewall or portal, another service) or redirects: after 10 calls of the
   run's first ones, or after 10 probes while the job is paused. Time-outs and 5xx neither count nor reset the count,
   Klarna's own answers reset it. An unsigned 503 may be that of Klarna's own gateway in an outage, which a job waits
   out; the progress shows it (`Pause.cause`).
4. The first 50 orders of a run all refused alike, and nothing else from Klarna: the wrong environment or account looks
   like that. Until then no refusal is recorded, and after the stop those orders are still pending. For a manifest
   whose orders really are all refused, pass `keep_going`.

Rules 3 and 4 hold until Klarna is confirmed: by a success, or by refusals that differ. Until then a job has only 4
calls in progress, so it stops after far fewer than 100 requests.
"""

from klarna_om.batch.calls import CallResult
from klarna_om.batch.failure_text import as_clause
from klarna_om.batch.stop import Stop
from klarna_om.errors import ConnectionFailed, KlarnaError

UNREACHED_LIMIT = 3
"""Calls without a connection, and none with one, after which the run stops."""

UNRECOGNIZED_LIMIT = 10
"""Calls with answers that are not Klarna's, after which the run stops."""

EQUAL_REFUSALS_LIMIT = 50
"""Orders refused alike at the start of a run, after which it stops."""

UNCONFIRMED_CALLS = 4
"""Calls in progress at once until Klarna is confirmed."""


class BatchStopped(KlarnaError):
    """A job stopped early, because all calls fail alike: with answers that are not Klarna's, or equal refusals.

    The message names the answers and the host. The last call's error is its `__cause__` and the source of `status`,
    `error_code` and `outcome`. These answers settled no order: the same job, run again, settles them all.
    """

    def __init__(self, message: str, cause: KlarnaError | None = None) -> None:
        super().__init__(message)
        if cause is not None:
            self.__cause__ = cause
            self.outcome, self.status, self.error_code = cause.outcome, cause.status, cause.error_code
            self.headers, self.error_messages = cause.headers, cause.error_messages

    def what_to_do(self) -> str:
        """The same for every outcome."""
        return "fix what the message names, then run the same job again: its orders are still pending"


class FatalErrorGuard:
    """Checks every call of a run, and stops the run for what no later try can cure."""

    def __init__(self, stop: Stop, target: str, *, keep_going: bool) -> None:
        self._stop = stop
        self._target = target
        self._keep_going = keep_going
        self._unreached: int | None = 0
        self._unrecognized = 0
        self._refusal: tuple[int | None, str | None] | None = None
        self._refusals = 0
        self.is_confirmed = False
        """Has Klarna answered in this run, in a way that a wrong host or account would not?"""
        self.error: KlarnaError | None = None
        """What stopped the run."""

    def observe(self, result: CallResult, *, is_probe: bool) -> None:
        """Count a call, and stop the run when a limit is reached."""
        if result.error is not None and result.is_fatal:
            self._stop_run(result.error)
        elif isinstance(result.error, ConnectionFailed):
            self._count_unreached(result.error)
        elif result.has_failed is not None:
            self._unreached = None
            self._observe_answer(result, is_probe=is_probe)

    def _observe_answer(self, result: CallResult, *, is_probe: bool) -> None:
        if result.error is not None and result.is_unrecognized:
            if is_probe or not self.is_confirmed:
                self._count_unrecognized(result.error)
        elif not result.has_failed:
            self._unrecognized = 0
            if result.error is not None and result.is_refusal and not self.is_confirmed:
                self._count_refusal(result.error)
            else:
                self.is_confirmed = True

    def _count_unreached(self, error: ConnectionFailed) -> None:
        if self._unreached is not None:
            self._unreached += 1
            if self._unreached >= UNREACHED_LIMIT:
                self._stop_run(error)

    def _count_unrecognized(self, error: KlarnaError) -> None:
        self._unrecognized += 1
        if self._unrecognized >= UNRECOGNIZED_LIMIT:
            message = (
                f"{UNRECOGNIZED_LIMIT} calls got no answer of Klarna's from {self._target}; the last:"
                f" {as_clause(error.message)}. Check the base URL and what is between here and Klarna (proxy,"
                " firewall, portal), then run the same job again: this settled no order. For another base URL,"
                " name a new journal too"
            )
            self._stop_run(BatchStopped(message, error))

    def _count_refusal(self, error: KlarnaError) -> None:
        refusal = (error.status, error.error_code)
        if self._keep_going or self._refusal not in (None, refusal):
            self.is_confirmed = True
            return
        self._refusal = refusal
        self._refusals += 1
        if self._refusals >= EQUAL_REFUSALS_LIMIT:
            message = (
                f"the first {EQUAL_REFUSALS_LIMIT} orders were all refused alike by {self._target}:"
                f" {as_clause(error.message)}. Is it the right environment and region, and are the credentials those"
                " of the shop that has the orders? None of them is recorded as refused: with other credentials the same"
                " job settles them; for another environment name a new journal too. If the refusals are right, run it"
                " with keep_going (--keep-going)"
            )
            self._stop_run(BatchStopped(message, error))

    def _stop_run(self, error: KlarnaError) -> None:
        self.error = self.error or error
        self._stop.request()
