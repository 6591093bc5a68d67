"""The queue of an environment, in any engine."""

from hashlib import blake2b

from klarna_om.settings.base_url import host_and_port


def queue_of(target: str) -> str:
    """The queue of the chunks whose calls go to this host: no worker gets those of another environment.

    Short, as PostgreSQL limits the names of its notifications.
    """
    host, port = host_and_port(target)
    return f"klarna_om_{blake2b(f'{host}:{port}'.encode(), digest_size=8).hexdigest()}"
