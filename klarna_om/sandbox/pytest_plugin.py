"""The pytest fixture that comes with the package: one sandbox per test, served from its own thread.

pytest imports this module in every run where `klarna_om` is installed, so it imports nothing but pytest. The
thread makes the fixture work with every kind of test: plain functions, pytest-asyncio in any mode, anyio,
trio.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from klarna_om.sandbox.sandbox import Sandbox


@pytest.fixture
def klarna_sandbox() -> "Iterator[Sandbox]":
    """A new sandbox on loopback: `klarna_sandbox.order()`, and `.client()` for a client that needs no closing.

    Its methods may be called from the test's thread while it serves.
    """
    from klarna_om.sandbox.sandbox import Sandbox

    with Sandbox() as sandbox:
        yield sandbox
