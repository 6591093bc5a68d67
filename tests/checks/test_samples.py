"""Requests in every shape that Klarna and its SDKs publish go through; what goes against advice is listed here."""

import pytest

from klarna_om import structuring
from klarna_om.checks import problems, warnings
from tests.support.samples import REQUESTS, Sample

BILLING = "billing_address: cannot be changed any more; Klarna refuses or ignores it"
ZEROS = "captured_amount: a capture is of at least 1, got 0"
ALL_TAX = "order_lines[0].total_tax_amount: a tax_rate of 0 in {0} is 0, got {0}"

AGAINST_ADVICE = {
    # The published page fills in the same number everywhere: all of the amount is tax, at a rate of 0.
    "with a subscription, all of it tax": ALL_TAX.format(9900),
    "docs_request_refund_full.json": ALL_TAX.format(100000000),
    # A test fixture of zeros.
    "CaptureObject: of zeros": ZEROS,
    "dotnet_CreateCaptureRequest.json": ZEROS,
    # From the time when it was possible.
    "with both addresses": BILLING,
    "with the contact of both addresses": BILLING,
    "with the billing contact alone": BILLING,
    "dotnet_UpdateCustomerAddressesRequest.json": BILLING,
    "php_request_capture_customer_details_deprecated.json": BILLING,
    "php_request_update_customer_details.json": BILLING,
}


@pytest.mark.parametrize("kustom", [False, True])
@pytest.mark.parametrize("sample", REQUESTS, ids=str)
def test_a_published_request_has_no_problem(sample: Sample, kustom: bool) -> None:
    expected = AGAINST_ADVICE.get(sample.name) or AGAINST_ADVICE.get(str(sample))

    content = structuring.read(sample.cls, sample.data)

    assert problems(content, kustom=kustom) == ()
    assert warnings(content, kustom=kustom) == ((expected,) if expected else ())
