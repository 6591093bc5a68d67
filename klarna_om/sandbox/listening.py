"""Where the sandbox listens: on this machine only, unless it is told otherwise."""

import ipaddress

from klarna_om.settings.base_url import is_loopback


def check_host(host: str, *, is_remote_allowed: bool) -> None:
    """Refuse an address that others can reach, unless that is allowed."""
    if not is_remote_allowed and not is_loopback(host):
        raise ValueError(
            f"{host or 'every address'} can be reached from other machines: allow_remote=True (--allow-remote) lets the"
            " sandbox listen there, for containers"
        )


def origin_of(host: str, port: int) -> str:
    """The URL at which this machine reaches an address; for all addresses at once, the loopback one."""
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
