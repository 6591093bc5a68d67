"""`--shipment CARRIER:NUMBER`: a parcel in one word."""

from typing import Any

import click

from klarna_om.types import ShippingInfo


class Shipment(click.ParamType[ShippingInfo]):
    """A carrier and a tracking number."""

    name = "CARRIER:NUMBER"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ShippingInfo:
        """Read it, or fail with what is expected."""
        carrier, _, number = str(value).partition(":")
        if not (carrier and number):
            self.fail(f"{value!r} is not of the form CARRIER:NUMBER, such as dhl:0034043", param, ctx)
        return ShippingInfo(shipping_company=carrier, tracking_number=number)
