"""The names of attributes: OpenTelemetry's own where they are stable, else ours.

https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from attrs import frozen
from opentelemetry.util.types import AttributeValue

from klarna_om.catalogue import CATALOGUE

SCHEMA_URL = "https://opentelemetry.io/schemas/1.27.0"

METHOD = "http.request.method"
RESEND_COUNT = "http.request.resend_count"
STATUS_CODE = "http.response.status_code"
SERVER_ADDRESS = "server.address"
SERVER_PORT = "server.port"
URL_FULL = "url.full"
ERROR_TYPE = "error.type"

ATTEMPTS = "klarna_om.attempts"
CORRELATION_ID = "klarna_om.correlation_id"
ERROR_CODE = "klarna_om.error_code"
HAS_PLACE = "klarna_om.has_place"
IDEMPOTENCY_KEY = "klarna_om.idempotency_key"
LANE = "klarna_om.lane"
OPERATION = "klarna_om.operation"
ORDER_ID = "klarna_om.order_id"
OUTCOME = "klarna_om.outcome"
STATE = "klarna_om.state"
URL_TEMPLATE = "klarna_om.url_template"

TEMPLATES: Mapping[str, str] = {operation.name: operation.path for operation in CATALOGUE}

Attributes = dict[str, AttributeValue]


@frozen
class Server:
    """Where a client calls."""

    base_url: str
    address: str
    port: int

    @classmethod
    def of(cls, base_url: str) -> "Server":
        """The server of a base URL."""
        url = urlsplit(base_url)
        return cls(base_url, url.hostname or "", url.port or (443 if url.scheme == "https" else 80))

    @property
    def attributes(self) -> Attributes:
        """For spans and metrics."""
        return {SERVER_ADDRESS: self.address, SERVER_PORT: self.port}


def error_type(status: int | None, error: str | None) -> str | None:
    """The value of `error.type`: the status where it is one of an error, else the class."""
    return str(status) if error is not None and status is not None and status >= 400 else error


def known(attributes: Mapping[str, AttributeValue | None]) -> Attributes:
    """Those that have a value."""
    return {name: value for name, value in attributes.items() if value is not None}
