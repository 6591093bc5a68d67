"""The credentials of several merchants, by a name of your own: from a file, or from the environment.

    # ~/.config/klarna-om/merchants.toml; KLARNA_OM_MERCHANTS names another file
    [shop-se]
    environment = "eu"
    username = "K123_..."
    password = "..."

The variables of a merchant, such as `KLARNA_OM_SHOP_SE_PASSWORD`, go before the file.
"""

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict, cast

from klarna_om.errors import ConfigurationError
from klarna_om.settings.credentials import hide

FIELDS = ("environment", "username", "password", "api_key")
FILE_VARIABLE = "KLARNA_OM_MERCHANTS"

_name = re.compile(r"[a-z0-9][a-z0-9_-]*", re.IGNORECASE)


class MerchantArguments(TypedDict, total=False):
    """Arguments of `KlarnaClient`."""

    environment: str
    username: str
    password: str
    api_key: str


def find_merchant(name: str) -> MerchantArguments:
    """What the client of this merchant is made with; raises `ConfigurationError` that says what to write where."""
    if _name.fullmatch(name) is None:
        raise ConfigurationError(f"merchant {name!r}: a name has letters, digits, - and _ only")
    path = merchants_file()
    known = _read(path) if path.exists() else {}
    found = {**known.get(name, {}), **_from_environment(name)}
    if not found:
        others = f"; it has {', '.join(sorted(known))}" if known else ""
        raise ConfigurationError(
            f"merchant {name!r} is not known: add a table [{name}] with environment, username and password to"
            f" {path}{others}, or set {_variable(name, 'USERNAME')} and {_variable(name, 'PASSWORD')}"
        )
    if "environment" not in found:
        raise ConfigurationError(
            f"merchant {name!r} has no environment: add one to {path}, or set {_variable(name, 'ENVIRONMENT')}"
        )
    return cast("MerchantArguments", found)


def merchants_file() -> Path:
    """Where the file is."""
    if given := os.environ.get(FILE_VARIABLE):
        return Path(given)
    from platformdirs import user_config_path

    return user_config_path("klarna-om") / "merchants.toml"


def _variable(name: str, field: str) -> str:
    return f"KLARNA_OM_{re.sub('[^A-Za-z0-9]', '_', name).upper()}_{field}"


def _from_environment(name: str) -> dict[str, str]:
    given = {field: os.environ.get(_variable(name, field.upper())) for field in FIELDS}
    return {field: hide(value) for field, value in given.items() if value}


def _read(path: Path) -> dict[str, dict[str, str]]:
    _check_mode(path)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as reason:
        raise ConfigurationError(f"{path} cannot be read: {reason}") from None
    return {name: _check_table(path, name, table) for name, table in document.items()}


def _check_mode(path: Path) -> None:
    if os.name == "posix" and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        raise ConfigurationError(f"{path} holds passwords, and other users can read it: chmod 600 {path}")


def _check_table(path: Path, name: str, table: object) -> dict[str, str]:
    if not isinstance(table, Mapping):
        raise ConfigurationError(f"{path}: {name} is outside a table; write [shop-name] above it")
    values = cast("Mapping[str, Any]", table)
    if unknown := sorted(set(values) - set(FIELDS)):
        raise ConfigurationError(f"{path}: [{name}] has {', '.join(unknown)}; it may have {', '.join(FIELDS)}")
    if wrong := sorted(field for field, value in values.items() if not isinstance(value, str)):
        raise ConfigurationError(f"{path}: [{name}] {', '.join(wrong)} must be a string, in quotes")
    return {field: hide(value) for field, value in values.items()}
