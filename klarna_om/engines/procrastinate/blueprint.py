"""The task that runs a chunk, for any app of Procrastinate's."""

from procrastinate import Blueprint

from klarna_om.engines.chunk_runner import ChunkRunner
from klarna_om.engines.message import decode


def make_blueprint(runner: ChunkRunner) -> Blueprint:
    """A blueprint with this one task; add it under `NAMESPACE`. What fails is delivered again by a sweep."""
    blueprint = Blueprint()

    @blueprint.task(name="run_chunk")
    async def run_chunk(**message: int | str) -> None:
        await runner.run(decode(message))

    return blueprint
