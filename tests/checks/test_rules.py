"""Every row of the table: what breaks it, and what keeps it."""

from typing import Any

import pytest
from attrs import frozen

from klarna_om.checks import RULES, Rule, problems, warnings
from klarna_om.exchange import Request
from klarna_om.middleware.validation import needs_no_validation
from klarna_om.types import (
    Address,
    CaptureObject,
    ExtendDueDateRequest,
    OrderLine,
    ProductIdentifiers,
    RefundObject,
    ShippingInfo,
    Subscription,
    UpdateAuthorization,
    UpdateConsumer,
    UpdateMerchantReferences,
    UpdateShippingInfo,
)
from tests.support.calls import ORDER_ID


def line(quantity: Any = 2, price: Any = 500, total: Any = 1000, **fields: Any) -> OrderLine:
    return OrderLine(name="Socks", quantity=quantity, unit_price=price, total_amount=total, **fields)


def capture(amount: Any, *lines: Any, **fields: Any) -> CaptureObject:
    return CaptureObject(captured_amount=amount, order_lines=lines or None, **fields)


def refund(amount: Any, *lines: Any) -> RefundObject:
    return RefundObject(refunded_amount=amount, order_lines=lines or None)


def authorization(amount: Any, *lines: Any) -> UpdateAuthorization:
    return UpdateAuthorization(order_amount=amount, order_lines=lines)


def fee(price: Any = -100, total: Any = -100) -> OrderLine:
    return line(1, price, total, type="return_fee")


def parcel(**fields: Any) -> UpdateShippingInfo:
    return UpdateShippingInfo(shipping_info=[ShippingInfo(**fields)])


def moved(**fields: Any) -> UpdateConsumer:
    return UpdateConsumer(shipping_address=Address(**fields))


def request(order_id: str | None = ORDER_ID, body: bytes | None = None) -> Request:
    return Request("orders.acknowledge", "POST", "/", order_id, body=body)


def named(reference: str) -> UpdateMerchantReferences:
    return UpdateMerchantReferences(merchant_reference1=reference)


def days(number: Any) -> ExtendDueDateRequest:
    return ExtendDueDateRequest(number_of_days=number)


SUM = "total_amount: should be quantity * unit_price - total_discount_amount"
MARKUP = "should have no HTML, CSS, JavaScript or control characters"
COUNTRIES: tuple[Any, ...] = ("SE", "se", "", None, 46, [])
NOT_KNOWN = "not one of the known values"


@frozen
class Example:
    """Content that breaks a rule, with the beginning of each problem; or content that keeps it."""

    rule: str
    content: Any
    found: tuple[str, ...] = ()


