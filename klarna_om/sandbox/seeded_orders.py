"""Orders derived from a seed: the same in every run, and built only when they are used.

An order's id holds its number, masked, and a digest of seed and number. So the sandbox recognises its own ids
without a list of them, and a million orders cost nothing until they are used.
"""

from collections.abc import Iterator
from hashlib import blake2b

from klarna_om.sandbox.account import Document
from klarna_om.sandbox.clock import format_timestamp, midnight_after
from klarna_om.sandbox.sample_data import GOODS, MARKETS, PAYMENT_METHODS, SALES_TAX_RATE, SHIPPING_FEE, Market

_PURCHASE_PERIOD = 24 * 60 * 60
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class SeededOrders:
    """`count` orders, purchased in the day before `start`."""

    def __init__(self, seed: int, count: int, start: float) -> None:
        self.count = count
        self._seed = str(seed).encode()
        self._start = start
        self._mask = int.from_bytes(digest(self._seed)[:6])

    def __iter__(self) -> Iterator[str]:
        """The ids in order, derived one by one."""
        return map(self.order_id, range(self.count))

    def order_id(self, number: int) -> str:
        """The id of an order, in the form of a version-4 UUID."""
        mixed = digest(self._seed, number).hex()
        node = f"{number ^ self._mask:012x}"
        return f"{mixed[:8]}-{mixed[8:12]}-4{mixed[13:16]}-a{mixed[17:20]}-{node}"

    def number(self, order_id: str) -> int | None:
        """The number of the order with this UUID; None where it is not one of these orders."""
        number = int(order_id[-12:], 16) ^ self._mask
        return number if number < self.count and self.order_id(number) == order_id else None

    def purchase(self, number: int) -> Document:
        """The order as it was at the purchase."""
        return make_purchase(self.order_id(number), digest(self._seed, number), self._start)


def digest(seed: bytes, number: int = -1) -> bytes:
    """Sixteen bytes that look random and are the same in every run."""
    return blake2b(b"%b/%d" % (seed, number), digest_size=16).digest()


def derive_uuid(*parts: object) -> str:
    """A UUID that is the same for the same parts: ids of captures and refunds do not change between runs."""
    mixed = blake2b("/".join(map(str, parts)).encode(), digest_size=16).hexdigest()
    return f"{mixed[:8]}-{mixed[8:12]}-4{mixed[13:16]}-a{mixed[17:20]}-{mixed[20:]}"


def make_purchase(order_id: str, random_bytes: bytes, start: float) -> Document:
    """A realistic order: several lines, a market's tax, a payment method; `random_bytes` select the data."""
    market = MARKETS[random_bytes[0] % len(MARKETS)]
    lines = _make_lines(market, random_bytes)
    created_at = start - int.from_bytes(random_bytes[8:12]) % _PURCHASE_PERIOD
    birthday = f"19{50 + random_bytes[1] % 50}-0{1 + random_bytes[2] % 9}-{10 + random_bytes[3] % 19}"
    return {
        "order_id": order_id,
        "fraud_status": "ACCEPTED",
        "order_amount": sum(line["total_amount"] for line in lines),
        "purchase_currency": market.currency,
        "purchase_country": market.country,
        "locale": market.locale,
        "order_lines": lines,
        "klarna_reference": "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest(random_bytes)[:8]),
        "customer": {"date_of_birth": birthday},
        "billing_address": market.address,
        "shipping_address": market.address,
        "created_at": format_timestamp(created_at),
        # 28 days is the default of an account; recorded orders expire at midnight
        "expires_at": format_timestamp(midnight_after(created_at, 28)),
        "initial_payment_method": PAYMENT_METHODS[random_bytes[4] % len(PAYMENT_METHODS)],
    }


def _make_lines(market: Market, random_bytes: bytes) -> list[Document]:
    picks = [(random_bytes[5] + step) % len(GOODS) for step in range(1 + random_bytes[6] % 3)]
    lines = [
        make_line(market.tax_rate, *GOODS[pick], quantity=1 + random_bytes[7 + step] % 2)
        for step, pick in enumerate(picks)
    ]
    lines.append(make_line(market.tax_rate, "SHIPPING", "Shipping", SHIPPING_FEE, "", kind="shipping_fee"))
    if market.tax_rate == 0:
        lines.append(_make_sales_tax_line(sum(each["total_amount"] for each in lines)))
    return lines


def make_line(
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


def _make_sales_tax_line(net: int) -> Document:
    """As in the United States: the other lines have no tax, and one line is the tax."""
    return make_line(0, "TAX", "Sales tax", round(net * SALES_TAX_RATE / 10_000), "", kind="sales_tax")
