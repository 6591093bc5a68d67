"""The secret in the URL is compared safely, and asked for before anything else."""

from typing import Any

import pytest

from klarna_om import ConfigurationError, KlarnaClient
from klarna_om.sandbox import Sandbox
from klarna_om.webhooks import PushResult, handle_notification, handle_push
from klarna_om.webhooks.token import expected_tokens, is_right
from tests.support.shop import Shop

SECRET = "q7Zr0m-sécret-2Lw"


async def test_a_push_with_the_right_token_is_received(klarna: KlarnaClient, order_id: str, shop: Shop) -> None:
    push = await handle_push(klarna, order_id, store=shop.store, token=SECRET, expected=SECRET)

    assert push.status == 200


@pytest.mark.parametrize(
    "token",
    [
        None, "", "x", SECRET[:-1], SECRET + "x", SECRET.upper(), f" {SECRET}", SECRET.encode(), 7, [SECRET], {},
        "\ud800", "x" * 10**7, "\x00", SECRET.replace("é", "e\u0301"),
    ],
    ids=lambda _: "",
)  # fmt: skip
async def test_any_other_token_is_a_404_and_klarna_is_not_asked(
    klarna: KlarnaClient, sandbox: Sandbox, order_id: str, shop: Shop, token: object
) -> None:
    push = await handle_push(klarna, order_id, store=shop.store, token=token, expected=SECRET)
    received = await handle_notification(klarna, b"{}", handle=shop.handle, token=token, expected=SECRET)

    assert (push.status, push.result) == (404, PushResult.REFUSED_TOKEN)
    assert (received.status, received.result) == (404, PushResult.REFUSED_TOKEN)
    assert (sandbox.request_count, shop.calls) == (0, [])


async def test_the_token_comes_before_the_id(klarna: KlarnaClient, shop: Shop) -> None:
    push = await handle_push(klarna, "no id", store=shop.store, token="x", expected=SECRET)

    assert push.result is PushResult.REFUSED_TOKEN


@pytest.mark.parametrize("token", ["old", "new"])
async def test_while_a_token_is_changed_both_are_right(token: str) -> None:
    assert is_right(token, expected_tokens(["old", "new"]))


def test_without_an_expected_token_any_push_is_received() -> None:
    assert is_right(None, expected_tokens(None))


@pytest.mark.parametrize(
    "expected", ["", " ", "\n", "a b", "secret\n", [], [""], ["a", None], [7], ("a", " ")], ids=repr
)
async def test_an_expected_token_that_cannot_be_meant_is_refused(
    klarna: KlarnaClient, order_id: str, shop: Shop, expected: Any
) -> None:
    with pytest.raises(ConfigurationError, match="secret in the URL"):
        await handle_push(klarna, order_id, store=shop.store, token="", expected=expected)
    with pytest.raises(ConfigurationError, match="secret in the URL"):
        await handle_notification(klarna, b"", handle=shop.handle, token="", expected=expected)


def test_the_message_does_not_repeat_a_secret() -> None:
    with pytest.raises(ConfigurationError) as caught:
        expected_tokens(f"{SECRET} ")

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("token", ["right-token", "wrong-token"])
async def test_no_log_line_and_no_result_shows_a_token(
    klarna: KlarnaClient, order_id: str, shop: Shop, caplog: pytest.LogCaptureFixture, token: str
) -> None:
    caplog.set_level(0)

    push = await handle_push(klarna, order_id, store=shop.store, token=token, expected="right-token")

    assert "-token" not in caplog.text + repr(push)
