"""An outbox belongs to one host of Klarna's: the first drain that calls there binds it."""

from klarna_om.errors import ConfigurationError
from klarna_om.outbox.connections import Transaction
from klarna_om.settings.base_url import host_and_port

_BIND = "update {version} set target = :target where target is null returning target"


async def bind(transaction: Transaction, target: str) -> None:
    """Record the host of the first drain, and refuse any other: done there, an intent would never happen here."""
    if await transaction.fetch(_BIND, target=target):
        return
    ((known,),) = await transaction.fetch("select target from {version}")
    if host_and_port(known) != host_and_port(target):
        unbind = transaction.dialect.render("update {version} set target = null")
        raise ConfigurationError(
            f"this outbox was drained to {known}, and now the calls would go to {target}: set the environment as it"
            f" was, use another database, or, if nothing was sent there, `{unbind}`"
        )
