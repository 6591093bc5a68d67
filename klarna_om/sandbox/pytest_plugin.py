"""The fixture that comes with the package: a sandbox a test, served from a thread of its own.

pytest imports this module in every run of everybody who installed `klarna_om`, so it imports nothing but
pytest. The thread makes the fixture fit every kind of test: plain functions, pytest-asyncio in any mode,
anyio, trio.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from klarna_om.sandbox.room import Sandbox


@pytest.fixture
def klarna_sandbox() -> "Iterator[Sandbox]":
    """A fresh Klarna of one's own on loopback: `klarna_sandbox.url`, `.username`, `.password`, `.order()`.

    Its methods may be called from the test's thread while it serves.
    """
    from klarna_om.sandbox.room import Sandbox

    with Sandbox() as sandbox:
        yield sandbox
