"""The control endpoints about orders: adding and reading them, and ending fraud reviews."""

from collections import Counter
from collections.abc import Mapping
from itertools import islice
from typing import Any

from aiohttp import web
from attrs import frozen

from klarna_om import structuring
from klarna_om.sandbox.control_endpoint import Endpoint, UnknownNameError, json_response, read_object
from klarna_om.sandbox.request_handler import RequestHandler
from klarna_om.sandbox.sandbox_orders import SandboxOrders

MAX_ORDERS = 1_000
"""Up to this number of ids are listed."""


@frozen
class ControlOrders:
    """Orders over HTTP."""

    orders: SandboxOrders
    handler: RequestHandler

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Their rows."""
        example = '{"order_amount": 12000, "captured_amount": 2000}'
        return (
            Endpoint("GET", "/orders", f"the ids of the first {MAX_ORDERS:,} orders", self.list),
            Endpoint("POST", "/orders", "adds an order: a JSON object with what `order()` takes", self.add, example),
            Endpoint(
                "GET",
                "/orders/{order_id}",
                "the order, how often each operation was executed on it, and the same for each `reference`",
                self.get,
            ),
            Endpoint(
                "POST", "/orders/{order_id}/fraud_status", "sets the fraud status", self.set_fraud_status, "PENDING"
            ),
        )

    async def list(self, _: web.Request) -> web.Response:
        """The ids of the orders."""
        return json_response(list(islice(self.orders.order_ids, MAX_ORDERS)))

    async def add(self, request: web.Request) -> web.Response:
        """Add an order."""
        order = self.orders.add_order(await read_object(request, "an order"))
        return web.Response(status=201, body=structuring.write(order), content_type="application/json")

    async def get(self, request: web.Request) -> web.Response:
        """An order and the effects on it. It is no request of Klarna's API, and is not logged."""
        order_id, ledger = request.match_info["order_id"], self.handler.ledger
        with self.handler.lock:
            try:
                order = ledger.order(order_id)
            except KeyError:
                raise _no_such_order(order_id) from None
            effects = {name: ledger.effects.count(order_id, name) for name in ledger.effects}
            answer = {
                "order": order,
                "is_acknowledged": self.orders.is_acknowledged(order_id),
                "effects": {name: count for name, count in effects.items() if count},
                "intents": [*_intents("captures.create", order), *_intents("refunds.create", order)],
            }
        return json_response(answer)

    async def set_fraud_status(self, request: web.Request) -> web.Response:
        """Begin or end a fraud review."""
        status, order_id = (await request.text()).strip(), request.match_info["order_id"]
        try:
            self.orders.set_fraud_status(order_id, status)
        except KeyError:
            raise _no_such_order(order_id) from None
        return json_response({"fraud_status": status})


def _intents(operation: str, order: Mapping[str, Any]) -> list[dict[str, object]]:
    """How many captures or refunds each reference has; one without a reference stands under null."""
    parts = order["captures" if operation == "captures.create" else "refunds"]
    counts = Counter(part.get("reference") for part in parts)
    return [{"operation": operation, "reference": name, "effects": count} for name, count in counts.items()]


def _no_such_order(order_id: str) -> UnknownNameError:
    return UnknownNameError(f"There is no order {order_id}; POST /_sandbox/orders adds one.")
