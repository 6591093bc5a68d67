"""Everything on this machine: a sandbox in Klarna's place, a database in a file, one order, and what to try."""

import argparse
import os
import secrets
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from klarna_om.sandbox import Sandbox

WHAT_TO_TRY = """
The shop is at {url}, Klarna's stand-in at {klarna}. Try in another shell:

  # Two minutes after the purchase Klarna pushes the order. The shop reads it, stores it and acknowledges it.
  curl -X POST -d 120 {klarna}/_sandbox/clock
  curl -X POST {klarna}/_sandbox/pushes

  # The order, as Klarna returns it
  curl {url}/orders/{order_id}

  # A parcel leaves: its capture is decided in the shop's transaction, and made by the outbox. Repeat it, kill the shop.
  curl -X PUT -H 'Content-Type: application/json' -d '{{"amount": 700}}' {url}/orders/{order_id}/shipments/shipment-1
  curl {url}/shipments/shipment-1

  # It comes back, and a part is refunded
  curl -X PUT -H 'Content-Type: application/json' -d '{{"amount": 200}}' {url}/orders/{order_id}/returns/return-1
  curl {url}/returns/return-1

  # What was executed at Klarna, and the shop's own health
  curl {klarna}/_sandbox/effects
  curl {url}/health
  curl {url}/ready
  curl {url}/metrics

Ctrl-C ends both.
"""


@contextmanager
def local_klarna() -> Generator[int]:
    """The port for the shop, whose environment is set: the sandbox's URL and credentials, a database, a token."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="port of the shop")
    port: int = parser.parse_args().port
    url, token = f"http://127.0.0.1:{port}", secrets.token_urlsafe()
    with tempfile.TemporaryDirectory(prefix="shop-") as folder, Sandbox(seed=secrets.randbits(32)) as sandbox:
        sandbox.push_url = f"{url}/klarna/push/{token}?klarna_order_id={{checkout.order.id}}"
        sandbox.notification_url = f"{url}/klarna/fraud/{token}"
        os.environ.setdefault("DATABASE_URL", f"sqlite+aiosqlite:///{Path(folder) / 'shop.db'}")
        os.environ["PUSH_TOKEN"] = token
        os.environ["KLARNA_OM_ENVIRONMENT"] = sandbox.url
        os.environ["KLARNA_OM_USERNAME"] = sandbox.username
        os.environ["KLARNA_OM_PASSWORD"] = sandbox.password
        order = sandbox.order(order_amount=1000)
        sys.stdout.write(WHAT_TO_TRY.format(url=url, klarna=sandbox.url, order_id=order.order_id))
        sys.stdout.flush()
        yield port
