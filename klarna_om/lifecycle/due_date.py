"""Whose due dates can be extended: only those of pay-later orders, by Klarna's guide to refunds and due dates.

Klarna does not publish which payment methods these are. The ones here are invoices, under the names of the current and
of the older guide; of any other method it is not known.
"""

PAY_LATER = frozenset({"INVOICE", "INVOICE_BUSINESS", "B2B_INVOICE"})
