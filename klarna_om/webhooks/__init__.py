"""What Klarna sends to a shop: pushes of new orders, and notifications of fraud reviews. No framework is imported here.

`klarna_om.webhooks.aiohttp_web` and `klarna_om.webhooks.starlette` (for FastAPI too) make routes of these functions.
"""

from klarna_om.webhooks.handle_notification import handle_notification
from klarna_om.webhooks.handle_push import handle_push
from klarna_om.webhooks.push import Push, PushResult

__all__ = ["Push", "PushResult", "handle_notification", "handle_push"]
