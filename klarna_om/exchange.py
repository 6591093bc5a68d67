"""The values that travel: a Request goes down the stack, a Response comes up, a Reply reaches the caller."""

from collections.abc import Mapping
from typing import Any, Generic, Protocol, TypedDict, TypeVar, Unpack

import msgspec
from attrs import field, frozen
from msgspec.structs import replace
from multidict import istr

from klarna_om.outcome import Outcome
from klarna_om.rate_limit import RateLimit, rate_limit

# Of multidict's own kind of text, a header's name is looked up in half the time.
KEY_HEADER = istr("Klarna-Idempotency-Key")
CORRELATION_HEADER = istr("Klarna-Correlation-Id")

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Expected(Protocol[T_co]):
    """How the success of an operation looks, and how its value is read; the kinds are in `answers.expected`."""

    def is_proved_by(self, answer: "Response") -> bool:
        """Do status and headers of a 2xx alone prove that Klarna did it? Used where the body was lost."""
        ...

    def read(self, answer: "Response") -> T_co:
        """The value of a 2xx. Raises `NotKlarnasError` or `UnreadableError`."""
        ...


class Changes(TypedDict, total=False):
    """What a middleware may change in a request."""

    method: str
    path: str
    order_id: str | None
    headers: Mapping[str, str]
    body: bytes | None
    content: object
    deadline: float | None
    retry_until: float | None
    retry_until_monotonic: float | None
    attempt: int
    earlier: Outcome | None


# Made or copied at every layer, so it is a Struct: that takes a sixth of the time of an attrs class.
class Request(msgspec.Struct, frozen=True, gc=False):
    """One call to Klarna, as every middleware sees it. Change it with `with_header` or `with_changes`."""

    operation: str
    """The operation's name in the catalogue, such as `captures.create`; for `klarna.request(...)` method and path
    template, such as `POST /ordermanagement/v1/orders/{}/{}`."""
    method: str
    path: str
    """Percent-encoded, from the root: `/ordermanagement/v1/orders/...`."""
    order_id: str | None = None
    headers: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    body: bytes | None = None
    content: object = None
    """What `body` was written from: the typed request, for checks."""
    deadline: float | None = None
    """When all attempts must be over, on the event loop's clock."""
    retry_until: float | None = None
    """Until when the idempotency key holds, in seconds since the epoch."""
    retry_until_monotonic: float | None = None
    """The same on the monotonic clock: a clock that is set back must not make a key younger."""
    attempt: int = 1
    """Which try at the call this is."""
    earlier: Outcome | None = None
    """What is known from an earlier call of this process under the same idempotency key."""
    expects: Expected[Any] | None = None
    """How the answer of a success looks; None where no row of the catalogue describes it."""

    @property
    def is_write(self) -> bool:
        """Anything but a GET: it may have an effect, so it carries an idempotency key."""
        return self.method != "GET"

    @property
    def idempotency_key(self) -> str | None:
        """The key that all attempts of this call share."""
        return self.headers.get(KEY_HEADER)

    def with_header(self, name: str, value: str) -> "Request":
        """The same request with one more header."""
        return replace(self, headers={**self.headers, name: value})

    def with_changes(self, **changes: Unpack[Changes]) -> "Request":
        """The same request with some of these set."""
        return replace(self, **changes)

    def __repr__(self) -> str:
        """Without body and path: they may be personal."""
        return f"<Request {self.operation} {self.order_id or 'without order id'} attempt {self.attempt}>"


@frozen
class Attempt:
    """One try at a call: how it ended, and what was decided then."""

    number: int
    outcome: Outcome
    status: int | None
    cause: str
    correlation_id: str | None
    elapsed: float
    """Seconds from the start of the attempt to its end, waits for a place included."""
    rule: str = ""
    """The row of `RETRY_RULES` that applied."""
    delay: float | None = None
    """Seconds waited before the next attempt; None when none followed."""


@frozen
class ErrorBody:
    """What could be read of an error's body. Act on `error_code` only; Klarna may reword messages at any time."""

    error_code: str | None = None
    error_messages: tuple[str, ...] = ()
    correlation_id: str | None = None


