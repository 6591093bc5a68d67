"""The page about manifests says for each operation what its rows need, and that is what the code asks for."""

import re
from pathlib import Path

import pytest

from klarna_om.batch.columns import Columns
from klarna_om.workflows.writes import WRITES

PAGE = (Path(__file__).parents[2] / "docs" / "batch.md").read_text("utf-8")


def names(cell: str) -> set[str]:
    return set(re.findall(r"`([\w.]+)`", cell))


TABLE = {
    operation: (names(needs), names(may_have))
    for first, needs, may_have in re.findall(r"^\| (`.+?) \|(.*)\|(.*)\|$", PAGE, re.MULTILINE)
    for operation in names(first)
}


@pytest.mark.parametrize("operation", WRITES)
def test_the_page_lists_the_columns_of_each_operation(operation: str) -> None:
    columns = Columns(operation, "order_id")
    needs, may_have = TABLE[operation]

    assert needs == set(columns.required)
    assert needs | may_have == {*columns.own, *columns.fields}
