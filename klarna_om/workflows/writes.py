"""The writes of the catalogue by name, and which of them need a reference."""

from klarna_om.catalogue import CATALOGUE

WRITES = {operation.name: operation for operation in CATALOGUE if operation.method != "GET"}
"""The writes of the catalogue by name."""

ONCE = ("captures.create", "refunds.create")
"""The writes whose effects Klarna shows under the shop's reference."""

ONCE_AN_ORDER = ("orders.acknowledge", "orders.cancel")
"""The writes that an order can have once, so they need no reference."""

OPTIONAL_REFERENCE = (*ONCE_AN_ORDER, "orders.release_remaining_authorization")
"""The writes that do without a reference."""
