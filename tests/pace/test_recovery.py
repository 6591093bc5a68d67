"""After a series of 429 the pace is back soon, and without another one; processes that share a limit stay as good."""

from collections.abc import Callable

import pytest

from klarna_om.pace.lanes import Lane
from tests.pace.simulation import LIMIT, FixedWindow, Outage, Server, Simulation, SlidingWindow

SERVERS = pytest.mark.parametrize("server", [FixedWindow, SlidingWindow])
OUTAGE = Outage(start=5, end=80)


@SERVERS
@pytest.mark.parametrize("lane", ["live", "batch"])
def test_after_75_seconds_of_429_the_rate_is_back_within_15_without_another(
    server: Callable[[], Server], lane: Lane
) -> None:
    simulation = Simulation(server(), outage=OUTAGE, lane=lane).run(100)

    assert simulation.seconds_until(0.9 * LIMIT, start=80) <= 15
    assert simulation.used(80, 95) >= 0.5
    assert simulation.used(95, 100) >= 0.94
    assert simulation.refused_share(81, 100) == 0


def test_it_is_back_as_soon_where_no_answer_reports_a_quota() -> None:
    simulation = Simulation(FixedWindow(), outage=OUTAGE, has_headers=False).run(100)

    assert simulation.seconds_until(0.9 * LIMIT, start=80) <= 15
    assert simulation.refused_share(81, 100) == 0


def test_75_seconds_of_429_cost_few_requests() -> None:
    simulation = Simulation(FixedWindow(), outage=OUTAGE).run(80)

    assert sum(simulation.refused.values()) <= 75 * 4


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_after_429_to_some_of_the_calls_it_is_back_as_soon(share: float) -> None:
    simulation = Simulation(FixedWindow(), outage=Outage(start=5, end=80, share=share)).run(100)

    assert simulation.seconds_until(0.9 * LIMIT, start=80) <= 15
    assert simulation.refused_share(81, 100) == 0


@SERVERS
@pytest.mark.parametrize(("number", "used", "refused"), [(2, 0.80, 0.003), (4, 0.82, 0.004), (8, 0.83, 0.006)])
def test_busy_processes_of_one_merchant_share_the_limit_with_few_429(
    server: Callable[[], Server], number: int, used: float, refused: float
) -> None:
    simulation = Simulation(server(), number=number).run(50)

    assert simulation.used(30, 50) >= used
    assert simulation.refused_share(30, 50) <= refused
