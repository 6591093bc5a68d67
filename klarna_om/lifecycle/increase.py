"""Whose amount may be raised: by payment method and market.

From the guide to orders, with the two older names of its pre-delivery page.
https://docs.klarna.com/payments/after-payments/order-management/manage-orders-with-the-api/
"""

INCREASABLE = frozenset({"INVOICE", "INVOICE_BUSINESS", "B2B_INVOICE", "ACCOUNT", "BASE_ACCOUNT", "DIRECT_DEBIT"})
"""In all markets but Switzerland."""
INCREASABLE_FIXED_AMOUNT = frozenset({"AT", "DE", "DK", "FI", "FR", "NL", "NO", "SE"})
"""The markets in which FIXED_AMOUNT may be raised."""


def is_increasable(payment_method: str, country: str) -> bool:
    """May the amount of an order with this method, in this market, be raised? A new risk check decides."""
    if payment_method == "FIXED_AMOUNT":
        return country in INCREASABLE_FIXED_AMOUNT
    return payment_method in INCREASABLE and country != "CH"
