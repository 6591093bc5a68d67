"""Strings of others on a terminal."""

import pytest

from klarna_om.cli.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Łódź 7 €", "Łódź 7 €"),
        ("Jean\u00a0Luc", "Jean Luc"),
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\nb\rc\x9b", r"a\nb\rc\x9b"),
        ("a\u202eb", r"a\u202eb"),
        ("\ud800", r"\ud800"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert printable(text) == shown
