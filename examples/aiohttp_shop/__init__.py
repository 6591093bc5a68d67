"""The shop on aiohttp.web."""
