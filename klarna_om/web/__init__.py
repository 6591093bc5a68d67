"""A client in a web service: opened with it, closed after it, its errors answered. No framework is imported here.

`klarna_om.web.aiohttp_web` and `klarna_om.web.starlette` (for FastAPI too) fit it to these frameworks.
"""

from klarna_om.web.background import Background
from klarna_om.web.error_response import ErrorResponse, error_response
from klarna_om.web.service import Service

__all__ = ["Background", "ErrorResponse", "Service", "error_response"]
