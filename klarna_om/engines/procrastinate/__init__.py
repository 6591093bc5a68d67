"""Jobs over any number of machines by Procrastinate: PostgreSQL alone. `pip install 'klarna-om[procrastinate]'`.

An app of your own runs the chunks beside its other tasks:

    async with ChunkRunner(client=klarna, database=database) as runner:
        app.add_tasks_from(make_blueprint(runner), namespace=NAMESPACE)
        async with keep_sweeping(database, runner.target):
            await app.run_worker_async(queues=[queue_of(runner.target), "default"])
"""

try:
    import procrastinate as _  # noqa: F401
except ImportError as missing:
    raise ImportError(
        "klarna_om.engines.procrastinate needs one more package. Install it with:"
        " pip install 'klarna-om[procrastinate]'",
        name=missing.name,
    ) from missing

from klarna_om.engines.chunk_runner import ChunkRunner
from klarna_om.engines.procrastinate.app import NAMESPACE, make_tables, schema_sql
from klarna_om.engines.procrastinate.blueprint import make_blueprint
from klarna_om.engines.procrastinate.submit import submit
from klarna_om.engines.procrastinate.sweep import keep_sweeping, sweep
from klarna_om.engines.procrastinate.work import work
from klarna_om.engines.queue_name import queue_of

__all__ = [
    "NAMESPACE",
    "ChunkRunner",
    "keep_sweeping",
    "make_blueprint",
    "make_tables",
    "queue_of",
    "schema_sql",
    "submit",
    "sweep",
    "work",
]
