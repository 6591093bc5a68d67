import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klarna_om.sandbox import FaultPlan
from klarna_om.sandbox.faults import KINDS, PLANS, Chance, Fault, Planned


def test_a_plan_is_read_from_a_line() -> None:
    plan = FaultPlan.parse(" error-before=0.05, slow=0.1:2,burst-429=0.01, in-a-row=3,")

    assert plan == FaultPlan(
        (
            Chance(Fault("error-before"), 0.05),
            Chance(Fault("slow", 2.0), 0.1),
            Chance(Fault("burst-429", 0.0), 0.01),
        ),
        in_a_row=3,
    )


def test_a_slow_answer_takes_a_second_unless_told() -> None:
    assert FaultPlan.parse("slow=1").chances == (Chance(Fault("slow", 1.0), 1.0),)


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_may_be_called_by_its_name(name: str) -> None:
    assert FaultPlan.parse(name) is PLANS[name]


def test_no_text_is_no_fault() -> None:
    assert FaultPlan.parse("") == FaultPlan.parse("none") == FaultPlan()


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_fault_is_told_with_all_that_are_known(kind: str) -> None:
    with pytest.raises(ValueError, match="no fault 'lightning'") as caught:
        FaultPlan.parse("lightning=0.5")

    assert f"{kind} ({KINDS[kind]})" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["demo,slow=1", "slow", "slow=often", "slow=-1", "slow=0.1:-2", "slow=nan", "in-a-row=x"]
)
def test_a_part_that_cannot_be_read_is_quoted(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape("is not of the form fault=share")):
        FaultPlan.parse(text)


def test_shares_do_not_add_up_to_more_than_all() -> None:
    with pytest.raises(ValueError, match="add up to more than 1"):
        FaultPlan.parse("slow=0.6,cut=0.5")


REQUESTS = [("orders.acknowledge", f"/orders/{number}", b"") for number in range(200)]


def faults_of(planned: Planned, requests: list[tuple[str, str, bytes]], times: int) -> dict[str, list[str]]:
    met: dict[str, list[str]] = {}
    for _ in range(times):
        for request in requests:
            fault = planned.next(*request)
            met.setdefault(request[1], []).append(fault.kind if fault else "")
    return met


def test_the_same_seed_brings_the_same_faults_in_whatever_order_requests_come() -> None:
    plan = PLANS["rough"]

    forwards = faults_of(Planned(plan, 7), REQUESTS, 5)
    backwards = faults_of(Planned(plan, 7), REQUESTS[::-1], 5)

    assert forwards == backwards
    assert forwards != faults_of(Planned(plan, 8), REQUESTS, 5)


def test_faults_come_about_as_often_as_planned() -> None:
    met = faults_of(Planned(FaultPlan.parse("cut=0.25,slow=0.25"), 1), REQUESTS, 10)

    kinds = [kind for each in met.values() for kind in each]
    # A try in eight is spared after two faults in a row; the rest meet one with a chance of one half.
    assert 300 < kinds.count("cut") < 550
    assert 300 < kinds.count("slow") < 550


def test_another_body_is_another_request() -> None:
    plan = FaultPlan.parse("cut=0.5")
    met = [Planned(plan, 1).next("captures.create", "/", b"%d" % number) for number in range(20)]

    assert 3 < sum(fault is not None for fault in met) < 17


def test_without_a_plan_nothing_is_remembered() -> None:
    planned = Planned(FaultPlan(), 1)

    assert planned.next("orders.get", "/", b"") is None


@given(in_a_row=st.integers(0, 5), seed=st.integers(-(2**60), 2**60))
def test_a_request_meets_only_so_many_faults_in_a_row(in_a_row: int, seed: int) -> None:
    planned = Planned(FaultPlan((Chance(Fault("cut"), 1.0),), in_a_row), seed)

    met = [planned.next("orders.acknowledge", "/", b"") is not None for _ in range(3 * (in_a_row + 1))]

    assert met == ([True] * in_a_row + [False]) * 3
