"""Orders out of a seed: the same ones each time, and none exists before somebody asks for it.

An order's id holds its number, masked, beside a digest of seed and number. So the sandbox tells its own ids
from all others without a list of them, and a million orders cost nothing until they are touched.
"""

import re
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from klarna_om.sandbox.clock import midnight, stamp
from klarna_om.sandbox.stock import GOODS, MARKETS, METHODS, SALES_TAX_RATE, SHIPPING_FEE, Market

Document = dict[str, Any]

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_BOUGHT_WITHIN = 24 * 60 * 60
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class Seeds:
    """`count` orders, bought in the day before `start`."""

    def __init__(self, seed: int, count: int, start: float) -> None:
        self.count = count
        self._seed = str(seed).encode()
        self._start = start
        self._mask = int.from_bytes(digest(self._seed)[:6])

    def __iter__(self) -> Iterator[str]:
        """The ids, in order, made while they are read."""
        return map(self.order_id, range(self.count))

    def order_id(self, number: int) -> str:
        """The id of an order: a version-4 UUID by its shape."""
        mixed = digest(self._seed, number).hex()
        node = f"{number ^ self._mask:012x}"
        return f"{mixed[:8]}-{mixed[8:12]}-4{mixed[13:16]}-a{mixed[17:20]}-{node}"

    def number(self, order_id: str) -> int | None:
        """Which of these orders it is; None for an id that is none of them."""
        number = int(order_id[-12:], 16) ^ self._mask
        return number if number < self.count and self.order_id(number) == order_id else None

    def document(self, number: int) -> Document:
        """The order as it was bought."""
        return purchase(self.order_id(number), digest(self._seed, number), self._start)


def digest(seed: bytes, number: int = -1) -> bytes:
    """Sixteen bytes that look like chance and are the same in every run."""
    return blake2b(b"%b/%d" % (seed, number), digest_size=16).digest()


def is_uuid(text: str) -> bool:
    """Whether it has a UUID's shape; recorded order ids do not always have a valid version nibble."""
    return _UUID.fullmatch(text) is not None


def uuid_of(*parts: object) -> str:
    """A UUID that is the same for the same parts: ids of captures and refunds do not change between runs."""
    mixed = blake2b("/".join(map(str, parts)).encode(), digest_size=16).hexdigest()
    return f"{mixed[:8]}-{mixed[8:12]}-4{mixed[13:16]}-a{mixed[17:20]}-{mixed[20:]}"


def purchase(order_id: str, chance: bytes, start: float) -> Document:
    """A realistic order: several lines, a market's tax, a way to pay; `chance` picks among the stock."""
    market = MARKETS[chance[0] % len(MARKETS)]
    lines = _lines(market, chance)
    created = start - int.from_bytes(chance[8:12]) % _BOUGHT_WITHIN
    return {
        "order_id": order_id,
        "fraud_status": "ACCEPTED",
        "order_amount": sum(line["total_amount"] for line in lines),
        "purchase_currency": market.currency,
        "purchase_country": market.country,
        "locale": market.locale,
        "order_lines": lines,
        "klarna_reference": "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest(chance)[:8]),
        "customer": {"date_of_birth": f"19{50 + chance[1] % 50}-0{1 + chance[2] % 9}-{10 + chance[3] % 19}"},
        "billing_address": market.address,
        "shipping_address": market.address,
        "created_at": stamp(created),
        "expires_at": stamp(midnight(created, 28)),  # 28 days is the standard account's; midnight as recorded
        "initial_payment_method": METHODS[chance[4] % len(METHODS)],
    }


def _lines(market: Market, chance: bytes) -> list[Document]:
    picks = [(chance[5] + step) % len(GOODS) for step in range(1 + chance[6] % 3)]
    lines = [line(market.tax_rate, *GOODS[pick], quantity=1 + chance[7 + step] % 2) for step, pick in enumerate(picks)]
    lines.append(line(market.tax_rate, "SHIPPING", "Shipping", SHIPPING_FEE, "", kind="shipping_fee"))
    if market.tax_rate == 0:
        lines.append(_sales_tax(sum(each["total_amount"] for each in lines)))
    return lines


def line(
    tax_rate: int,
    reference: str,
    name: str,
    price: int,
    unit: str,
    *,
    quantity: int = 1,
    kind: str = "physical",
) -> Document:
    """An order line with its tax included, as Klarna computes it: total - total * 10000 / (10000 + rate)."""
    total = price * quantity
    return {
        "reference": reference,
        "type": kind,
        "quantity": quantity,
        "quantity_unit": unit,
        "name": name,
        "unit_price": price,
        "tax_rate": tax_rate,
        "total_amount": total,
        "total_discount_amount": 0,
        "total_tax_amount": total - round(total * 10_000 / (10_000 + tax_rate)),
    }


def _sales_tax(net: int) -> Document:
    """The United States' way: lines without tax, and one line that is the tax."""
    return line(0, "TAX", "Sales tax", round(net * SALES_TAX_RATE / 10_000), "", kind="sales_tax")
