"""The last check before a byte is sent, once the connection is there: set by a middleware, called by the connector."""

from collections.abc import Callable
from contextvars import ContextVar

check_before_send: ContextVar[Callable[[], None] | None] = ContextVar("klarna_om_check_before_send", default=None)
"""Raises where nothing must be sent any more."""
