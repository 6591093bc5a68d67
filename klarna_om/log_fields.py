"""The structured fields of every log line, in one place: `logging`'s `extra`. Never a body, a name or a secret."""

from klarna_om.exchange import Request


def log_fields(request: Request, **more: object) -> dict[str, object]:
    """What a line about a request carries, each name after `klarna_`."""
    fields = {
        "operation": request.operation,
        "order_id": request.order_id,
        "idempotency_key": request.idempotency_key,
        **more,
    }
    return {f"klarna_{name}": value for name, value in fields.items()}


def subject(request: Request) -> str:
    """What a line's message calls the request. Its path is not shown: what is in it beside ids is anybody's."""
    return f"{request.operation} {request.order_id}" if request.order_id else request.operation
