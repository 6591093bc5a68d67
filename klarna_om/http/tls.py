"""Whose certificates are trusted, where the caller sets it."""

import ssl
from os import PathLike, fspath
from typing import cast

from klarna_om.errors import ConfigurationError


def tls_context(ca: str | PathLike[str] | ssl.SSLContext | None) -> ssl.SSLContext | None:
    """The context for `ca`: a PEM file of certificate authorities, trusted instead of the system's.

    None leaves it to aiohttp, which trusts the system's authorities, or those of `SSL_CERT_FILE` when Python started.
    """
    if isinstance(ca, ssl.SSLContext):
        if ca.verify_mode is not ssl.CERT_REQUIRED or not ca.check_hostname:
            raise ConfigurationError("ca is an SSLContext that accepts every server: let it verify names")
        return ca
    if ca is None:
        return None
    if not isinstance(cast("object", ca), str | PathLike) or not fspath(ca):
        raise ConfigurationError("ca is the path of a PEM file, or an ssl.SSLContext")
    path = fspath(ca)
    try:
        context = ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        raise ConfigurationError(f"ca: {path} holds no certificates in PEM format") from None
    except (OSError, ValueError) as reason:
        raise ConfigurationError(f"ca: {path} cannot be read: {getattr(reason, 'strerror', None) or reason}") from None
    context.set_alpn_protocols(("http/1.1",))
    return context
