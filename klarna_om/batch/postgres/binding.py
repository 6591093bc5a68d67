"""Which host a job's calls go to: set while nothing was sent, refused afterwards."""

from typing import Any

from klarna_om.batch.journal import JournalMismatchError
from klarna_om.batch.postgres import statements
from klarna_om.batch.postgres.database import Connection
from klarna_om.settings.base_url import host_and_port


async def bind(connection: Connection, values: dict[str, Any], target: str) -> str:
    """Save the host of this job; returns it as it is saved. Raises `JournalMismatchError`.

    Claims wait for this transaction, and compare the host.
    """
    found = await (await connection.execute(statements.LOCK_JOB.encode(), values)).fetchone()
    known: str = "" if found is None else found[0]
    if host_and_port(known) == host_and_port(target):
        return known
    sent = await (await connection.execute(statements.SENT_SO_FAR.encode(), values)).fetchone()
    check_unsent(known, target, *(sent or (False, False)))
    await connection.execute(statements.SET_TARGET.encode(), {**values, "target": target})
    return target


def check_host(known: str, target: str) -> None:
    """Refuse another host for a job that has results."""
    if host_and_port(known) != host_and_port(target):
        check_unsent(known, target, has_results=True, has_stamps=False)


def check_unsent(known: str, target: str, has_results: bool, has_stamps: bool) -> None:
    """Refuse another host where something was sent, or may have been."""
    if not (has_results or has_stamps):
        return
    what = "has the results of calls to" if has_results else "has no result yet, but its orders may have been sent to"
    raise JournalMismatchError(
        f"this journal {what} {known}, and now the calls would go to {target}; set the environment as it was, or begin"
        " a new job"
    )
