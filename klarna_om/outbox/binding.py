"""An outbox belongs to one host of Klarna's: the first intent that is claimed for a call binds it.

A drain that finds nothing to do binds nothing, so a wrong environment is harmless until there is an intent.
"""

from klarna_om.errors import ConfigurationError
from klarna_om.outbox.connections import Transaction
from klarna_om.settings.base_url import host_and_port

_BIND = "update {version} set target = :target where target is null returning target"


async def bind(transaction: Transaction, target: str) -> None:
    """Record the host of the first call, and refuse any other: done there, an intent would never happen here."""
    is_bound = await check_target(transaction, target)
    if not is_bound and not await transaction.fetch(_BIND, target=target):
        await check_target(transaction, target)  # another process was faster


async def check_target(transaction: Transaction, target: str) -> bool:
    """Does the outbox belong to this host already? Raises `ConfigurationError` where it is another's."""
    ((known,),) = await transaction.fetch("select target from {version}")
    if known is None:
        return False
    if host_and_port(known) == host_and_port(target):
        return True
    unbind = transaction.dialect.render("update {version} set target = null")
    raise ConfigurationError(
        f"this outbox was drained to {known}, and now the calls would go to {target}: set the environment as it"
        f" was, use another database, or, if nothing was sent there, `{unbind}`"
    )
