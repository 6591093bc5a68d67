"""What the proofs share."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable

import pytest

from tests.proofs.raw_klarna import RawKlarna, raw_klarna

LONG = os.environ.get("KLARNA_OM_PROOFS") == "long"
"""Thousands of steps and every mutant, instead of the part that fits into a suite run on each save."""

MUTANTS_TOO = os.environ.get("KLARNA_OM_PROOFS") == "mutants"
"""One mistake of each kind is made; they take long, and have a separate session."""

MUTANT = os.environ.get("KLARNA_OM_PROOFS") == "mutant"
"""This is a copy with a mistake in it: finding it is enough, so failing examples are not shrunk."""


@pytest.fixture
async def raw() -> AsyncIterator[RawKlarna]:
    """A raw server that executes once per key."""
    async with raw_klarna() as served:
        yield served


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until it holds; fail when it never does."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.001)
