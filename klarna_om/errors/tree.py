"""The kinds of errors; the tree of them is drawn in `klarna_om.errors`."""

from collections.abc import Mapping

from multidict import CIMultiDict

from klarna_om.errors.klarna_error import KlarnaError
from klarna_om.exchange import CORRELATION_HEADER, Response
from klarna_om.outcome import Outcome


class ConfigurationError(KlarnaError):
    """Credentials, environment or options that cannot work. The message names what to set."""

    advice = "nothing was sent; correct the settings"


class InvalidRequest(KlarnaError):
    """Klarna is sure to refuse this request, so it was not sent."""

    advice = "nothing was sent; correct the request before calling again"

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("not sent: " + "; ".join(problems))
        self.problems = problems


class IdempotencyKeyReused(KlarnaError):
    """The key was used for another request within 24 hours.

    Klarna compares only keys: it would ignore this request and return the first one's answer, so it was not sent.
    """

    advice = "nothing was sent; give this request a new key"


class ReferenceTaken(KlarnaError):
    """Klarna has a capture or refund under this reference, for another amount (`capture_once`, `refund_once`)."""

    advice = "this call made nothing; give each intent its own reference"


class NotConfirmed(KlarnaError):
    """Klarna has an id for this intent, and the amount under it could not be read (`capture_once`, `refund_once`).

    It is this intent's, or another one's under the same reference; so the outcome is UNKNOWN. Calling again settles
    it, and makes nothing twice.
    """

    outcome = Outcome.UNKNOWN

    entry_id: str = ""
    """The id of the capture or refund."""

    def __init__(self, message: str, entry_id: str) -> None:
        super().__init__(message)
        self.entry_id = entry_id


class NoAnswer(KlarnaError):
    """No usable answer came."""

    outcome = Outcome.UNKNOWN


class ClientClosed(NoAnswer):
    """The client was closed, or is used in another event loop than its own. Nothing was sent after that.

    A call that was under way when it was closed may have been sent: its `outcome` is UNKNOWN.
    """

    advice = "nothing was sent; make a new client, in this event loop"

    outcome = Outcome.NOT_SENT


class QueueTimeout(NoAnswer):
    """No place in the merchant's rate limit or in the connection pool within `queue_timeout`."""

    outcome = Outcome.NOT_SENT


class MiddlewareFailed(NoAnswer):
    """A middleware of your own below the retries (`attempt_middleware=`) raised, or changed what must not change.

    NOT_SENT where it did so before the request was sent, else UNKNOWN. The exception is its cause.
    """


class ConnectionFailed(NoAnswer):
    """No connection was made (refused, unknown host, TLS handshake), so nothing was sent."""

    outcome = Outcome.NOT_SENT
    advice = (
        "nothing was sent; it is safe to call again. If no call ever connects, check the environment or base URL, the"
        " proxy, and that this machine may reach the host"
    )


class CertificateRejected(ConnectionFailed):
    """The server's certificate does not prove its name. Not retried."""

    advice = (
        "nothing was sent, and the next call will fail alike: where a proxy inspects TLS, pass its certificate"
        " authority as ca=, or set SSL_CERT_FILE before Python starts (--ca FILE on the command line); else check the"
        " base URL and this machine's clock"
    )


class AnswerTimeout(NoAnswer):
    """The request may have been sent, and no answer came within `attempt_timeout` or what was left of the total."""


class ConnectionLost(NoAnswer):
    """The connection broke after the request may have been sent and before an answer."""


class KeyExpired(NoAnswer):
    """The idempotency key is older than the 24 hours for which Klarna keeps it, so this attempt was not sent.

    Under it Klarna could execute the request a second time. The outcome is UNKNOWN after an attempt without a usable
    answer, and for a `Key` with `first_used`: its first use may have had its effect.
    """

    advice = "nothing was sent; call again with a new key"

    outcome = Outcome.NOT_SENT

    def what_to_do(self) -> str:
        """The key is of no use any more."""
        if self.outcome is Outcome.UNKNOWN:
            return "it may have happened, and its key has expired: read the order back before you try again"
        return super().what_to_do()


class SessionFailed(NoAnswer):
    """Your own HTTP session raised an exception (a trace config, a middleware of aiohttp): its cause has it."""


class AnswerCut(NoAnswer):
    """An answer began and could not be read to its end: it broke off, is larger than 8 MiB, or no valid gzip.

    `status` is that of its first line. Where its headers show that it is Klarna's, they decide the outcome.
    """

    def __init__(self, message: str, status: int, headers: Mapping[str, str], outcome: Outcome) -> None:
        super().__init__(message)
        self.status = status
        self.headers = CIMultiDict(headers)
        self.outcome = outcome
        self.correlation_id = headers.get(CORRELATION_HEADER)


class UnrecognizedAnswer(NoAnswer):
    """An answer that does not look like Klarna's: of a firewall, a portal, a CDN, another service.

    It shows nothing about the effect. See `status`, `headers` and `body` for who sent it; check the base URL, and what
    is between here and Klarna.
    """

    def __init__(self, message: str, response: Response) -> None:
        super().__init__(message)
        self.take(response)


class StatusError(KlarnaError):
    """An answer of another status than 2xx. Decide by the class or by `error_code`; messages change."""

    def __init__(self, message: str, response: Response) -> None:
        super().__init__(message)
        self.take(response)


class UnexpectedRedirect(StatusError):
    """3xx. Never followed: a followed redirect would turn a POST into a GET and report its success."""


class BadRequest(StatusError):
    """400: the request is malformed, for example an order id that is not a UUID (`INVALID_ORDER_ID`)."""


class Unauthorized(StatusError):
    """401: check username and password or the API key, and that they belong to this environment."""

    advice = "nothing happened at Klarna; check the credentials, and that they belong to this environment"


class NotAllowed(StatusError):
    """403: the order's state does not permit it (`CAPTURE_NOT_ALLOWED`, `CANCEL_NOT_ALLOWED`, ...)."""


class NotFound(StatusError):
    """404: no such order, capture or refund for this merchant in this environment."""

    advice = (
        "nothing happened at Klarna; check the id, and that environment and region (eu, na, oc, kustom, live or"
        " playground) are those of the order; an order that was just made may not be known everywhere yet"
    )


class RequestTimeout(StatusError):
    """408: the server gave up waiting for the request."""


class Conflict(StatusError):
    """409: it conflicts with the order's current state, or with a call that is still under way."""


class PayloadTooLarge(StatusError):
    """413: the body is larger than Klarna accepts (1 MB)."""


class Unprocessable(StatusError):
    """422: a field's value is not accepted; `error_messages` name it."""


class RateLimited(StatusError):
    """429: the merchant's quota is used up. Turned away before acting."""


class ServerError(StatusError):
    """5xx: the work may or may not be done."""


class UnreadableAnswer(KlarnaError):
    """Klarna answered 2xx and the answer could not be read. For a write that means: it happened."""

    outcome = Outcome.DONE

    def __init__(self, message: str, response: Response) -> None:
        super().__init__(message)
        self.take(response)
