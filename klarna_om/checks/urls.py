"""URLs, which are left out where there is none."""

from collections.abc import Iterator

from attrs import fields

from klarna_om.checks.parts import parts_of
from klarna_om.types import (
    CaptureObject,
    OrderLine,
    RefundObject,
    ShippingInfo,
    UpdateAuthorization,
    UpdateShippingInfo,
)

WithUrls = CaptureObject | RefundObject | UpdateAuthorization | UpdateShippingInfo

URLS = {
    kind: tuple(field.name for field in fields(kind) if field.name.endswith(("_url", "_uri")))
    for kind in (OrderLine, ShippingInfo)
}


def find_empty_urls(content: WithUrls) -> Iterator[str]:
    """Find URLs of order lines and parcels that are empty strings."""
    for place, kind in (("order_lines", OrderLine), ("shipping_info", ShippingInfo)):
        for path, part in parts_of(content, place, kind):
            for name in URLS[kind]:
                url = getattr(part, name)
                if isinstance(url, str) and not url.strip():
                    yield f"{path}{name}: should be left out where there is none, got an empty string"
