"""Numbers as people read them."""

import pytest

from klarna_om.batch.page.numbers import histogram, percentile, show_count, show_duration, show_rate, show_share


def test_thousands_are_apart() -> None:
    assert [show_count(count) for count in (7, 1_234, 1_000_000)] == ["7", "1\u202f234", "1\u202f000\u202f000"]


def test_a_rate_has_three_digits() -> None:
    assert [show_rate(rate) for rate in (0.5, 189.97, 1_234.5)] == ["0.5", "190", "1\u202f234"]


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [(0, "0 ms"), (999, "999 ms"), (1_450, "1.45 s"), (59_000, "59 s"), (90_000, "1.5 min"), (18_300_000, "5.08 h")],
)
def test_a_duration_is_in_the_unit_that_is_easiest_to_read(milliseconds: int, shown: str) -> None:
    assert show_duration(milliseconds) == shown


@pytest.mark.parametrize(
    ("count", "share"),
    [(0, "0 %"), (1, "< 0.1 %"), (5_000, "50.0 %"), (9_999, "> 99.9 %"), (10_000, "100 %")],
)
def test_a_share_is_never_rounded_to_all_or_none(count: int, share: str) -> None:
    assert show_share(count, 10_000) == share


def test_a_percentile_is_a_value_that_occurs() -> None:
    values = [(10, 50), (20, 45), (30, 4), (99, 1)]

    assert [percentile(values, share) for share in (0.01, 0.5, 0.51, 0.95, 0.99, 1.0)] == [10, 10, 20, 20, 30, 99]


def test_there_is_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_each_value_is_in_one_bar_of_a_histogram() -> None:
    values = [(0, 3), (1, 4), (9, 1), (100, 7), (99_999, 2)]

    edges, counts = histogram(values, 40)

    assert sum(counts) == 17
    assert edges == sorted(set(edges))
    assert (counts[0], counts[-1]) == (7, 2)
    assert (edges[0], edges[-1]) == (1, 100_000)


def test_the_histogram_of_values_that_hardly_differ_is_one_bar_that_can_be_seen() -> None:
    assert histogram([(250, 9), (251, 2)], 40) == ([250, 276], [11])
