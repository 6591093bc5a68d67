import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klarna_om.sandbox import FaultPlan
from klarna_om.sandbox.faults import KINDS, PLANS, Fault, FaultInjector, FaultRate


def test_a_plan_is_parsed_from_text() -> None:
    plan = FaultPlan.parse(" error-before=0.05, slow=0.1:2,burst-429=0.01, in-a-row=3,")

    assert plan == FaultPlan(
        (
            FaultRate(Fault("error-before"), 0.05),
            FaultRate(Fault("slow", 2.0), 0.1),
            FaultRate(Fault("burst-429", 0.0), 0.01),
        ),
        in_a_row=3,
    )


def test_a_slow_response_takes_one_second_by_default() -> None:
    plan = FaultPlan.parse("slow=1")

    assert plan.rates == (FaultRate(Fault("slow", 1.0), 1.0),)


@pytest.mark.parametrize("name", PLANS)
def test_a_named_plan_is_found_by_its_name(name: str) -> None:
    assert FaultPlan.parse(name) is PLANS[name]


def test_an_empty_text_is_a_plan_without_faults() -> None:
    plan = FaultPlan.parse("")

    assert plan == FaultPlan.parse("none") == FaultPlan()


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_fault_is_an_error_that_lists_the_available_ones(kind: str) -> None:
    with pytest.raises(ValueError, match="no fault 'lightning'") as caught:
        FaultPlan.parse("lightning=0.5")

    assert f"{kind} ({KINDS[kind]})" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["demo,slow=1", "slow", "slow=often", "slow=-1", "slow=0.1:-2", "slow=nan", "in-a-row=x"]
)
def test_an_invalid_part_of_a_plan_is_quoted(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape("is not of the form fault=share")):
        FaultPlan.parse(text)


def test_shares_above_one_in_total_are_refused() -> None:
    with pytest.raises(ValueError, match="add up to more than 1"):
        FaultPlan.parse("slow=0.6,cut=0.5")


REQUESTS = [("orders.acknowledge", f"/orders/{number}", b"") for number in range(200)]


def faults_of(injector: FaultInjector, requests: list[tuple[str, str, bytes]], times: int) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    for _ in range(times):
        for request in requests:
            fault = injector.next(*request)
            faults.setdefault(request[1], []).append(fault.kind if fault else "")
    return faults


def test_a_seed_gives_the_same_faults_in_any_order_of_requests() -> None:
    plan = PLANS["rough"]

    forwards = faults_of(FaultInjector(plan, 7), REQUESTS, 5)
    backwards = faults_of(FaultInjector(plan, 7), REQUESTS[::-1], 5)

    assert forwards == backwards
    assert forwards != faults_of(FaultInjector(plan, 8), REQUESTS, 5)


def test_faults_happen_about_as_often_as_planned() -> None:
    faults = faults_of(FaultInjector(FaultPlan.parse("cut=0.25,slow=0.25"), 1), REQUESTS, 10)

    kinds = [kind for each in faults.values() for kind in each]
    # One attempt in eight follows two faults in a row and has none; one half of the others has one.
    assert 300 < kinds.count("cut") < 550
    assert 300 < kinds.count("slow") < 550


def test_another_body_is_another_request() -> None:
    plan = FaultPlan.parse("cut=0.5")

    faults = [FaultInjector(plan, 1).next("captures.create", "/", b"%d" % number) for number in range(20)]

    assert 3 < sum(fault is not None for fault in faults) < 17


def test_without_a_plan_there_is_no_fault() -> None:
    injector = FaultInjector(FaultPlan(), 1)

    fault = injector.next("orders.get", "/", b"")

    assert fault is None


@given(in_a_row=st.integers(0, 5), seed=st.integers(-(2**60), 2**60))
def test_a_request_meets_at_most_the_planned_faults_in_a_row(in_a_row: int, seed: int) -> None:
    injector = FaultInjector(FaultPlan((FaultRate(Fault("cut"), 1.0),), in_a_row), seed)

    has_fault = [injector.next("orders.acknowledge", "/", b"") is not None for _ in range(3 * (in_a_row + 1))]

    assert has_fault == ([True] * in_a_row + [False]) * 3