EXAMPLES = [
    Example("problem: limits", capture(-1), ("captured_amount: must be at least 0, got -1",)),
    Example("problem: limits", capture(0)),
    # Lines
    Example("warning: line sum", capture(1, line(2, 500, 999)), (f"order_lines[0].{SUM} = 2 * 500 - 0 = 1000",)),
    Example("warning: line sum", refund(1, line(), line(total=1)), (f"order_lines[1].{SUM}",)),
    Example("warning: line sum", authorization(1, line(1, -5, 5)), (f"order_lines[0].{SUM} = 1 * -5 - 0 = -5",)),
    Example(
        "warning: line sum", capture(1, line(total_discount_amount=100)), (f"order_lines[0].{SUM} = 2 * 500 - 100",)
    ),
    Example("warning: line sum", capture(1, line(total=900, total_discount_amount=100))),
    Example("warning: line sum", capture(1, line(1, -500, -500))),
    Example("warning: line sum", capture(1, line(0, 500, 0))),
    Example("warning: line sum", capture(1)),
    Example("warning: line sum", capture(1, line(quantity=2.0), line(total=None), line(price=True), "no line")),
    Example("warning: line sum", capture(1, line(quantity=10**5000))),
    # Return fees
    Example(
        "warning: return fee",
        refund(1100, line(), fee(100, 100)),
        (
            "order_lines[1].unit_price: should be negative in a return fee, got 100",
            "order_lines[1].total_amount: should be negative in a return fee, got 100",
        ),
    ),
    Example("warning: return fee", refund(1000, line(), fee(0, 0)), ("order_lines[1].unit_price", "order_lines[1].")),
    Example("warning: return fee", refund(900, line(), fee())),
    Example("warning: return fee", refund(1, line())),
    Example("warning: return fee", refund(None, line(), fee("x", None))),
    Example("problem: days of an extension", days(0), ("number_of_days: must be one of the options",)),
    Example("problem: days of an extension", days(-14), ("number_of_days: must be one of the options",)),
    Example("problem: days of an extension", days(1)),
    Example("problem: days of an extension", days(None)),
    Example("problem: days of an extension", days(False)),
    # The whole request
    Example("problem: size", request(body=b"x" * 1_000_001), ("body: must have at most 1000000 bytes, got 1000001",)),
    Example("problem: size", request(body=b"x" * 1_000_000)),
    Example("problem: size", request()),
    *[
        example
        for rule in ("kustom problem: order id", "klarna warning: order id")
        for example in (
            Example(rule, request("7849fd84"), ("order_id: must be shaped like a UUID",)),
            Example(rule, request(f"{ORDER_ID}0"), ("order_id: must be shaped like a UUID",)),
            Example(rule, request(f"{ORDER_ID}\n"), ("order_id: must be shaped like a UUID",)),
            Example(rule, request("1DAB0505-d1d5-1041-0000-000000000000")),
            Example(rule, request(None)),
        )
    ],
    *[
        example
        for rule in ("kustom problem", "klarna warning")
        for example in (
            Example(
                f"{rule}: order lines of an authorization",
                UpdateAuthorization(order_amount=1),
                ("order_lines: must be there with all lines of the order; left out, the order loses those",),
            ),
            Example(f"{rule}: order lines of an authorization", authorization(1000, line())),
            Example(f"{rule}: order lines of an authorization", authorization(1000)),
        )
    ],
    # Amounts
    Example("warning: sum of lines", capture(1001, line()), ("captured_amount: the lines add up to 1000, got 1001",)),
    Example("warning: sum of lines", refund(1, line(), line()), ("refunded_amount: the lines add up to 2000, got 1",)),
    Example("warning: sum of lines", authorization(1, line()), ("order_amount: the lines add up to 1000, got 1",)),
    Example("warning: sum of lines", capture(1500, line(), line(1, 500, 500))),
    Example("warning: sum of lines", capture(1)),
    Example("warning: sum of lines", authorization(1)),
    Example(
        "warning: sum of lines",
        refund(901, line(), fee()),
        ("refunded_amount: the lines add up to 900, got 901",),
    ),
    Example("warning: sum of lines", refund(900, line(), fee())),
    Example("warning: sum of lines", capture(None, line())),
    Example("warning: sum of lines", capture(1, line(), line(total="1"))),
    Example("warning: capture of nothing", capture(0), ("captured_amount: a capture is of at least 1, got 0",)),
    Example("warning: capture of nothing", capture(1)),
    Example("warning: capture of nothing", capture(False)),
    Example("warning: capture of nothing", capture(None)),
    Example(
        "warning: tax",
        capture(1000, line(tax_rate=2500, total_tax_amount=250)),
        ("order_lines[0].total_tax_amount: a tax_rate of 2500 in 1000 is 200, got 250",),
    ),
    Example("warning: tax", capture(1000, line(tax_rate=2500, total_tax_amount=-200)), ("order_lines[0].",)),
    *[
        Example("warning: tax", capture(1000, line(tax_rate=2500, total_tax_amount=tax)), found)
        for tax, found in ((198, ("order_lines[0].",)), (199, ()), (200, ()), (201, ()), (202, ("order_lines[0].",)))
    ],
    Example("warning: tax", capture(1000, line(1, -1000, -1000, tax_rate=2500, total_tax_amount=-200))),
    Example("warning: tax", capture(1000, line(tax_rate=0, total_tax_amount=0), line(total_tax_amount=77))),
    Example("warning: tax", capture(1000, line(tax_rate=-20_000, total_tax_amount=0))),
    # Known values
    Example("warning: line type", capture(1, line(type="parcel")), (f"order_lines[0].type: {NOT_KNOWN}",)),
    Example("warning: line type", capture(1, line(type="package"))),
    Example("warning: line type", capture(1, line(type="physical"), line(), line(type=5))),
    *[
        Example(
            "warning: subscription interval",
            capture(1, line(subscription=Subscription(name="x", interval=interval, interval_count=1))),
            found,
        )
        for interval, found in (
            ("DAY", ()),
            ("day", (f"order_lines[0].subscription.interval: {NOT_KNOWN} DAY, MONTH",)),
        )
    ],
    Example("warning: subscription interval", capture(1, line(), line(subscription={"interval": "day"}))),
    Example(
        "warning: shipping method",
        parcel(shipping_method="home"),
        (f"shipping_info[0].shipping_method: {NOT_KNOWN} BoxReg,",),
    ),
    Example(
        "warning: shipping method",
        capture(1, shipping_info=[ShippingInfo(shipping_method="Pigeon")]),
        ("shipping_info[0].shipping_method",),
    ),
    Example("warning: shipping method", parcel(shipping_method="Home", shipping_company="My uncle")),
    Example("warning: shipping method", capture(1)),
    # URLs
    *[
        Example(
            "warning: empty URL", content, (f"{path}: should be left out where there is none, got an empty string",)
        )
        for content, path in (
            (capture(1, line(), line(image_url="")), "order_lines[1].image_url"),
            (refund(1, line(product_url=" ")), "order_lines[0].product_url"),
            (authorization(1, line(image_url="")), "order_lines[0].image_url"),
            (capture(1, shipping_info=[ShippingInfo(tracking_uri="")]), "shipping_info[0].tracking_uri"),
            (parcel(return_tracking_uri=""), "shipping_info[0].return_tracking_uri"),
        )
    ],
    Example("warning: empty URL", capture(1, line(image_url="https://shop.example/1.png", product_url=None))),
    Example("warning: empty URL", capture(1, line(image_url=7, reference="", merchant_data=""))),
    Example("warning: empty URL", parcel(tracking_number="")),
    # Markup
    *[
        Example("warning: markup", named(text), (f"merchant_reference1: {MARKUP}",))
        for text in ("<b>", "a<br/>", "<!-- -->", "</p>", "<SCRIPT>", "JavaScript:x()", "a\x00b", "\x7f", "\x1b[1m")
    ],
    *[
        Example("warning: markup", named(text))
        for text in ("", "Electronics > Computers", "< 5 kg", "a < b", "a\tb\r\nc", "Grüße 🧦", "1<2")
    ],
    Example(
        "warning: markup",
        capture(1, line(), line(product_identifiers=ProductIdentifiers(color="<i>"), quantity_unit="\b")),
        (f"order_lines[1].quantity_unit: {MARKUP}", f"order_lines[1].product_identifiers.color: {MARKUP}"),
    ),
    # Addresses
    Example(
        "warning: billing address",
        UpdateConsumer(billing_address=Address(city="Oslo")),
        ("billing_address: cannot be changed any more",),
    ),
    Example("warning: billing address", moved(city="Oslo")),
    *[
        Example("warning: country", moved(country=text), ("shipping_address.country: should be a code of two letters",))
        for text in ("USA", "S", "S3", "Sverige", "ÅÄ")
    ],
    Example("warning: country", UpdateConsumer(billing_address=Address(country="SWE")), ("billing_address.country",)),
    *[Example("warning: country", moved(country=country)) for country in COUNTRIES],
    Example("warning: country", UpdateConsumer(shipping_address={"country": "SWE"})),  # type: ignore[arg-type]
    Example("warning: region", moved(country="US"), ("shipping_address.region: should be there for an address in",)),
    Example("warning: region", moved(country="us", region=""), ("shipping_address.region",)),
    Example("warning: region", moved(country="US", region="NY")),
    Example("warning: region", moved(country="SE")),
    Example("warning: region", moved(country=["US"])),
]  # fmt: skip


