"""Strings of others on a terminal: what it would obey is shown as an escape."""

import unicodedata


def printable(value: object) -> str:
    r"""The text in one line, with control characters, and what changes the direction of text, as `\x1b` or `\u202e`."""
    return "".join(map(_shown, str(value)))


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    if unicodedata.category(character) == "Zs":  # a space, such as the no-break space of a name
        return " "
    return character.encode("unicode_escape").decode()
