"""The lines of what is left to capture, or none where they cannot be known."""

from klarna_om.checks import warnings
from klarna_om.money import remaining_lines
from klarna_om.money.line_parts import share_of, tax_of
from klarna_om.types import Capture, CaptureObject, Order, OrderLine


def line(reference: str | None, quantity: int, price: int, **more: int | str | None) -> OrderLine:
    fields = {"total_amount": quantity * price, "tax_rate": 2500, **more}
    return OrderLine(reference=reference, name="x", quantity=quantity, unit_price=price, **fields)  # type: ignore[arg-type]


def order(*lines: OrderLine, captures: tuple[Capture, ...] = (), remaining: int | None = None) -> Order:
    total = sum(each.total_amount or 0 for each in lines)
    captured = sum(each.captured_amount or 0 for each in captures)
    left = total - captured if remaining is None else remaining
    return Order(
        order_lines=lines,
        order_amount=total,
        captures=captures,
        captured_amount=captured,
        remaining_authorized_amount=left,
    )


def capture(*lines: OrderLine, amount: int | None = None) -> Capture:
    total = sum(each.total_amount or 0 for each in lines) if amount is None else amount
    return Capture(captured_amount=total, order_lines=lines)


SOCKS, SHIRT = line("socks", 4, 500), line("shirt", 1, 8000)


def test_before_any_capture_they_are_the_orders_own() -> None:
    assert remaining_lines(order(SOCKS, SHIRT)) == (SOCKS, SHIRT)


def test_a_part_of_a_line_is_left() -> None:
    (left, shirt) = remaining_lines(order(SOCKS, SHIRT, captures=(capture(line("socks", 3, 500)),)))

    assert (left.reference, left.quantity, left.total_amount, left.total_tax_amount) == ("socks", 1, 500, 100)
    assert shirt is SHIRT
    assert warnings(CaptureObject(captured_amount=8500, order_lines=(left, shirt))) == ()


def test_after_a_capture_without_lines_none_are_known() -> None:
    assert remaining_lines(order(SOCKS, SHIRT, captures=(capture(amount=1000),))) == ()


def test_lines_that_do_not_add_up_to_what_is_left_are_not_claimed() -> None:
    assert remaining_lines(order(SOCKS, SHIRT, remaining=5000)) == ()


def test_a_part_of_different_lines_of_one_reference_is_not_claimed() -> None:
    two_prices = (line("socks", 1, 500), line("socks", 1, 700))

    assert remaining_lines(order(*two_prices, captures=(capture(line("socks", 1, 500)),))) == ()
    assert remaining_lines(order(*two_prices)) == two_prices


def test_nothing_is_left_of_what_is_captured() -> None:
    assert remaining_lines(order(SOCKS, captures=(capture(SOCKS),))) == ()


def test_tax_is_rounded_to_the_nearest_minor_unit() -> None:
    assert [tax_of(amount, 2500) for amount in (1000, 1, 2, 3, -3, 333)] == [200, 0, 0, 1, -1, 67]
    assert tax_of(1000, 0) == 0


def test_halves_are_rounded_away_from_zero() -> None:
    assert [share_of(amount, 1, 2) for amount in (1, -1, 3, -3, 2)] == [1, -1, 2, -2, 1]
