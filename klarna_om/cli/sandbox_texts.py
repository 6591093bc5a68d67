"""What `klarna-om sandbox` prints: where it listens, and at the end what was executed; as text or as JSON."""

from typing import Any

import msgspec

from klarna_om.sandbox.control_endpoint import ROOT
from klarna_om.sandbox.sandbox import Sandbox


def start_text(sandbox: Sandbox, orders: int, *, is_remote_allowed: bool) -> str:
    """For a person: what to export."""
    lines = [
        f"Klarna sandbox with {orders} orders on {sandbox.url}; Ctrl-C ends it.",
        "",
        f"export KLARNA_OM_ENVIRONMENT={sandbox.url}",
        f"export KLARNA_OM_USERNAME={sandbox.username}",
        f"export KLARNA_OM_PASSWORD={sandbox.password}",
    ]
    if is_remote_allowed:
        port = sandbox.url.rpartition(":")[2]
        lines.append(f"In other containers: KLARNA_OM_ENVIRONMENT=sandbox+http://NAME:{port}")
    return "\n".join(lines)


def start_json(sandbox: Sandbox) -> str:
    """For a program: one line."""
    return _line(
        {
            "url": sandbox.url,
            "username": sandbox.username,
            "password": sandbox.password,
            "api_key": sandbox.api_key,
            "control": sandbox.url + ROOT,
        }
    )


def end_text(sandbox: Sandbox) -> str:
    """For a person: the effects."""
    lines = [f"\n{sandbox.request_count} requests, {sandbox.effects()} effects."]
    for operation in sandbox.operations_with_effects:
        repeated = len(sandbox.repeated_orders(operation))
        total = sandbox.effects(operation=operation)
        lines.append(f"  {operation}: {total} executed, {repeated} orders more than once")
    return "\n".join(lines)


def end_json(sandbox: Sandbox) -> str:
    """For a program: one line."""
    effects = {name: sandbox.effects(operation=name) for name in sandbox.operations_with_effects}
    return _line({"requests": sandbox.request_count, "effects": effects})


def _line(value: dict[str, Any]) -> str:
    return msgspec.json.encode(value).decode()
