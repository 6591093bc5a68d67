"""The question before money moves, on a terminal."""

import time

import pytest

from klarna_om.sandbox import Sandbox
from klarna_om.types import Order
from tests.cli.terminals import Terminal

QUESTION = "[y/N]"


@pytest.fixture
def order(klarna_sandbox: Sandbox) -> Order:
    return klarna_sandbox.order(
        order_amount=1250, purchase_currency="EUR", merchant_reference1="[red]A-17[/]\x1b[2J\u202e"
    )


def capture(sandbox: Sandbox, order: Order, amount: str = "7.00") -> Terminal:
    return Terminal(sandbox, ["order", "capture", order.order_id or "", amount, "--reference", "shipment-7"])


def captures(sandbox: Sandbox, order: Order) -> int:
    return sandbox.effects(order.order_id, "captures.create")


def test_the_question_shows_the_order_and_the_amount_in_its_currency(klarna_sandbox: Sandbox, order: Order) -> None:
    terminal = capture(klarna_sandbox, order)
    terminal.read_until(QUESTION)
    sent_before_the_answer = klarna_sandbox.effects()
    terminal.type("y\n")

    assert terminal.close() == 0
    assert sent_before_the_answer == 0
    assert f"Order {order.order_id}" in terminal.output
    assert "remaining authorized  12.50 EUR" in terminal.output
    assert "Capture 7.00 EUR, under the reference shipment-7? [y/N]" in terminal.output
    assert f"Captured 7.00 EUR of order {order.order_id}" in terminal.output
    assert captures(klarna_sandbox, order) == 1


def test_what_klarna_has_of_the_shop_is_no_command_to_the_terminal(klarna_sandbox: Sandbox, order: Order) -> None:
    terminal = capture(klarna_sandbox, order)
    terminal.read_until(QUESTION)
    terminal.type("n\n")
    terminal.close()

    assert r"[red]A-17[/]\x1b[2J\u202e" in terminal.output
    assert "\x1b[2J" not in terminal.output


@pytest.mark.parametrize("answer", ["n\n", "\n"])
def test_any_other_answer_sends_nothing(klarna_sandbox: Sandbox, order: Order, answer: str) -> None:
    terminal = capture(klarna_sandbox, order)
    terminal.read_until(QUESTION)
    terminal.type(answer)

    assert terminal.close() == 1
    assert "klarna-om: nothing was sent" in terminal.output
    assert captures(klarna_sandbox, order) == 0


def test_ctrl_c_at_the_question_sends_nothing(klarna_sandbox: Sandbox, order: Order) -> None:
    terminal = capture(klarna_sandbox, order)
    terminal.read_until(QUESTION)
    terminal.interrupt()

    assert terminal.close() == 130
    assert "klarna-om: interrupted; nothing was sent" in terminal.output
    assert captures(klarna_sandbox, order) == 0


def test_ctrl_c_while_it_is_sent_is_an_unknown_outcome(klarna_sandbox: Sandbox, order: Order) -> None:
    klarna_sandbox.fail_next(1, fault="hang-after", operation="captures.create")
    terminal = capture(klarna_sandbox, order)
    terminal.read_until(QUESTION)
    terminal.type("y\n")
    while not captures(klarna_sandbox, order):
        time.sleep(0.01)
    terminal.interrupt()

    assert terminal.close() == 1
    assert "UNKNOWN whether this happened: capture 7.00 EUR of order" in terminal.output
    assert "Run the same command again to find out" in terminal.output

    again = capture(klarna_sandbox, order)

    assert again.close() == 0
    assert "Nothing was sent, as Klarna shows: captured 7.00 EUR" in again.output
    assert captures(klarna_sandbox, order) == 1


def test_what_klarna_will_refuse_is_said_before_the_answer(klarna_sandbox: Sandbox, order: Order) -> None:
    terminal = capture(klarna_sandbox, order, "13.00")
    terminal.read_until(QUESTION)
    terminal.type("n\n")
    terminal.close()

    assert "Klarna will probably refuse it: 12.50 EUR can still be captured, not 13.00 EUR" in terminal.output


def test_cancel_and_release_ask_too(klarna_sandbox: Sandbox, order: Order) -> None:
    outputs = []
    for name in ("cancel", "release"):
        terminal = Terminal(klarna_sandbox, ["order", name, order.order_id or ""])
        terminal.read_until(QUESTION)
        terminal.type("n\n")
        terminal.close()
        outputs.append(terminal.output)

    assert "Cancel all 12.50 EUR? [y/N]" in outputs[0]
    assert "Release all 12.50 EUR that are not captured? [y/N]" in outputs[1]
    assert klarna_sandbox.effects() == 0
