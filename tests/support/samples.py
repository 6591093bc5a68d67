"""Documents in every shape that Klarna's have: the project's own, and the published ones where they are present."""

import json
from pathlib import Path
from typing import Any

from attrs import frozen

from klarna_om import types
from tests.support.shared import PUBLISHED_SAMPLES

CONTRACT = Path(__file__).resolve().parents[1] / "contract"

PUBLISHED_CLASSES = {
    "docs_order_pl_captured.json": "Order",
    "drupal_get_order.json": "Order",
    "drupal_get_order_no_captures.json": "Order",
    "real_order_gb_paybycard.json": "Order",
    "lines_discounts.json": "Order",
    "lines_eu_tax.json": "Order",
    "lines_swe_discount.json": "Order",
    "docs_capture_us.json": "Capture",
    "dotnet_GetOneCaptureResponse.json": "Capture",
    "docs_extend_due_date_options.json": "ExtendDueDateOptions",
    "php_error_service_version.json": "ErrorMessage",
    "error_cancel_not_allowed.json": "ErrorMessage",
    "error_customer_details_not_allowed.json": "ErrorMessage",
    "error_extend_not_allowed.json": "ErrorMessage",
    "error_invalid_order_id.json": "ErrorMessage",
    "error_no_such_order_ack.json": "ErrorMessage",
    "error_no_such_order_capture.json": "ErrorMessage",
    "error_no_such_order_capture_shipping.json": "ErrorMessage",
    "error_no_such_order_refs.json": "ErrorMessage",
    "error_no_such_order_shipping_info.json": "ErrorMessage",
    "error_refund_not_allowed.json": "ErrorMessage",
    "error_release_not_allowed.json": "ErrorMessage",
    "error_update_not_allowed.json": "ErrorMessage",
    "notification_fraud_accepted.json": "Notification",
    "notification_fraud_rejected.json": "Notification",
    "docs_request_capture_full.json": "CaptureObject",
    "dotnet_CreateCaptureRequest.json": "CaptureObject",
    "php_request_create_capture.json": "CaptureObject",
    "docs_request_refund_full.json": "RefundObject",
    "dotnet_CreateRefundRequest.json": "RefundObject",
    "php_request_refund.json": "RefundObject",
    "docs_request_update_authorization.json": "UpdateAuthorization",
    "dotnet_SetNewOrderAmountAndOrderLinesRequest.json": "UpdateAuthorization",
    "php_request_update_authorization.json": "UpdateAuthorization",
    "docs_request_customer_details.json": "UpdateConsumer",
    "dotnet_UpdateCustomerAddressesRequest.json": "UpdateConsumer",
    "php_request_update_customer_details.json": "UpdateConsumer",
    "php_request_capture_customer_details_deprecated.json": "UpdateConsumer",
    "docs_request_merchant_references.json": "UpdateMerchantReferences",
    "dotnet_UpdateMerchantReferencesRequest.json": "UpdateMerchantReferences",
    "docs_request_shipping_info.json": "UpdateShippingInfo",
    "dotnet_AddShippingInfoToCaptureRequest.json": "UpdateShippingInfo",
    "php_request_add_shipping_info.json": "UpdateShippingInfo",
    "docs_request_extend_due_date.json": "ExtendDueDateRequest",
}
EXCHANGES = "http_*.json"
NOT_OF_THIS_API = {"push_merchant_urls.json"}
"""Part of a request to create a checkout order, which this client does not send."""


@frozen(repr=False)
class Sample:
    """A document and where it is from."""

    name: str
    cls: type[Any]
    data: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.data)

    def __repr__(self) -> str:
        return f"{self.cls.__name__}: {self.name}"


def _samples_in(path: Path) -> list[Sample]:
    """A file of ours: a class's name, a name, a document."""
    return [
        Sample(name, getattr(types, cls), json.dumps(document).encode())
        for cls, documents in json.loads(path.read_bytes()).items()
        for name, document in documents.items()
    ]


def own(cls: type[Any], name: str) -> Sample:
    """The one of our documents that has this class and name."""
    return next(sample for sample in OWN_SAMPLES if (sample.cls, sample.name) == (cls, name))


def published(*names: str) -> list[Sample]:
    """The published documents of these names; none where they are not present."""
    return [
        Sample(name, getattr(types, PUBLISHED_CLASSES[name]), (PUBLISHED_SAMPLES / name).read_bytes())
        for name in (names if PUBLISHED_SAMPLES.is_dir() else ())
    ]


def exchanges() -> dict[str, Any]:
    """Every HTTP exchange, by name: ours, and the recorded ones where they are present."""
    recorded = {path.name: json.loads(path.read_bytes()) for path in sorted(PUBLISHED_SAMPLES.glob(EXCHANGES))}
    return {**json.loads((CONTRACT / "exchanges.json").read_bytes()), **recorded}


OWN_SAMPLES = [sample for path in sorted((CONTRACT / "documents").glob("*.json")) for sample in _samples_in(path)]
ODD_TIMES = own(types.Order, "with times that do not exist")
SAMPLES = [*(sample for sample in OWN_SAMPLES if sample is not ODD_TIMES), *published(*PUBLISHED_CLASSES)]
REQUESTS = [
    sample
    for sample in SAMPLES
    if sample.cls.__name__.startswith("Update")
    or sample.cls.__name__ in {"CaptureObject", "RefundObject", "ExtendDueDateRequest"}
]
ANSWERS = [sample for sample in SAMPLES if sample not in REQUESTS]
