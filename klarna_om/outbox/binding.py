"""An outbox belongs to one host of Klarna's: the first intent that is claimed for a call binds it.

A drain that finds nothing to do binds nothing, so a wrong environment is harmless until there is an intent.
"""

from klarna_om.errors import ConfigurationError
from klarna_om.outbox.connections import Transaction
from klarna_om.settings.base_url import host_and_port

_BIND = "update {version} set target = :target where target is null returning target"


async def bind(transaction: Transaction, target: str) -> None:
    """Record the host of the first call, and refuse any other: done there, an intent would never happen here."""
    if not await transaction.fetch(_BIND, target=target):
        await check_target(transaction, target)


async def check_target(transaction: Transaction, target: str) -> None:
    """Raise `ConfigurationError` where the outbox belongs to another host."""
    ((known,),) = await transaction.fetch("select target from {version}")
    if known is not None and host_and_port(known) != host_and_port(target):
        unbind = transaction.dialect.render("update {version} set target = null")
        raise ConfigurationError(
            f"this outbox was drained to {known}, and now the calls would go to {target}: set the environment as it"
            f" was, use another database, or, if nothing was sent there, `{unbind}`"
        )
