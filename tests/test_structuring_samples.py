"""Every document that Klarna published, or that was recorded, is read; every request is written as it was."""

import json
from typing import Any

import pytest

from klarna_om.structuring import fast_lane, read, to_dict, write
from klarna_om.types import (
    Capture,
    CaptureObject,
    ErrorMessage,
    ExtendDueDateOptions,
    ExtendDueDateRequest,
    Notification,
    Order,
    RefundObject,
    UpdateAuthorization,
    UpdateConsumer,
    UpdateMerchantReferences,
    UpdateShippingInfo,
)
from tests.support.shared import SHARED, shared_file, shared_json

SAMPLES = "klarna/samples"

ANSWERS: dict[str, type[Any]] = {
    "docs_order_pl_captured.json": Order,
    "drupal_get_order.json": Order,
    "drupal_get_order_no_captures.json": Order,
    "real_order_gb_paybycard.json": Order,
    "docs_capture_us.json": Capture,
    "dotnet_GetOneCaptureResponse.json": Capture,
    "docs_extend_due_date_options.json": ExtendDueDateOptions,
    "php_error_service_version.json": ErrorMessage,
    "error_cancel_not_allowed.json": ErrorMessage,
    "error_customer_details_not_allowed.json": ErrorMessage,
    "error_extend_not_allowed.json": ErrorMessage,
    "error_invalid_order_id.json": ErrorMessage,
    "error_no_such_order_ack.json": ErrorMessage,
    "error_no_such_order_capture.json": ErrorMessage,
    "error_no_such_order_capture_shipping.json": ErrorMessage,
    "error_no_such_order_refs.json": ErrorMessage,
    "error_no_such_order_shipping_info.json": ErrorMessage,
    "error_refund_not_allowed.json": ErrorMessage,
    "error_release_not_allowed.json": ErrorMessage,
    "error_update_not_allowed.json": ErrorMessage,
    "lines_discounts.json": Order,
    "lines_eu_tax.json": Order,
    "lines_swe_discount.json": Order,
    "notification_fraud_accepted.json": Notification,
    "notification_fraud_rejected.json": Notification,
}
REQUESTS: dict[str, type[Any]] = {
    "docs_request_capture_full.json": CaptureObject,
    "dotnet_CreateCaptureRequest.json": CaptureObject,
    "php_request_create_capture.json": CaptureObject,
    "docs_request_refund_full.json": RefundObject,
    "dotnet_CreateRefundRequest.json": RefundObject,
    "php_request_refund.json": RefundObject,
    "docs_request_update_authorization.json": UpdateAuthorization,
    "dotnet_SetNewOrderAmountAndOrderLinesRequest.json": UpdateAuthorization,
    "php_request_update_authorization.json": UpdateAuthorization,
    "docs_request_customer_details.json": UpdateConsumer,
    "dotnet_UpdateCustomerAddressesRequest.json": UpdateConsumer,
    "php_request_update_customer_details.json": UpdateConsumer,
    "php_request_capture_customer_details_deprecated.json": UpdateConsumer,
    "docs_request_merchant_references.json": UpdateMerchantReferences,
    "dotnet_UpdateMerchantReferencesRequest.json": UpdateMerchantReferences,
    "docs_request_shipping_info.json": UpdateShippingInfo,
    "dotnet_AddShippingInfoToCaptureRequest.json": UpdateShippingInfo,
    "php_request_add_shipping_info.json": UpdateShippingInfo,
    "docs_request_extend_due_date.json": ExtendDueDateRequest,
}
OTHERS = {
    "http_400_bad_value.json",
    "http_capture_201.json",
    "http_payments_200_ratelimit_headers.json",
    "push_merchant_urls.json",
}
"""Exchanges and the push's URLs, which are no documents of this API."""

UNKNOWN_FIELDS = {"service_version", "order_tax_amount"}
"""What samples have and the specification has not."""


def known(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in UNKNOWN_FIELDS}


def test_no_published_document_is_forgotten() -> None:
    shared_file(SAMPLES)

    assert {path.name for path in (SHARED / SAMPLES).glob("*.json")} == {*ANSWERS, *REQUESTS, *OTHERS}


@pytest.mark.parametrize(("name", "cls"), (ANSWERS | REQUESTS).items())
def test_every_published_document_is_read_on_the_fast_lane(name: str, cls: Any) -> None:
    data = shared_file(f"{SAMPLES}/{name}").read_bytes()
    lane = fast_lane.lane(cls)

    assert lane is not None
    assert lane(data) == read(cls, data)


@pytest.mark.parametrize(("name", "cls"), REQUESTS.items())
def test_every_published_request_comes_back_unchanged(name: str, cls: type[Any]) -> None:
    document = shared_json(f"{SAMPLES}/{name}")

    request = read(cls, json.dumps(document).encode())

    assert json.loads(write(request)) == document == to_dict(request)


@pytest.mark.parametrize(("name", "cls"), ANSWERS.items())
def test_every_published_answer_keeps_all_that_the_types_know(name: str, cls: type[Any]) -> None:
    document = known(shared_json(f"{SAMPLES}/{name}"))

    answer = read(cls, json.dumps(document).encode())

    assert set(to_dict(answer)) == {name for name, value in document.items() if value != []}
    assert read(cls, write(answer)) == answer


def test_a_recorded_order_has_all_that_klarna_said() -> None:
    order = read(Order, shared_file(f"{SAMPLES}/real_order_gb_paybycard.json").read_bytes())

    assert (order.status, order.order_amount, order.remaining_authorized_amount) == ("AUTHORIZED", 19, 19)
    assert order.expires_at is not None
    assert order.expires_at.isoformat() == "2023-07-04T00:00:00+00:00"
    assert order.customer is not None
    assert order.customer.type == "person"
    assert [line.total_amount for line in order.order_lines] == [20]
    assert (order.captures, order.refunds, order.shipping_info) == ((), (), ())
