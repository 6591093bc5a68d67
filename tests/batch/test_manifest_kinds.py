"""Manifests of unexpected kinds: each is read, or refused with advice."""

import gzip
import io
import os
import threading
import zipfile
from pathlib import Path

import pytest

from klarna_om.batch.csv_lines import ManifestError
from klarna_om.batch.entry import Entry
from klarna_om.batch.manifest import open_manifest, parse_manifest, require_rows
from klarna_om.batch.row_parser import RowParser
from tests.batch.fake_sender import order_id, order_ids
from tests.batch.test_manifest import read, summarize

A, B, C = order_ids(3)

DEEP = 100_000


def workbook() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/sharedStrings.xml", f"<sst><si><t>{A}</t></si></sst>")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (workbook(), "a workbook .* or another ZIP archive, whatever its name: open it and save the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "an old Excel workbook"),
        (gzip.compress(f"order_id\n{A}\n".encode(), mtime=0), "a gzip file, whatever its name: unpack it first"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"SQLite format 3\0" + bytes(100), "a SQLite database, possibly a journal"),
        (b"\n<!DOCTYPE html><html><table>", "a web page or XML"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>', "a web page or XML"),
        (bytes(range(256)) * 10, "binary, not text"),
        (b"\0", "binary, not text"),
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ""])
def test_a_file_that_is_not_text_is_refused_with_advice(content: bytes, message: str, suffix: str) -> None:
    with pytest.raises(ManifestError, match=message):
        read(content, suffix=suffix)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-16", "utf-32"])
def test_wide_encodings_are_read_with_and_without_a_mark(encoding: str) -> None:
    assert summarize(read(f"name,order_id\r\nÅsa,{A}\r\n".encode(encoding))) == [(2, A)]


@pytest.mark.parametrize("first", ['"id","klarna_order_id","amount"', "id;klarna_order_id;amount"])
def test_a_csv_is_recognized_whatever_its_first_cell(first: str) -> None:
    with pytest.raises(ManifestError, match="no column 'order_id'; it has: 'id', 'klarna_order_id', 'amount'"):
        read(f"{first}\n")


def test_quoted_cells_without_a_name_are_csv_and_not_json() -> None:
    with pytest.raises(ManifestError, match="no column 'order_id'; it has: 'id', 'sum'"):
        read(f'"id","sum"\n"{A}","1"\n', suffix="")


def test_a_message_shows_the_first_columns_of_many_and_the_start_of_long_ones() -> None:
    with pytest.raises(ManifestError) as caught:
        read(",".join(["x" * 1000] * 1000))

    assert len(str(caught.value)) < 3000


@pytest.mark.parametrize("first", ['"order_id" ,"amount"', '"order_id " ,amount,,'])
def test_a_header_with_text_outside_its_quotes_is_named_with_its_columns(first: str) -> None:
    with pytest.raises(ManifestError, match=r"header is not valid CSV.*: 'order_id', 'amount'.*save the file as CSV"):
        read(f"{first}\n{A},1\n")


@pytest.mark.parametrize("first", ['"order_id ",amount,,', "order_id\u200b,amount", "\u00adorder_id ,amount"])
def test_blanks_and_invisible_characters_in_a_header_do_no_harm(first: str) -> None:
    assert summarize(read(f"{first}\n{A},1\n")) == [(2, A)]


def test_an_empty_first_header_cell_keeps_its_position() -> None:
    assert summarize(read(f"\torder_id\nx\t{A}\n", suffix=".tsv")) == [(2, A)]


def test_a_csv_without_a_header_is_refused_with_advice() -> None:
    with pytest.raises(ManifestError, match="has no header: its first line is .* Add a line that names the columns"):
        read(f"{A},10.00\n")


def test_quoted_ids_without_a_header_are_plain_lines_of_a_csv() -> None:
    assert summarize(read(f'"{A}"\n"{B}"\n')) == [(1, A), (2, B)]


@pytest.mark.parametrize("first", ['{"order_id": "x"}', '["x"]'])
def test_json_that_is_named_as_csv_is_refused_with_advice(first: str) -> None:
    with pytest.raises(ManifestError, match=r"looks like JSON and is named as CSV: name it \.jsonl"):
        read(f"{first}\n")


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;", "\nsep=;\n", "sep=;;;"])
@pytest.mark.parametrize("suffix", [".csv", ".txt", ""])
def test_a_line_that_declares_the_delimiter_is_obeyed(first: str, suffix: str) -> None:
    found = [entry for entry in read(f"{first}\nnr;order_id\n1,5;{A}\n", suffix=suffix) if entry.order_id]

    assert [entry.order_id for entry in found] == [A]


def test_lines_are_counted_from_the_declaration_of_the_delimiter() -> None:
    assert summarize(read(f"sep=^\nnr^order_id\n1^{A}\n\n")) == [(3, A), (4, "blank")]


