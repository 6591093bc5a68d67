"""Does an API key belong to the host that it would be sent to?"""

import logging
from urllib.parse import urlsplit

from klarna_om.errors import ConfigurationError
from klarna_om.settings.base_url import is_loopback
from klarna_om.settings.credentials import Credentials
from klarna_om.settings.environment import Environment, known_host

log = logging.getLogger("klarna_om")


def check_key_match(environment: Environment, credentials: Credentials) -> None:
    """Refuse a key whose prefix is for another kind of host.

    Live and test are published parts of a key, so a contradiction is an error. Whose key works at whose host is
    published nowhere, and Klarna's live API keeps serving orders of Kustom for a time: that is a warning, but for
    Kustom's keys at Klarna's playground. This machine and unknown hosts take every key, a sandbox none that is live.
    """
    if environment.is_sandbox and (credentials.key_kind or "").endswith("_live"):
        raise ConfigurationError(
            "the API key is a live one, and the environment is a sandbox: use the sandbox's own credentials"
        )
    host = urlsplit(environment.base_url).hostname or ""
    known = None if is_loopback(host) else known_host(environment.base_url)
    if credentials.key_kind is None or known is None:
        return
    brand, kind = credentials.key_kind.split("_")
    is_playground = known.name.endswith("-playground")
    host_kind = "a playground" if is_playground else "live"
    if (kind == "test") != is_playground:
        raise ConfigurationError(
            f"the API key begins with {credentials.key_kind}_, and {host} is {host_kind}"
            f": use a {'test' if is_playground else 'live'} key, or another environment"
        )
    if (brand == "kustom") == known.is_kustom:
        return
    if brand == "kustom" and is_playground:
        raise ConfigurationError(
            f"the API key begins with kustom_, and {host} is Klarna's: use environment='kustom-playground'"
        )
    log.warning(
        "The API key begins with %s_, and %s is %s: if it is refused with 401, check the environment",
        brand,
        host,
        "Kustom's" if known.is_kustom else "Klarna's",
    )
