"""`klarna-om sandbox order FIELD=VALUE...`: adds an order to a sandbox that runs, and prints its id."""

import base64
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

import attrs
import click
import msgspec

from klarna_om.errors import ConfigurationError
from klarna_om.settings.base_url import is_loopback
from klarna_om.settings.environment import find_environment
from klarna_om.types import Order

TIMEOUT = 10.0  # seconds; the sandbox answers at once
_TEXTS = {field.name for field in attrs.fields(Order) if field.type == str | None}


@click.command(
    "order",
    epilog="""\b
Example:
  klarna-om sandbox order order_amount=12000 merchant_reference1=A-17
  klarna-om sandbox order fraud_status=PENDING 'push_url=http://127.0.0.1:8000/push?id={checkout.order.id}'

A value is JSON, or a word. Beside the fields of an order there are captured_amount, status, push_url,
notification_url, appears_after (seconds) and appears_after_requests.
""",
)
@click.argument("fields", metavar="[FIELD=VALUE]...", nargs=-1)
@click.option("--at", "url", default="http://127.0.0.1:8420", show_default=True, help="URL of the sandbox.")
@click.option("--username", default="sandbox", show_default=True, help="Of the sandbox, for one on another machine.")
@click.option("--password", default="sandbox", show_default=True, help="Of the sandbox, for one on another machine.")
def order(fields: tuple[str, ...], url: str, username: str, password: str) -> None:
    """Add an order to a sandbox that runs, and print its id.

    Fields that are not given get realistic values. A sandbox in another container is sandbox+http://NAME:PORT.
    """
    login = base64.b64encode(f"{username}:{password}".encode()).decode()
    request = Request(  # noqa: S310 - `_base_url` has checked the scheme
        f"{_base_url(url)}/_sandbox/orders",
        msgspec.json.encode(dict(map(_parse_field, fields))),
        {"Authorization": f"Basic {login}", "Content-Type": "application/json"},
    )
    try:
        # No proxy: the sandbox is near.
        with build_opener(ProxyHandler({})).open(request, timeout=TIMEOUT) as answer:
            created = msgspec.json.decode(answer.read())
    except HTTPError as refusal:
        raise click.ClickException(f"the sandbox says {refusal.code}: {refusal.read().decode().strip()}") from None
    except OSError as reason:
        raise click.ClickException(f"no sandbox answers at {url}: {reason}; is `klarna-om sandbox` running?") from None
    click.echo(created["order_id"])


def _parse_field(text: str) -> tuple[str, Any]:
    name, separator, value = text.partition("=")
    if not separator:
        raise click.UsageError(f"{text!r} is not of the form FIELD=VALUE, such as order_amount=12000")
    if name in _TEXTS:
        return name, value
    try:
        return name, msgspec.json.decode(value)
    except msgspec.DecodeError:
        return name, value


def _base_url(url: str) -> str:
    try:
        environment = find_environment(url)
    except ConfigurationError as error:
        raise click.UsageError(f"--at: {error}") from None
    if not environment.is_sandbox and not is_loopback(urlsplit(environment.base_url).hostname or ""):
        raise click.UsageError(f"--at: {environment.name} is no sandbox on this machine; another one is sandbox+URL")
    return environment.base_url