class Classification(msgspec.Struct, frozen=True, gc=False):
    """What an answer means; decided once, by `klarna_om.answers.classification`."""

    outcome: Outcome
    """What the answer shows about the effect; once the call is over, what is known after all its attempts."""
    is_klarnas: bool = True
    """Does it look like an answer of Klarna's own? Else it shows nothing about the effect."""
    is_success: bool = False
    """Did Klarna do what it was asked for?"""
    value: object = None
    """The result of a success."""
    problem: str = ""
    """Why it is not Klarna's, or why its value cannot be read."""
    error_body: ErrorBody = ErrorBody()
    """The details of an answer that is no success."""


class Response(msgspec.Struct, frozen=True, gc=False):
    """An answer, read to its end; any status. `classification` shows whether it is Klarna's."""

    request: Request
    status: int
    headers: Mapping[str, str]
    """Case-insensitive."""
    body: bytes
    elapsed: float = 0.0
    """Seconds that this attempt took on the wire."""
    attempts: tuple[Attempt, ...] = ()
    """Every attempt of the call where there were several or it failed; see `Reply.attempts`."""
    stopped: str = ""
    """Why no further attempt was made, after a failure."""
    retry_after: float | None = None
    """Seconds after which the server wants the next attempt, where the answer has them."""
    classification: Classification | None = None
    """What it means; None in a response that a middleware of your own makes, until the client reads it."""

    @property
    def is_2xx(self) -> bool:
        """Is its status one of success, whoever sent it?"""
        return 200 <= self.status < 300

    @property
    def is_success(self) -> bool:
        """Did Klarna do what it was asked for?"""
        classification = self.classification
        return self.is_2xx if classification is None else classification.is_success

    @property
    def is_html(self) -> bool:
        """Is it a web page? By its header, or by its first character where it has none."""
        kind = self.headers.get("Content-Type", "").lower()
        return "html" in kind or (not kind and self.body.lstrip()[:1] == b"<")

    @property
    def is_signed(self) -> bool:
        """Does it carry Klarna's correlation id, as all answers of Klarna's own servers do, and is no web page?"""
        return bool(self.headers.get(CORRELATION_HEADER)) and not self.is_html

    @property
    def correlation_id(self) -> str | None:
        """Klarna's name for this exchange; quote it to their support."""
        value = self.headers.get(CORRELATION_HEADER)
        # A header may hold any bytes; what is no UTF-8 could not be logged or stored.
        return value if value is None or value.isascii() else value.encode("utf-8", "replace").decode()

    def __repr__(self) -> str:
        """Without the body: it is personal."""
        return f"<Response {self.status} of {self.request!r}>"


@frozen
class Reply(Generic[T]):
    """A result with everything known about its call: `await klarna.reply(klarna.orders.get(id))`."""

    value: T
    response: Response = field(repr=False)

    @property
    def status(self) -> int:
        """The HTTP status of the last answer."""
        return self.response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the last answer; case-insensitive."""
        return self.response.headers

    @property
    def body(self) -> bytes:
        """The bytes of the last answer, with every field, known or not."""
        return self.response.body

    def json(self) -> Any:
        """The body as plain Python values; None where there is none."""
        return msgspec.json.decode(self.body) if self.body else None

    @property
    def correlation_id(self) -> str | None:
        """Klarna's name for the last exchange; quote it to their support."""
        return self.response.correlation_id

    @property
    def idempotency_key(self) -> str | None:
        """The key under which the write was made; None for a read."""
        return self.response.request.idempotency_key

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every attempt in order, with cause and delay; the last one is the success."""
        return attempts_of(self.response)

    @property
    def rate_limit(self) -> RateLimit | None:
        """The quota that the answer reported, or None where it reported nothing readable."""
        return rate_limit(self.response.headers)


def attempts_of(response: Response) -> tuple[Attempt, ...]:
    """Every attempt of a call that got an answer; where the first one succeeded, none was written down."""
    status, correlation_id = response.status, response.correlation_id
    only = Attempt(1, Outcome.DONE, status, str(status), correlation_id, response.elapsed, "success")
    return response.attempts or (only,)
