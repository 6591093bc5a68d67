"""`klarna-om worker` as its own process."""

import asyncio
import os
import signal
import sys

from klarna_om.sandbox import Sandbox

Process = asyncio.subprocess.Process


async def start_worker(sandbox: Sandbox, dsn: str, *options: str, **variables: str) -> Process:
    """Start it for a sandbox."""
    environment = {
        "KLARNA_OM_ENVIRONMENT": sandbox.url,
        "KLARNA_OM_USERNAME": "sandbox",
        "KLARNA_OM_PASSWORD": "sandbox",
        "KLARNA_OM_API_KEY": "",
        "KLARNA_OM_DSN": dsn,
    }
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "klarna_om.cli", "worker", *options),
        env={**os.environ, **environment, **variables},
        stderr=asyncio.subprocess.PIPE,
    )


async def end(worker: Process) -> str:
    """Stop it; returns what it has logged."""
    worker.send_signal(signal.SIGTERM)
    _, stderr = await worker.communicate()
    return stderr.decode()
