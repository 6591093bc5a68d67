"""aioresponses for this aiohttp: a mapping from URLs to answers, for tests of how answers are read.

It replaces `ClientSession._request`, so nothing about reliability can be shown with it; that is done on sockets.
"""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import Mock

from aiohttp import ClientResponse
from aioresponses import aioresponses
from yarl import URL


class MockedResponse(ClientResponse):
    """aiohttp 3.14 asks for a `stream_writer` that aioresponses 0.7.9 does not give."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "stream_writer" in inspect.signature(ClientResponse.__init__).parameters:
            kwargs.setdefault("stream_writer", Mock(output_size=0))
        super().__init__(*args, **kwargs)


class Mocked:
    """Answers by method and URL. A call that was not foreseen fails the test instead of looking like an outage."""

    def __init__(self, answers: aioresponses) -> None:
        self._answers = answers
        self._foreseen: set[tuple[str, URL]] = set()

    def on(self, method: str, url: str, **answer: Any) -> None:
        """Answer a call with `status`, `payload`, `body`, `headers` or `exception`."""
        self._foreseen.add((method, URL(url)))
        self._answers.add(url, method, response_class=MockedResponse, **answer)

    @property
    def calls(self) -> dict[tuple[str, URL], list[Any]]:
        """The calls that were made, with their arguments."""
        return self._answers.requests

    def check(self) -> None:
        unforeseen = set(self.calls) - self._foreseen
        assert not unforeseen, f"calls that no answer was given for: {unforeseen}"


@contextmanager
def mocked() -> Iterator[Mocked]:
    """Replace the network for the time of a test."""
    with aioresponses() as answers:
        served = Mocked(answers)
        yield served
        served.check()
