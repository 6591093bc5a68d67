"""Orders of any size, made up under the specification's names."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import UUID, uuid5

ADDRESS = {
    "given_name": "Anna",
    "family_name": "Östergård",
    "title": "Ms",
    "street_address": "Sveavägen 46",
    "street_address2": "C/O Lindqvist",
    "postal_code": "111 34",
    "city": "Stockholm",
    "region": "",
    "country": "SE",
    "email": "anna@example.com",
    "phone": "+46701740610",
}
WHEN = "2026-11-19T01:51:17.123Z"


def order_id(number: int) -> str:
    """The id of one of endlessly many orders."""
    return str(uuid5(UUID(int=0), str(number)))


def order_ids() -> Iterator[str]:
    """Ids without end, none twice, so that no cache of URLs helps anybody."""
    return map(order_id, count())


ORDER_ID = order_id(7).encode()
"""The id in the documents that `order` makes."""


def order(size: int, *, is_captured: bool = True) -> bytes:
    """An order as Klarna sends it, of about that many bytes: the larger, the more lines and captures."""
    document = _order()
    if not is_captured:
        document |= {"status": "AUTHORIZED", "captured_amount": 0, "remaining_authorized_amount": 125_000}
    lines = document["order_lines"]
    while len(_json(document)) < size - 400:
        lines.append(_line(len(lines)))
        if is_captured and len(lines) % 12 == 0:
            document["captures"].append(_capture(len(document["captures"]), lines[-4:]))
    document["merchant_data"] = ""
    document["merchant_data"] = "x" * (size - len(_json(document)))
    return _json(document)


def _order() -> dict[str, Any]:
    return {
        "order_id": order_id(7),
        "status": "PART_CAPTURED",
        "fraud_status": "ACCEPTED",
        "order_amount": 125_000,
        "original_order_amount": 125_000,
        "captured_amount": 25_000,
        "refunded_amount": 0,
        "remaining_authorized_amount": 100_000,
        "purchase_currency": "SEK",
        "locale": "sv-SE",
        "order_lines": [],
        "merchant_reference1": "45aa52f397871e3a210645d5",
        "merchant_reference2": "web-7",
        "klarna_reference": "K4MADNY",
        "customer": {"date_of_birth": "1981-09-06"},
        "billing_address": ADDRESS,
        "shipping_address": ADDRESS,
        "created_at": WHEN,
        "purchase_country": "SE",
        "expires_at": WHEN,
        "captures": [],
        "refunds": [],
        "initial_payment_method": {"type": "INVOICE", "description": "Pay later", "number_of_installments": 0},
    }


def _line(number: int) -> dict[str, Any]:
    return {
        "reference": f"75001-{number:04}",
        "type": "physical",
        "quantity": 1 + number % 3,
        "quantity_unit": "pcs.",
        "name": f"Löparsko modell {number}",
        "total_amount": 25_000,
        "unit_price": 25_000,
        "total_discount_amount": 0,
        "tax_rate": 2500,
        "total_tax_amount": 5_000,
        "product_url": f"https://shop.example.com/products/75001-{number:04}",
        "image_url": f"https://shop.example.com/images/75001-{number:04}.jpg",
    }


def _capture(number: int, lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "capture_id": order_id(1000 + number),
        "klarna_reference": f"K4MADNY-{number}",
        "captured_amount": 25_000,
        "captured_at": WHEN,
        "description": "First parcel",
        "order_lines": lines,
        "refunded_amount": 0,
        "billing_address": ADDRESS,
        "shipping_address": ADDRESS,
        "shipping_info": [
            {"shipping_company": "PostNord", "shipping_method": "PickUpStore", "tracking_number": f"SE{number:010}"}
        ],
    }


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
