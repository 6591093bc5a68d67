"""The kind of a file by its first bytes: text with its encoding, or a kind that cannot be a list of orders."""

from klarna_om.batch.csv_lines import ManifestError

SAMPLE = 4096
"""Bytes that are examined."""

_SAVE_AS_CSV = "open it and save the sheet as CSV (UTF-8)"
_UNPACK = "unpack it first"

_SIGNATURES = (
    (b"PK\x03\x04", "a workbook (Excel, LibreOffice) or another ZIP archive", _SAVE_AS_CSV),
    (b"PK\x05\x06", "an empty ZIP archive", _UNPACK),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", _SAVE_AS_CSV),
    (b"%PDF", "a PDF", "export the orders as CSV"),
    (b"{\\rtf", "a formatted text (RTF)", "save it as plain text"),
    (b"\x1f\x8b", "a gzip file", _UNPACK),
    (b"BZh", "a bzip2 file", _UNPACK),
    (b"\xfd7zXZ", "an xz file", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd file", _UNPACK),
    (b"7z\xbc\xaf", "a 7z archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"SQLite format 3", "a SQLite database, possibly a journal", "name the file with the order ids"),
    (b"PAR1", "a Parquet file", "export the orders as CSV"),
)

_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<table", b"<meta")

_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)

_WITHOUT_MARK = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")


def detect_encoding(start: bytes) -> str:
    """The encoding of a text file that begins like this; raises `ManifestError` with advice for anything else."""
    for signature, kind, advice in _SIGNATURES:
        if start.startswith(signature):
            raise ManifestError(f"the manifest is {kind}, whatever its name: {advice}")
    for mark, encoding in _BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return encoding
    encoding = _encoding_without_mark(start)
    text = start.decode(encoding, "replace").lstrip("\ufeff \t\r\n").lower()
    if text.encode("utf-8", "replace").startswith(_MARKUP):
        raise ManifestError(f"the manifest is a web page or XML, whatever its name: {_SAVE_AS_CSV}")
    return encoding


def _encoding_without_mark(start: bytes) -> str:
    """UTF-8 has no zero bytes; order ids in UTF-16 and UTF-32 have many, and are ASCII only in the right one."""
    if b"\0" not in start:
        return "utf-8-sig"
    whole = start[: len(start) // 4 * 4]
    for encoding in _WITHOUT_MARK:
        text = whole.decode(encoding, "replace")
        if "\0" not in text and 2 * sum(map(str.isascii, text)) > len(text):
            return encoding
    raise ManifestError(
        "the manifest is binary, not text: name a file with order ids (CSV, JSON or plain lines, in UTF-8)"
    )
