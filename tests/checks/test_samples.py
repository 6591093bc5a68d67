"""What Klarna and its SDKs publish as requests goes through; what of it goes against advice is listed here."""

from typing import Any

import pytest

from klarna_om import structuring
from klarna_om.checks import advice, problems
from klarna_om.types import (
    CaptureObject,
    ExtendDueDateRequest,
    RefundObject,
    UpdateAuthorization,
    UpdateConsumer,
    UpdateMerchantReferences,
    UpdateShippingInfo,
)
from tests.support.shared import shared_file

BILLING = "billing_address: cannot be changed any more; Klarna refuses or ignores it"

SAMPLES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "docs_request_capture_full": (CaptureObject, ()),
    "docs_request_customer_details": (UpdateConsumer, ()),
    "docs_request_extend_due_date": (ExtendDueDateRequest, ()),
    "docs_request_merchant_references": (UpdateMerchantReferences, ()),
    # The page fills in the same number everywhere: all of the amount is tax, at a rate of 0.
    "docs_request_refund_full": (
        RefundObject,
        ("order_lines[0].total_tax_amount: a tax_rate of 0 in 100000000 is 0, got 100000000",),
    ),
    "docs_request_shipping_info": (UpdateShippingInfo, ()),
    "docs_request_update_authorization": (UpdateAuthorization, ()),
    "dotnet_AddShippingInfoToCaptureRequest": (UpdateShippingInfo, ()),
    # A test fixture of zeros.
    "dotnet_CreateCaptureRequest": (CaptureObject, ("captured_amount: a capture is of at least 1, got 0",)),
    "dotnet_CreateRefundRequest": (RefundObject, ()),
    "dotnet_SetNewOrderAmountAndOrderLinesRequest": (UpdateAuthorization, ()),
    # From the time when it was possible.
    "dotnet_UpdateCustomerAddressesRequest": (UpdateConsumer, (BILLING,)),
    "dotnet_UpdateMerchantReferencesRequest": (UpdateMerchantReferences, ()),
    "php_request_add_shipping_info": (UpdateShippingInfo, ()),
    "php_request_capture_customer_details_deprecated": (UpdateConsumer, (BILLING,)),
    "php_request_create_capture": (CaptureObject, ()),
    "php_request_refund": (RefundObject, ()),
    "php_request_update_authorization": (UpdateAuthorization, ()),
    "php_request_update_customer_details": (UpdateConsumer, (BILLING,)),
}


@pytest.mark.parametrize("kustom", [False, True])
@pytest.mark.parametrize("name", SAMPLES)
def test_a_published_request_has_no_problem(name: str, kustom: bool) -> None:
    cls, against = SAMPLES[name]

    content = structuring.read(cls, shared_file(f"klarna/samples/{name}.json").read_bytes())

    assert problems(content, kustom=kustom) == ()
    assert advice(content, kustom=kustom) == against


def test_no_published_request_is_left_out() -> None:
    folder = shared_file("klarna/samples")

    assert set(SAMPLES) == {path.stem for path in folder.glob("*.json") if "request" in path.stem.lower()}
