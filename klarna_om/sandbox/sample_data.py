"""Invented goods, customers and payment methods of the sandbox's orders."""

from collections.abc import Mapping
from typing import Any

from attrs import frozen


@frozen
class Market:
    """A country with its currency, its tax rate and a customer."""

    country: str
    currency: str
    locale: str
    tax_rate: int
    """Two implied decimals, 2500 is 25 %. 0 means a `sales_tax` line instead, as in the United States."""
    address: Mapping[str, str]


def _market(country: str, currency: str, locale: str, tax_rate: int, place: str, name: str, phone: str) -> Market:
    street, postal_code, city, region = place.split(" | ")
    given_name, family_name = name.split(" ", 1)
    address = {
        "given_name": given_name,
        "family_name": family_name,
        "title": "",
        "street_address": street,
        "street_address2": "",
        "postal_code": postal_code,
        "city": city,
        "region": region,
        "country": country,
        "email": f"{given_name}.{family_name}@example.com".lower().replace(" ", "-"),
        "phone": phone,
    }
    return Market(country, currency, locale, tax_rate, address)


MARKETS = (
    _market("SE", "SEK", "sv-SE", 2500, "Provgatan 1 | 111 22 | Stockholm | ", "Astrid Prov", "+46700000001"),
    _market("DE", "EUR", "de-DE", 1900, "Musterweg 2 | 10115 | Berlin | ", "Erika Muster", "+491700000002"),
    _market("NO", "NOK", "nb-NO", 2500, "Prøveveien 3 | 0150 | Oslo | ", "Ola Prøve", "+4740000003"),
    _market("GB", "GBP", "en-GB", 2000, "4 Sample Road | W1A 0AX | London | ", "Jane Sample", "+447000000004"),
    _market("PL", "PLN", "pl-PL", 2300, "ul. Testowa 5 | 00-001 | Warszawa | ", "Jan Testowy", "+48500000005"),
    _market("US", "USD", "en-US", 0, "6 Example Street | 37901 | Knoxville | TN", "John Example", "+18655550106"),
)
SALES_TAX_RATE = 925  # of the customer in the United States above: Knoxville's combined rate

GOODS = (
    ("SKU-1001", "Wool socks", 9900, "pcs"),
    ("SKU-1002", "Rain jacket", 129900, "pcs"),
    ("SKU-1003", "Coffee beans, 500 g", 11900, "bag"),
    ("SKU-1004", "Desk lamp", 59900, "pcs"),
    ("SKU-1005", "Paperback", 15900, "pcs"),
    ("SKU-1006", "Running shoes", 109900, "pair"),
    ("SKU-1007", "Olive oil, 1 l", 17900, "btl"),
)
"""Reference, name, unit price with tax in minor units, unit."""
SHIPPING_FEE = 4900

PAYMENT_METHODS: tuple[Mapping[str, Any], ...] = (
    {"type": "INVOICE", "description": "Pay later"},
    {"type": "DIRECT_DEBIT", "description": "Direct debit"},
    {"type": "PAY_BY_CARD", "description": "Pay by card"},
    {"type": "FIXED_AMOUNT", "description": "Slice it (Fixed Payments)", "number_of_installments": 3},
    {"type": "ACCOUNT", "description": "Account"},
    {"type": "PAY_IN_X", "description": "Pay in parts", "number_of_installments": 3},
)
