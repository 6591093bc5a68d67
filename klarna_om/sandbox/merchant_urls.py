"""The merchant's URLs, to which Klarna sends: `push` with a placeholder for the order's id, and `notification`."""

from urllib.parse import quote, urlsplit

from klarna_om.settings.base_url import is_loopback

ORDER_ID = "{checkout.order.id}"
"""Klarna's placeholder. https://docs.klarna.com/klarna-checkout/additional-resources/confirm-purchase"""


def check_push_url(url: str | None, *, is_remote_allowed: bool) -> str | None:
    """A URL for pushes; `ValueError` where the order's id has no place in it, or it leads to another machine."""
    if url and ORDER_ID not in url:
        raise ValueError(f"push_url has no place for the order's id: write {ORDER_ID} into it, as for Klarna")
    return _check_host("push_url", url, is_remote_allowed=is_remote_allowed)


def check_notification_url(url: str | None, *, is_remote_allowed: bool) -> str | None:
    """A URL for fraud notifications; the order's id is in their body, so it needs no place in the URL."""
    return _check_host("notification_url", url, is_remote_allowed=is_remote_allowed)


def fill_order_id(url: str, order_id: str) -> str:
    """The URL for one order."""
    return url.replace(ORDER_ID, quote(order_id, safe=""))


def _check_host(name: str, url: str | None, *, is_remote_allowed: bool) -> str | None:
    if not url:
        return None
    try:
        parts = urlsplit(url.replace(ORDER_ID, ""))
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or not url.lower().startswith(("http://", "https://")):
        raise ValueError(f"{name} is no URL: it begins with http://127.0.0.1:PORT/ for example")
    if not is_remote_allowed and not is_loopback(host):
        raise ValueError(
            f"{name}: {host} is another machine, and the sandbox sends to this one only: allow_remote=True"
            " (--allow-remote) lifts that, for containers"
        )
    return url
