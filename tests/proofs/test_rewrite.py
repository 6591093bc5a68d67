"""A change of code is found by structure, in one named place, exactly once."""

import pytest

from tests.proofs.rewrite import Argument, Change, DoesNotFitError, Rewrite, rewrite

SOURCE = '''
class Guard:
    def use(self, key):
        """Take the key."""
        found = self.uses.get(
            key,  # may be new
        )
        if found != key:
            raise ValueError(key)
        with self.lock:
            self.count += 1
            return send(key, follow=False, limit=found + found)

def use(key):
    if key != key:
        raise KeyError(key)
'''


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Rewrite("Guard.use", "A.uses.get(B)", "B"), "found = key\n"),
        (Rewrite("Guard.use", "A + A", "A - A"), "limit=found - found)"),
        (Rewrite("Guard.use", "if A:\n    raise B", "if not A:\n    raise B"), "if not found != key:\n"),
        (Rewrite("Guard.use", "A.count += 1", "A.count += 2\nA.done = True"), "+= 2\n            self.done = True\n"),
        (Rewrite("Guard.use", "with A:\n    ...", "with A, B:\n    ..."), "with self.lock, B:\n            self.count"),
        (Rewrite("Guard.use", "if A:\n    raise B", "pass"), "        pass\n        with self.lock:\n"),
        (Rewrite("", "KeyError", "IndexError"), "raise IndexError(key)"),
        (Argument("Guard.use", "follow", "True"), "send(key, follow=True, limit=found + found)"),
        (Argument("Guard.use", "follow"), "send(key, limit=found + found)"),
    ],
)
def test_a_change_is_made_in_its_place(change: Change, expected: str) -> None:
    changed = rewrite(SOURCE, [change])

    assert expected in changed


def test_what_is_outside_of_the_named_place_stays() -> None:
    changed = rewrite(SOURCE, [Rewrite("use", "if A:\n    raise B", "pass")])

    assert "raise ValueError(key)" in changed
    assert "raise KeyError(key)" not in changed


def test_layout_and_quotes_make_no_difference() -> None:
    flat = rewrite("a = f( 'x',\n  y )", [Rewrite("", 'f("x", y)', "z")])

    assert flat == "a = z"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (Rewrite("", "if A:\n    raise B", "pass"), "2 places"),
        (Rewrite("Guard.use", "A - B", "A"), "0 places"),
        (Rewrite("use", "A + A", "A"), "0 places"),
        (Argument("Guard.use", "retries", "1"), "0 places"),
        (Rewrite("Guard.take", "A + B", "A"), "0 definitions"),
    ],
)
def test_a_change_without_exactly_one_place_does_not_fit(change: Change, message: str) -> None:
    with pytest.raises(DoesNotFitError, match=message):
        rewrite(SOURCE, [change])


def test_a_hole_that_is_used_twice_stands_for_the_same_expression() -> None:
    with pytest.raises(DoesNotFitError, match="0 places"):
        rewrite("a = b + c", [Rewrite("", "A + A", "A")])
