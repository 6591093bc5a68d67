"""What one can ask of Klarna: a typed, documented method for each row of the catalogue."""

from klarna_om.endpoints.captures import Captures
from klarna_om.endpoints.orders import Orders
from klarna_om.endpoints.refunds import Refunds

__all__ = ["Captures", "Orders", "Refunds"]
