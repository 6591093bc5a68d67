"""What can go wrong, as one tree. `error.outcome` is what is known of the effect.

    KlarnaError
    ├── ConfigurationError        credentials, environment or options that cannot work      NOT_SENT
    ├── InvalidRequest            Klarna would refuse it; `problems` lists every reason     NOT_SENT
    ├── IdempotencyKeyReused      one key for two different requests                        NOT_SENT
    ├── ReferenceTaken            the reference has another amount at Klarna                NOT_SENT
    ├── NotConfirmed              an id whose amount could not be read                       UNKNOWN
    ├── NoAnswer                  no usable answer came
    │   ├── ClientClosed          used after close, or in another event loop                NOT_SENT
    │   ├── QueueTimeout          no place in the rate limit or the pool in time            NOT_SENT
    │   ├── KeyExpired            the idempotency key is older than Klarna keeps it         NOT_SENT
    │   ├── MiddlewareFailed      an attempt middleware raised, or changed the request      NOT_SENT or UNKNOWN
    │   ├── ConnectionFailed      no connection: refused, DNS, TLS handshake                NOT_SENT
    │   │   └── CertificateRejected   the server is not who it claims                     NOT_SENT
    │   ├── AnswerTimeout         sent, and no answer began in time                         UNKNOWN
    │   ├── ConnectionLost        sent, and the connection broke before an answer           UNKNOWN
    │   ├── SessionFailed         the caller's own HTTP session raised something else       UNKNOWN
    │   ├── AnswerCut             an answer began and could not be read to its end      by its head
    │   └── UnrecognizedAnswer    an answer that does not look like Klarna's                UNKNOWN
    ├── StatusError               an answer of another status than 2xx
    │   ├── UnexpectedRedirect    3xx; never followed                                       UNKNOWN
    │   ├── BadRequest            400                                                       REFUSED
    │   ├── Unauthorized          401; check credentials and environment                    REFUSED
    │   ├── NotAllowed            403; the order's state does not permit it                 REFUSED
    │   ├── NotFound              404; no such order, capture or refund                     REFUSED
    │   ├── RequestTimeout        408                                                       UNKNOWN
    │   ├── Conflict              409                                                       REFUSED
    │   ├── PayloadTooLarge       413                                                       REFUSED
    │   ├── Unprocessable         422                                                       REFUSED
    │   ├── RateLimited           429; `retry_after` is when to call again                 NOT_SENT
    │   └── ServerError           5xx                                                       UNKNOWN
    └── UnreadableAnswer          2xx, and the body or the id could not be read             DONE

`klarna_om.batch` adds `BatchStopped`: a job stopped early; its `outcome` is that of the last call.

A 4xx is Klarna's only with an `error_code` or a `Klarna-Correlation-Id` (a 401 always): else it is an
`UnrecognizedAnswer`, and a 429 is UNKNOWN. The outcomes are those of a single attempt. An error is about all
attempts of its call: where an earlier one may have had its effect, a later 403, 404 or 429 does not make the call
REFUSED or NOT_SENT; it stays UNKNOWN.
"""

from klarna_om.errors.klarna_error import KlarnaError
from klarna_om.errors.tree import (
    AnswerCut,
    AnswerTimeout,
    BadRequest,
    CertificateRejected,
    ClientClosed,
    ConfigurationError,
    Conflict,
    ConnectionFailed,
    ConnectionLost,
    IdempotencyKeyReused,
    InvalidRequest,
    KeyExpired,
    MiddlewareFailed,
    NoAnswer,
    NotAllowed,
    NotConfirmed,
    NotFound,
    PayloadTooLarge,
    QueueTimeout,
    RateLimited,
    ReferenceTaken,
    RequestTimeout,
    ServerError,
    SessionFailed,
    StatusError,
    Unauthorized,
    UnexpectedRedirect,
    Unprocessable,
    UnreadableAnswer,
    UnrecognizedAnswer,
)

__all__ = [
    "AnswerCut",
    "AnswerTimeout",
    "BadRequest",
    "CertificateRejected",
    "ClientClosed",
    "ConfigurationError",
    "Conflict",
    "ConnectionFailed",
    "ConnectionLost",
    "IdempotencyKeyReused",
    "InvalidRequest",
    "KeyExpired",
    "KlarnaError",
    "MiddlewareFailed",
    "NoAnswer",
    "NotAllowed",
    "NotConfirmed",
    "NotFound",
    "PayloadTooLarge",
    "QueueTimeout",
    "RateLimited",
    "ReferenceTaken",
    "RequestTimeout",
    "ServerError",
    "SessionFailed",
    "StatusError",
    "Unauthorized",
    "UnexpectedRedirect",
    "Unprocessable",
    "UnreadableAnswer",
    "UnrecognizedAnswer",
]
