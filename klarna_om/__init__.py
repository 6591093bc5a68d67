"""Klarna's Order Management API: each write at most once within 24 hours, each error with its outcome.

    from klarna_om import KlarnaClient

    async with KlarnaClient("eu-playground", username="...", password="...") as klarna:
        await klarna.orders.acknowledge(order_id)

A name is loaded when it is first asked for: `import klarna_om` costs next to nothing, and pytest, which finds the
fixture of the sandbox here, loads no client for it. The batch (`klarna_om.batch`), the outbox (`klarna_om.outbox`), the
sandbox (`klarna_om.sandbox`) and the commands (`klarna_om.cli`) are imported where they are used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from klarna_om.client import KlarnaClient
    from klarna_om.errors import (
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
        KlarnaError,
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
    from klarna_om.exchange import Attempt, Reply, Request, Response
    from klarna_om.hooks import AttemptEvent, CallEvent, Hooks, WaitEvent
    from klarna_om.http.connector import Connector
    from klarna_om.keys import Key, derive_key
    from klarna_om.middleware import Handler, Middleware
    from klarna_om.middleware.correlation import correlation_id
    from klarna_om.options import Options
    from klarna_om.outcome import Outcome
    from klarna_om.pace.pacer import Pacer
    from klarna_om.pace.pacing import PaceSnapshot, PaceSource, Pacing
    from klarna_om.rate_limit import RateLimit
    from klarna_om.retry.budget import Budget
    from klarna_om.retry.policy import FullJitter, Retry, Schedule
    from klarna_om.retry.rules import RETRY_RULES, RetryRule
    from klarna_om.settings.credentials import Credentials
    from klarna_om.settings.environment import ENVIRONMENTS, Environment
    from klarna_om.types import (
        Addon,
        Address,
        AddressLocation,
        Capture,
        CaptureObject,
        CarrierProduct,
        Customer,
        ErrorCode,
        ErrorMessage,
        ExtendDueDateOption,
        ExtendDueDateOptions,
        ExtendDueDateRequest,
        FraudEvent,
        FraudStatus,
        InitialPaymentMethod,
        Location,
        Notification,
        Order,
        OrderLine,
        OrderLineType,
        OrderStatus,
        PaymentMethodType,
        ProductIdentifiers,
        Refund,
        RefundObject,
        SelectedShippingOption,
        ShippingInfo,
        ShippingMethod,
        Subscription,
        SubscriptionInterval,
        Timeslot,
        UpdateAuthorization,
        UpdateConsumer,
        UpdateMerchantReferences,
        UpdateShippingInfo,
    )
    from klarna_om.version import __version__
    from klarna_om.workflows.cancel_or_release import EndResult, cancel_or_release
    from klarna_om.workflows.capture_once import capture_once
    from klarna_om.workflows.capture_remaining import capture_remaining
    from klarna_om.workflows.ensure_acknowledged import ensure_acknowledged
    from klarna_om.workflows.explain_refusal import RefusalExplanation, explain_refusal
    from klarna_om.workflows.extend_in_time import ExtendResult, extend_in_time
    from klarna_om.workflows.refund_once import refund_once
else:

    def __getattr__(name: str) -> object:
        if name not in _HOME_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(_HOME_OF[name]), name)
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


__all__ = [
    "ENVIRONMENTS",
    "RETRY_RULES",
    "Addon",
    "Address",
    "AddressLocation",
    "AnswerCut",
    "AnswerTimeout",
    "Attempt",
    "AttemptEvent",
    "BadRequest",
    "Budget",
    "CallEvent",
    "Capture",
    "CaptureObject",
    "CarrierProduct",
    "CertificateRejected",
    "ClientClosed",
    "ConfigurationError",
    "Conflict",
    "ConnectionFailed",
    "ConnectionLost",
    "Connector",
    "Credentials",
    "Customer",
    "EndResult",
    "Environment",
    "ErrorCode",
    "ErrorMessage",
    "ExtendDueDateOption",
    "ExtendDueDateOptions",
    "ExtendDueDateRequest",
    "ExtendResult",
    "FraudEvent",
    "FraudStatus",
    "FullJitter",
    "Handler",
    "Hooks",
    "IdempotencyKeyReused",
    "InitialPaymentMethod",
    "InvalidRequest",
    "Key",
    "KeyExpired",
    "KlarnaClient",
    "KlarnaError",
    "Location",
    "Middleware",
    "MiddlewareFailed",
    "NoAnswer",
    "NotAllowed",
    "NotConfirmed",
    "NotFound",
    "Notification",
    "Options",
    "Order",
    "OrderLine",
    "OrderLineType",
    "OrderStatus",
    "Outcome",
    "PaceSnapshot",
    "PaceSource",
    "Pacer",
    "Pacing",
    "PayloadTooLarge",
    "PaymentMethodType",
    "ProductIdentifiers",
    "QueueTimeout",
    "RateLimit",
    "RateLimited",
    "ReferenceTaken",
    "Refund",
    "RefundObject",
    "RefusalExplanation",
    "Reply",
    "Request",
    "RequestTimeout",
    "Response",
    "Retry",
    "RetryRule",
    "Schedule",
    "SelectedShippingOption",
    "ServerError",
    "SessionFailed",
    "ShippingInfo",
    "ShippingMethod",
    "StatusError",
    "Subscription",
    "SubscriptionInterval",
    "Timeslot",
    "Unauthorized",
    "UnexpectedRedirect",
    "Unprocessable",
    "UnreadableAnswer",
    "UnrecognizedAnswer",
    "UpdateAuthorization",
    "UpdateConsumer",
    "UpdateMerchantReferences",
    "UpdateShippingInfo",
    "WaitEvent",
    "__version__",
    "cancel_or_release",
    "capture_once",
    "capture_remaining",
    "correlation_id",
    "derive_key",
    "ensure_acknowledged",
    "explain_refusal",
    "extend_in_time",
    "refund_once",
]

_HOMES = {
    "client": "KlarnaClient",
    "http.connector": "Connector",
    "settings.credentials": "Credentials",
    "settings.environment": "ENVIRONMENTS Environment",
    "errors": (
        "AnswerCut AnswerTimeout BadRequest CertificateRejected ClientClosed ConfigurationError Conflict "
        "ConnectionFailed ConnectionLost IdempotencyKeyReused InvalidRequest KeyExpired KlarnaError "
        "MiddlewareFailed NoAnswer NotAllowed NotConfirmed NotFound PayloadTooLarge QueueTimeout RateLimited "
        "ReferenceTaken RequestTimeout ServerError SessionFailed StatusError Unauthorized UnexpectedRedirect "
        "Unprocessable UnreadableAnswer UnrecognizedAnswer"
    ),
    "exchange": "Attempt Reply Request Response",
    "hooks": "AttemptEvent CallEvent Hooks WaitEvent",
    "keys": "Key derive_key",
    "middleware": "Handler Middleware",
    "middleware.correlation": "correlation_id",
    "options": "Options",
    "outcome": "Outcome",
    "pace.pacer": "Pacer",
    "pace.pacing": "PaceSnapshot PaceSource Pacing",
    "rate_limit": "RateLimit",
    "retry.budget": "Budget",
    "retry.policy": "FullJitter Retry Schedule",
    "retry.rules": "RETRY_RULES RetryRule",
    "types": (
        "Addon Address AddressLocation Capture CaptureObject CarrierProduct Customer ErrorCode ErrorMessage "
        "ExtendDueDateOption ExtendDueDateOptions ExtendDueDateRequest FraudEvent FraudStatus InitialPaymentMethod "
        "Location Notification Order OrderLine OrderLineType OrderStatus PaymentMethodType ProductIdentifiers "
        "Refund RefundObject SelectedShippingOption ShippingInfo ShippingMethod Subscription SubscriptionInterval "
        "Timeslot UpdateAuthorization UpdateConsumer UpdateMerchantReferences UpdateShippingInfo"
    ),
    "version": "__version__",
    "workflows.cancel_or_release": "EndResult cancel_or_release",
    "workflows.capture_once": "capture_once",
    "workflows.capture_remaining": "capture_remaining",
    "workflows.ensure_acknowledged": "ensure_acknowledged",
    "workflows.explain_refusal": "RefusalExplanation explain_refusal",
    "workflows.extend_in_time": "ExtendResult extend_in_time",
    "workflows.refund_once": "refund_once",
}
"""Where each public name lives; a test compares this with the imports above, which are for type checkers."""

_HOME_OF = {name: f"klarna_om.{home}" for home, names in _HOMES.items() for name in names.split()}
