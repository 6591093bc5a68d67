"""Settings as people paste them: what is surely an accident is cut, what cannot be meant is named."""

import unicodedata

_AROUND = " \t\r\n\v\f\ufeff"
_LATIN_BOM = "\u00ef\u00bb\u00bf"
"""A byte order mark whose bytes were read as Latin-1."""
_QUOTES = "\"'`\u00b4\u00ab\u00bb\u2018\u2019\u201a\u201c\u201d\u201e"
_WRITTEN_LINE_ENDS = ("\\n", "\\r")
_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")
"""Categories of Unicode: control and formatting characters, half surrogates, separators."""


def trim(text: str) -> str:
    """Cut white space, line ends and byte order marks around a setting, as files and shells leave them."""
    return text.strip(_AROUND).removeprefix(_LATIN_BOM).strip(_AROUND)


def flaw_of(text: str) -> str | None:
    """What is wrong with a setting, without showing it; None where nothing is wrong."""
    if not text:
        return "is empty"
    if text[0] in _QUOTES:
        return "begins with a quote: remove the quotes"
    if text[-1] in _QUOTES:
        return "ends with a quote: remove the quotes"
    if text.endswith(_WRITTEN_LINE_ENDS):
        return f"ends with a line end that is written out ({text[-2:]}): remove it"
    if text.startswith("KLARNA_OM_"):
        return "begins with the name of a variable: give its value alone"
    return _flaw_inside(text)


def _flaw_inside(text: str) -> str | None:
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs":
            return "is not valid UTF-8"
        if character == "\ufffd" or (category in _INVISIBLE and character != " "):
            name = unicodedata.name(character, "control character")
            return f"contains a {name} (U+{ord(character):04X}): copy it again, as plain text"
    return None
