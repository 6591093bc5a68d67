"""Messages in Procrastinate's queue, written and read on a connection of ours."""

from collections.abc import Sequence

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException

from klarna_om.batch.postgres.database import Connection, unusable
from klarna_om.engines.message import VERSION, Message, decode
from klarna_om.engines.procrastinate.app import TASK
from klarna_om.engines.queue_name import queue_of

AT_ONCE = 1_000
"""Messages in one statement."""

_WAITING = """
select args from procrastinate_jobs
where task_name = %(task)s and queue_name = %(queue)s and status = 'todo' and args ->> 'v' = %(version)s"""


async def defer(connection: Connection, target: str, messages: Sequence[Message]) -> None:
    """Put messages into the queue, in the connection's transaction. Raises `JournalError`."""
    app = App(connector=PsycopgConnector())
    task = app.configure_task(TASK, queue=queue_of(target), connection=connection)
    try:
        for start in range(0, len(messages), AT_ONCE):
            await task.batch_defer_async(*(message.encode() for message in messages[start : start + AT_ONCE]))
    except ConnectorException as error:
        raise unusable(error.__cause__ or error) from error


async def read_waiting(connection: Connection, target: str) -> set[Message]:
    """The messages that no worker has taken yet."""
    values = {"task": TASK, "queue": queue_of(target), "version": str(VERSION)}
    return {decode(args) for (args,) in await (await connection.execute(_WAITING.encode(), values)).fetchall()}
