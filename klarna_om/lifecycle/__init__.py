"""What an order's state allows, by Klarna's rules: pure functions of an order that was read.

    order = await klarna.orders.get(order_id)
    decision = allows(order, "captures.create", amount=700)
    if not decision:
        print(decision.reasons)

They predict what Klarna will do as far as it is published and the order shows it. Klarna decides, and the order may
change between the read and the call; so use them to explain and to choose, and the call itself to find out.
"""

from klarna_om.lifecycle.allows import Decision, allows
from klarna_om.lifecycle.expiry import expires_within, has_expired

__all__ = ["Decision", "allows", "expires_within", "has_expired"]
