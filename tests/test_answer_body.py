"""An answer is read within limits, also when it is compressed; what exceeds them is a typed error."""

import gzip
import tracemalloc
import zlib

import pytest

from klarna_om.errors import AnswerCut
from klarna_om.http import body as answer_body
from klarna_om.outcome import Outcome
from klarna_om.retry.policy import Retry
from tests.conftest import MakeClient
from tests.support.calls import ORDER_ID
from tests.support.wire import Answer, Wire

ORDER = b'{"order_id": "%s", "order_amount": 7}' % ORDER_ID.encode()
MEGABYTE = 1024 * 1024


def packed(body: bytes, encoding: str = "gzip") -> Answer:
    return Answer(200, {"Content-Type": "application/json", "Content-Encoding": encoding}, body)


async def test_an_answer_that_is_not_compressed_may_say_so(make_client: MakeClient, server: Wire) -> None:
    server.otherwise = packed(ORDER, "identity")

    assert (await make_client().orders.get(ORDER_ID)).order_amount == 7


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
async def test_a_gzipped_answer_is_read(make_client: MakeClient, server: Wire, encoding: str) -> None:
    server.otherwise = packed(gzip.compress(ORDER), encoding)

    order = await make_client().orders.get(ORDER_ID)

    assert order.order_amount == 7
    assert server.requests[0].headers["accept-encoding"] == "gzip"


async def test_a_gzip_of_several_members_is_read_whole(make_client: MakeClient, server: Wire) -> None:
    server.otherwise = packed(gzip.compress(ORDER[:10]) + gzip.compress(ORDER[10:]))

    assert (await make_client().orders.get(ORDER_ID)).order_amount == 7


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (packed(b"no gzip"), "it is no gzip"),
        (packed(gzip.compress(ORDER * 50)[:-20]), "gzip that was cut off"),
        (packed(zlib.compress(ORDER), "deflate"), "compressed as 'deflate', and only gzip was asked for"),
        (packed(b"x", "br"), "compressed as 'br'"),
    ],
)
async def test_what_cannot_be_decompressed_says_so(
    make_client: MakeClient, server: Wire, answer: Answer, reason: str
) -> None:
    server.otherwise = answer

    with pytest.raises(AnswerCut, match=f"the answer \\(200\\) cannot be read: .*{reason}"):
        await make_client(retry=Retry.off()).orders.get(ORDER_ID)


async def test_a_gzip_bomb_costs_no_more_than_the_limit(make_client: MakeClient, server: Wire) -> None:
    server.otherwise = packed(gzip.compress(b" " * 200 * MEGABYTE))
    klarna = make_client(retry=Retry.off())

    tracemalloc.start()
    with pytest.raises(AnswerCut, match="larger than 8388608 bytes") as caught:
        await klarna.orders.acknowledge(ORDER_ID)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert caught.value.outcome is Outcome.DONE  # by Klarna's header
    assert peak < 60 * MEGABYTE


async def test_a_large_answer_is_given_up_at_the_limit(
    make_client: MakeClient, server: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_body, "MAX_ERROR_BODY", 100_000)
    server.otherwise = Answer(503, {}, b"x" * 5_000_000)

    with pytest.raises(AnswerCut, match="larger than 100000 bytes") as caught:
        await make_client(retry=Retry.off()).orders.acknowledge(ORDER_ID)

    assert caught.value.outcome is Outcome.UNKNOWN
    assert len(str(caught.value)) < 500


async def test_an_answer_in_many_pieces_is_whole(make_client: MakeClient, server: Wire) -> None:
    server.otherwise = Answer(200, {"Content-Type": "application/json"}, ORDER + b" " * 3_000_000)

    assert (await make_client().orders.get(ORDER_ID)).order_amount == 7
