"""`python -m examples.aiohttp_shop`: the shop, a sandbox and a database.

In production: `python -m aiohttp.web examples.aiohttp_shop.app:make_app`, once for each core.
"""

from aiohttp import web

from examples.aiohttp_shop.app import make_app
from examples.shop.local import local_klarna

if __name__ == "__main__":
    with local_klarna() as port:
        web.run_app(make_app(), host="127.0.0.1", port=port, print=None)
