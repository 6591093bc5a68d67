"""`python -m examples.fastapi_shop`: the shop, a sandbox and a database.

In production: `uvicorn --factory examples.fastapi_shop.app:make_app --workers 4`.
"""

import uvicorn

from examples.fastapi_shop.app import make_app
from examples.shop.local import local_klarna

if __name__ == "__main__":
    with local_klarna() as port:
        uvicorn.run(make_app(), port=port)