def test_a_declared_delimiter_without_a_header_is_refused() -> None:
    with pytest.raises(ManifestError, match="no column 'order_id'"):
        read("sep=;\n")


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".txt", ""])
@pytest.mark.parametrize(
    "text",
    [
        f'["{A}", "{B}"]',
        f'[\n  {{\n    "order_id": "{A}"\n  }},\n  {{"order_id": "{B}", "sum": 1}}\n]\n',
    ],
)
def test_an_array_is_read_element_by_element(text: str, suffix: str) -> None:
    assert summarize(read(text, suffix=suffix)) == [(1, A), (2, B)]


def test_an_element_that_names_no_order_is_malformed() -> None:
    found = read(f'["{A}", 7, null, {{"id": 1}}, {{}}, {"[" * 500}{"]" * 500}]', suffix=".json")

    assert summarize(found) == [(1, A), (2, "malformed"), (3, "blank"), *((n, "malformed") for n in (4, 5, 6))]
    assert [entry.detail for entry in found[3:5]] == [
        "no key 'order_id'; the object is with the keys 'id'",
        "no key 'order_id'; the object is without a key",
    ]


@pytest.mark.parametrize("text", [f'["{A}"', "[" * DEEP])
def test_an_array_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ManifestError, match="a JSON array that cannot be read: "):
        read(text, suffix=".json")


def test_one_object_is_one_order_or_refused_with_its_keys() -> None:
    assert summarize(read(f'{{\n  "order_id": "{A}"\n}}', suffix=".json")) == [(1, A)]
    with pytest.raises(ManifestError, match="is one JSON object with the keys 'orders': an array of order ids"):
        read('{"orders": []}', suffix=".json")


def test_json_lines_may_be_named_json() -> None:
    assert summarize(read(f'{{"order_id": "{A}"}}\n"{B}"\n', suffix=".json")) == [(1, A), (2, B)]


def test_a_line_that_is_nested_too_deep_is_malformed() -> None:
    found = read(f'"{A}"\n{"[" * DEEP}\n"{B}"\n', suffix=".jsonl")

    assert summarize(found) == [(1, A), (2, "malformed"), (3, B)]
    assert found[1].detail == "not JSON: it is nested too deep"


@pytest.mark.parametrize(
    "text",
    [
        f"{A}\u200b",
        f"\ufeff{A}",
        f"\u00a0{A}\u00a0",
        A[:10] + "\u00ad" + A[10:],
        A[:10] + "\u2060" + A[10:],
        A.replace("-", "\u2011"),
        A.upper(),
    ],
)
def test_invisible_characters_in_an_order_id_are_removed(text: str) -> None:
    assert summarize(read(f"order_id\n{text}\n")) == [(2, A)]


def test_a_blank_inside_an_order_id_is_malformed() -> None:
    assert summarize(read(f"order_id\n{A[:10]}\u00a0{A[10:]}\n")) == [(2, "malformed")]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (f'{A},"x\n{B},"\n{C},y\n', [(2, "malformed"), (3, "malformed"), (4, C)]),
        (f'{A},"x\n{B.upper()} ,"\n{C},y\n', [(2, "malformed"), (3, "malformed"), (4, C)]),
        (f'{A},"x\n"{B}",y"\n', [(2, "malformed"), (3, B)]),
    ],
)
def test_a_stray_quote_never_hides_the_order_of_another_line(rows: str, expected: list[tuple[int, str]]) -> None:
    assert summarize(read(f"order_id,note\n{rows}")) == expected


def test_the_line_that_would_be_hidden_is_named() -> None:
    found = read(f'name,order_id\n"x,{A}\ny,{B}",{C}\n')

    assert found[0].detail == "a quote is opened and not closed before line 3, which has its own order id"


def test_a_note_over_several_lines_may_mention_an_order() -> None:
    assert summarize(read(f'order_id,note\n{A},"instead of\nthe order {B} of May"\n{C},y\n')) == [(2, A), (4, C)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no order: it is empty"),
        ("order_id\n\n,\n", "names no order: it is empty, or has blank lines only"),
        ("order_id\n\nx\ny\n", "none of its 3 lines can be used. Line 3 is 'x': not an order id"),
    ],
)
def test_a_manifest_without_one_order_is_an_error(text: str, message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        require_rows(iter(read(text)))


def test_a_manifest_with_one_order_is_passed_on_completely() -> None:
    assert summarize(
        list(require_rows(parse_manifest(iter(["x\n", f"{A}\n", "y"]), RowParser("orders.acknowledge"))))
    ) == [
        (1, "malformed"),
        (2, A),
        (3, "malformed"),
    ]


def test_a_pipe_is_read_as_a_file_is(tmp_path: Path) -> None:
    pipe = tmp_path / "orders.csv"
    os.mkfifo(pipe)
    ids = order_ids(5000)
    writing = threading.Thread(target=pipe.write_text, args=("order_id\n" + "\n".join(ids),))
    writing.start()

    with open_manifest(pipe, RowParser("orders.acknowledge")) as lines:
        found: list[Entry] = list(lines)

    writing.join()
    assert [entry.order_id for entry in found] == ids
    assert found[0] == Entry(2, order_id(1))
