"""No engine at all: each process that cron starts runs the open chunks of a job, and leases keep them apart."""

import asyncio
from collections.abc import Iterator
from uuid import UUID

from klarna_om.engines.chunk_runner import ChunkRunner
from klarna_om.engines.message import Message
from klarna_om.engines.open_chunks import read_open_chunks


async def run_open_chunks(runner: ChunkRunner, job: UUID | None = None, *, concurrency: int = 4) -> int:
    """Run each open chunk of a job, or of all jobs for the runner's host, once; returns how many are still open then.

    A chunk that another process has is left to it. Rows that Klarna's schedule postpones are not open until they are
    due: the next run takes them. Raises as `ChunkRunner.run` does, once no chunk is in progress.
    """

    async def read() -> list[Message]:
        return await runner.database.run(lambda connection: read_open_chunks(connection, runner.target, job))

    async def run_some(messages: Iterator[Message]) -> None:
        for message in messages:
            await runner.run(message)

    shared = iter(await read())
    ends = await asyncio.gather(*(run_some(shared) for _ in range(concurrency)), return_exceptions=True)
    for error in filter(None, ends):
        raise error
    return len(await read())
