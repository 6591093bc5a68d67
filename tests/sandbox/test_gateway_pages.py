"""Answers of somebody else than Klarna: none of them is executed, and a client believes none of them."""

import pytest

from klarna_om import CaptureObject, KlarnaClient, KlarnaError, Outcome, Retry
from klarna_om.sandbox import FaultPlan, Sandbox
from klarna_om.sandbox.faults import PLANS
from klarna_om.sandbox.gateway_pages import GATEWAY_PAGES
from tests.sandbox.caller import Caller

PAGES = pytest.mark.parametrize("fault", GATEWAY_PAGES)


@PAGES
async def test_a_page_has_nothing_of_klarnas(caller: Caller, sandbox: Sandbox, fault: str) -> None:
    sandbox.fail_next(1, fault=fault)
    page = GATEWAY_PAGES[fault]

    response = await caller.acknowledge("one")

    assert (response.status, response.body.decode()) == (page.status, page.text)
    assert not [name for name in response.headers if name.lower().startswith(("klarna-", "x-ratelimit"))]
    assert response.headers.get("Content-Type", "").startswith(page.content_type if page.text else "")
    assert sandbox.effects() == 0


@PAGES
@pytest.mark.parametrize("operation", ["orders.acknowledge", "captures.create", "orders.get"])
async def test_a_client_is_in_doubt_after_a_page(sandbox: Sandbox, fault: str, operation: str) -> None:
    order_id = sandbox.order(order_amount=500).order_id or ""
    klarna = sandbox.client(retry=Retry.off())
    sandbox.fail_next(1, fault=fault)

    with pytest.raises(KlarnaError) as caught:
        await call(klarna, operation, order_id)

    assert caught.value.outcome is Outcome.UNKNOWN
    await call(klarna, operation, order_id)


async def call(klarna: KlarnaClient, operation: str, order_id: str) -> None:
    if operation == "captures.create":
        await klarna.captures.create(order_id, CaptureObject(captured_amount=1))
    elif operation == "orders.get":
        await klarna.orders.get(order_id)
    else:
        await klarna.orders.acknowledge(order_id)


async def test_an_unsigned_answer_is_klarnas_without_its_correlation_id(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.fail_next(2, fault="unsigned")

    capture, refusal = await caller.capture(500), await caller.capture(500_000)

    assert "Klarna-Correlation-Id" not in capture.headers
    assert "Klarna-Correlation-Id" not in refusal.headers
    assert (capture.status, "Capture-Id" in capture.headers) == (201, True)
    assert (refusal.status, refusal.error_code) == (403, "CAPTURE_NOT_ALLOWED")
    assert sandbox.effects() == 1


async def test_a_plan_may_name_a_page(caller: Caller, sandbox: Sandbox) -> None:
    sandbox.faults = "portal-200=1,in-a-row=1"

    assert [(await caller.acknowledge()).status for _ in range(2)] == [200, 204]


def test_one_plan_has_all_pages() -> None:
    plan = FaultPlan.parse("gateways")

    assert {rate.fault.kind for rate in plan.rates} == {*GATEWAY_PAGES, "html-502", "unsigned"}
    assert sum(rate.share for rate in PLANS["gateways"].rates) < 0.5
