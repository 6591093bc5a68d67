"""What the shop's own people and machines ask for."""

from collections.abc import Sequence

import msgspec
from aiohttp import web

from examples.shop.metrics import Metrics
from examples.shop.shop import Shop, ShopError
from examples.shop.tables import RETURNS, SHIPMENTS
from klarna_om.structuring import write
from klarna_om.web.aiohttp_web import SERVICE, klarna_of

SHOP = web.AppKey("shop", Shop)
METRICS = web.AppKey("metrics", Metrics)


class Movement(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a shipment or a return."""

    amount: int
    """In minor units."""


async def show_order(request: web.Request) -> web.Response:
    """The order as Klarna returns it; an error becomes what `error_response` says."""
    order = await klarna_of(request).orders.get(request.match_info["order_id"])
    return web.Response(body=write(order), content_type="application/json")


async def ship(request: web.Request) -> web.Response:
    """A parcel leaves; the same request again changes nothing."""
    path, amount = request.match_info, await _read_amount(request)
    row = await request.app[SHOP].ship(path["order_id"], path["shipment_id"], amount)
    return web.json_response(row, status=202)


async def take_back(request: web.Request) -> web.Response:
    """A parcel comes back."""
    path, amount = request.match_info, await _read_amount(request)
    row = await request.app[SHOP].take_back(path["order_id"], path["return_id"], amount)
    return web.json_response(row, status=202)


async def show_shipment(request: web.Request) -> web.Response:
    """A shipment, with what came of its capture."""
    return web.json_response(await request.app[SHOP].find(SHIPMENTS, request.match_info["shipment_id"]))


async def show_return(request: web.Request) -> web.Response:
    """A return, with what came of its refund."""
    return web.json_response(await request.app[SHOP].find(RETURNS, request.match_info["return_id"]))


async def health(_: web.Request) -> web.Response:
    """The process is alive."""
    return web.Response(text="alive\n")


async def ready(request: web.Request) -> web.Response:
    """The client is open, and the outbox is drained."""
    is_ready = request.app[SERVICE].is_ready
    return web.Response(text="ready\n" if is_ready else "not ready\n", status=200 if is_ready else 503)


async def show_metrics(request: web.Request) -> web.Response:
    """For Prometheus."""
    page = await request.app[METRICS].page(request.app[SHOP])
    return web.Response(body=page, headers={"Content-Type": "text/plain; version=0.0.4"})


async def _read_amount(request: web.Request) -> int:
    try:
        return msgspec.json.decode(await request.read(), type=Movement).amount
    except msgspec.MsgspecError as error:
        raise ShopError(422, str(error)) from None


ROUTES: Sequence[web.RouteDef] = (
    web.get("/orders/{order_id}", show_order),
    web.put("/orders/{order_id}/shipments/{shipment_id}", ship),
    web.put("/orders/{order_id}/returns/{return_id}", take_back),
    web.get("/shipments/{shipment_id}", show_shipment),
    web.get("/returns/{return_id}", show_return),
    web.get("/health", health),
    web.get("/ready", ready),
    web.get("/metrics", show_metrics),
)
