import pytest

from tests.support.time import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)
