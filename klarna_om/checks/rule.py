"""What a rule is: the requests it is for, its description and source, its severity, and how it is checked."""

from collections.abc import Callable, Iterable
from types import UnionType
from typing import Any, Literal

from attrs import frozen

from klarna_om.types import (
    CaptureObject,
    ExtendDueDateRequest,
    RefundObject,
    UpdateAuthorization,
    UpdateConsumer,
    UpdateMerchantReferences,
    UpdateShippingInfo,
)

Content = (
    CaptureObject
    | ExtendDueDateRequest
    | RefundObject
    | UpdateAuthorization
    | UpdateConsumer
    | UpdateMerchantReferences
    | UpdateShippingInfo
)
"""The types of all request bodies."""

WithLines = CaptureObject | RefundObject | UpdateAuthorization
"""The requests that may have order lines."""

Severity = Literal["problem", "warning"]
"""A problem is sure to be refused; what draws a warning may be accepted."""

Check = Callable[[Any], Iterable[str]]
"""Finds `path: what is wrong` in a request, or nothing. It must accept wrong Python types: they are found elsewhere."""


@frozen
class Rule:
    """One row of `RULES`."""

    name: str
    severity: Severity
    of: type | UnionType
    """The requests that it applies to."""
    check: Check
    description: str
    """The rule in words."""
    source: str
    """Where it is documented."""
    host: Literal["klarna", "kustom"] | None = None
    """Whose hosts it is for; None for all."""
