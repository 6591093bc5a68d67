"""What the shop needs beside the `KLARNA_OM_...` variables of the client."""

import os
from typing import Self

from attrs import field, frozen


@frozen
class Settings:
    """Read from the environment."""

    database_url: str
    """As SQLAlchemy takes it: `postgresql+psycopg://user@host/shop` or `sqlite+aiosqlite:///shop.db`."""
    push_token: str = field(repr=False)
    """The secret in the URLs that Klarna calls: a long random text."""

    @classmethod
    def from_environment(cls) -> Self:
        """`DATABASE_URL` and `PUSH_TOKEN`; KeyError where one is missing."""
        return cls(os.environ["DATABASE_URL"], os.environ["PUSH_TOKEN"])
