"""What the shop's own people and machines ask for."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request, Response

from examples.shop.metrics import Metrics
from examples.shop.shop import Row, Shop
from examples.shop.tables import RETURNS, SHIPMENTS
from klarna_om import KlarnaClient, Order
from klarna_om.web import Service
from klarna_om.web.starlette import klarna_of, service_of

router = APIRouter()


def shop_of(request: Request) -> Shop:
    """The shop of this process."""
    shop: Shop = request.state.shop
    return shop


def metrics_of(request: Request) -> Metrics:
    """The metrics of this process."""
    metrics: Metrics = request.state.metrics
    return metrics


TheShop = Annotated[Shop, Depends(shop_of)]
Amount = Annotated[int, Body(embed=True, strict=True, gt=0, description="in minor units")]
"""Strictly a number: pydantic would read the text "7.00" as 7."""


@router.get("/orders/{order_id}")
async def show_order(order_id: str, klarna: Annotated[KlarnaClient, Depends(klarna_of)]) -> Order:
    """The order as Klarna returns it; an error becomes what `error_response` says."""
    return await klarna.orders.get(order_id)


@router.put("/orders/{order_id}/shipments/{shipment_id}", status_code=202)
async def ship(order_id: str, shipment_id: str, amount: Amount, shop: TheShop) -> dict[str, Any]:
    """A parcel leaves; the same request again changes nothing."""
    return dict(await shop.ship(order_id, shipment_id, amount))


@router.put("/orders/{order_id}/returns/{return_id}", status_code=202)
async def take_back(order_id: str, return_id: str, amount: Amount, shop: TheShop) -> dict[str, Any]:
    """A parcel comes back."""
    return dict(await shop.take_back(order_id, return_id, amount))


@router.get("/shipments/{shipment_id}")
async def show_shipment(shipment_id: str, shop: TheShop) -> Row:
    """A shipment, with what came of its capture."""
    return await shop.find(SHIPMENTS, shipment_id)


@router.get("/returns/{return_id}")
async def show_return(return_id: str, shop: TheShop) -> Row:
    """A return, with what came of its refund."""
    return await shop.find(RETURNS, return_id)


@router.get("/health")
async def health() -> Response:
    """The process is alive."""
    return Response("alive\n", media_type="text/plain")


@router.get("/ready")
async def ready(service: Annotated[Service, Depends(service_of)]) -> Response:
    """The client is open, and the outbox is drained."""
    text = "ready\n" if service.is_ready else "not ready\n"
    return Response(text, status_code=200 if service.is_ready else 503, media_type="text/plain")


@router.get("/metrics")
async def show_metrics(shop: TheShop, metrics: Annotated[Metrics, Depends(metrics_of)]) -> Response:
    """For Prometheus."""
    return Response(await metrics.page(shop), media_type="text/plain; version=0.0.4")
