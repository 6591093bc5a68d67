"""Documents made from the specification: as it says, and as it does not."""

import json
from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.support.specification import SCHEMAS, Schema

READABLE_TIMES = [
    "2022-07-08T09:48:16.680Z",
    "2015-11-29T10:25:40Z",
    "2015-11-19T01:51:17+00:00",
    "2015-11-19T01:51:17+0530",
    "2015-11-19 01:51:17.123456789-08:00",
]
ODD_TIMES = [
    "2015-11-T01:51:17+00:00",
    "2015-11-19T01:51:17",
    "2015-02-30T01:51:17Z",
    "2016-12-31T23:59:60Z",
    "1981-09-06",
    "1981-13-06",
    "",
]
TIMES = st.sampled_from(READABLE_TIMES + ODD_TIMES)
DATES = st.sampled_from(["1981-09-06", *ODD_TIMES])
TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["", "null", "class", "A_NEW_WORD", '":null,"', "Górczewska 124", "\ud83d", "a\udc00b", "\x00"]),
)
NUMBERS = st.one_of(
    st.integers(-1000, 200_000_000),
    st.sampled_from([2**63 - 1, -(2**63)]),
)
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS, TIMES),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(TEXTS, inner, max_size=2)),
    max_leaves=4,
)
STRANGE = st.dictionaries(st.sampled_from(["class_", "new", "type", "x" * 300, "\ud800"]), ANYTHING, max_size=1)
WRONG: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from([None, True, False, 7.0, 7.5, 2**63, -(2**63) - 1, 2**64, 10**30, "7", [], {}, [None], [[]], 0]),
    ANYTHING,
)


@cache
def documents_named(name: str, *, tainted: bool) -> st.SearchStrategy[Any]:
    """Documents of one schema, with fields missing and unknown; tainted ones have wrong values among the right."""
    return _documents(SCHEMAS[name], tainted=tainted)


def _documents(schema: Schema, *, tainted: bool) -> st.SearchStrategy[Any]:
    right = _right(schema, tainted=tainted)
    return st.one_of(*[right] * 15, WRONG) if tainted else right


def _right(schema: Schema, *, tainted: bool) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return documents_named(schema["$ref"].rpartition("/")[2], tainted=tainted)
    if schema["type"] == "object":
        return _objects(schema, tainted=tainted)
    if schema["type"] == "array":
        return st.lists(_documents(schema["items"], tainted=tainted), max_size=2)
    kinds = {"integer": NUMBERS, "boolean": st.booleans(), "string": TEXTS, "date": DATES, "date-time": TIMES}
    return kinds.get(schema.get("format", ""), kinds[schema["type"]])


def _objects(schema: Schema, *, tainted: bool) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with about half of their fields, and now and then one that the specification does not know."""
    fields = {name: _documents(field, tainted=tainted) for name, field in schema["properties"].items()}
    return st.builds(lambda new, held: {**new, **held}, STRANGE, st.fixed_dictionaries({}, optional=fields))


def needs_the_strict_path(data: bytes) -> bool:
    """Whether a right document may hold what only the strict path reads: null, odd times, half surrogates."""
    return any(odd.encode() in data for odd in ("null", "\\ud", *(json.dumps(time) for time in ODD_TIMES)))


@st.composite
def encoded(draw: st.DrawFn, name: str, *, tainted: bool, several: bool = False) -> bytes:
    """The JSON of a document in one of the forms that JSON has; of a tainted one a field may be there twice."""
    one = documents_named(name, tainted=tainted)
    document = draw(st.lists(one, max_size=2) if several else one)
    text = json.dumps(
        document, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1])), allow_nan=False
    )
    if tainted and isinstance(document, dict) and document and draw(st.integers(0, 3)) == 0:
        name = draw(st.sampled_from(sorted(document)))
        twice = json.dumps({name: draw(WRONG)})
        text = f"{twice[:-1]}, {text.lstrip()[1:]}"
    return text.encode("utf-8", "surrogatepass")