def title(rule: Rule) -> str:
    return f"{rule.host or ''} {rule.severity}: {rule.name}".strip()


TITLED = {title(rule): rule for rule in RULES}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.rule}-{bool(example.found)}")
def test_a_rule_finds_what_breaks_it_and_nothing_else(example: Example) -> None:
    rule = TITLED[example.rule]
    find = problems if rule.severity == "problem" else warnings

    found = tuple(rule.check(example.content))

    assert [each.startswith(start) for each, start in zip(found, example.found, strict=True)] == [True] * len(found)
    assert set(found) <= set(find(example.content, kustom=rule.host == "kustom"))


@pytest.mark.parametrize("name", TITLED)
def test_every_rule_is_shown_broken_and_kept(name: str) -> None:
    assert {bool(example.found) for example in EXAMPLES if example.rule == name} == {True, False}


def test_every_rule_has_a_description_and_a_source_and_no_two_are_the_same() -> None:
    assert len(TITLED) == len(RULES)
    for rule in RULES:
        assert rule.description
        assert rule.source.startswith(("https://docs.", "Klarna's guide"))


@pytest.mark.parametrize(
    ("content", "klarna", "kustom"),
    [
        (UpdateAuthorization(order_amount=1), "warning", "problem"),
        (request("no-uuid"), "warning", "problem"),
        (capture(1000, line(type="package")), None, None),
    ],
)
def test_kustoms_differences_follow_the_host(content: Any, klarna: str | None, kustom: str | None) -> None:
    for host, severity in ((False, klarna), (True, kustom)):
        assert bool(problems(content, kustom=host)) is (severity == "problem")
        assert bool(warnings(content, kustom=host)) is (severity == "warning")


def test_a_request_is_checked_with_its_content() -> None:
    bad = request("no-uuid", b"x" * 1_000_001).with_changes(content=capture(-1))

    assert [each.partition(":")[0] for each in problems(bad, kustom=True)] == ["body", "order_id", "captured_amount"]
    assert [each.partition(":")[0] for each in warnings(bad)] == ["order_id"]


@pytest.mark.parametrize("kustom", [False, True])
def test_no_rule_finds_anything_in_a_request_that_is_let_through_unchecked(kustom: bool) -> None:
    usual = request("7849fd84-47dc-4919-a7ce-47b9f461562f")

    assert needs_no_validation(usual)
    assert problems(usual, kustom=kustom) == warnings(usual, kustom=kustom) == ()


def test_whatever_a_rule_reads_makes_a_request_worth_checking() -> None:
    """A rule about another part of a request must be added to `needs_no_validation`."""
    usual = request("7849fd84-47dc-4919-a7ce-47b9f461562f")

    assert {rule.name for rule in RULES if rule.of is Request} == {"size", "order id"}
    for other in (
        usual.with_changes(body=b"{}"),
        usual.with_changes(content=capture(1)),
        usual.with_changes(order_id="7"),
    ):
        assert not needs_no_validation(other)


def test_a_warning_never_repeats_a_string() -> None:
    secret = "<b>Klara Joyce"
    contents: list[Any] = [
        capture(1, line(type=secret, subscription=Subscription(name="x", interval=secret, interval_count=1))),
        parcel(shipping_method=secret),
        moved(country=secret, city=secret),
        request(secret),
    ]

    found = " ".join(" ".join(problems(each) + warnings(each)) for each in contents)

    assert found
    assert "Klara" not in found
