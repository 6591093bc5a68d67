"""What does it cost to read an order, and to write a request?

How to read it: CPU of one thread for one document, the ratio to pydantic v2 in the same round ("2.0 x" is twice as
fast). All libraries get classes with the same fields and types. msgspec.Struct is the limit: what
ours are kept in, without our checks. Orders are read only; what is written are requests, here a new authorization
with that many lines. The last table writes a whole order anyway.
What would falsify it: reading less than 1.9 times, or writing less than 2.5 times as fast as pydantic v2 at any size.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from benchmarks import documents, models
from benchmarks.generated import Absent, module
from benchmarks.machine import CLIENT_CORE, pin_for_block
from benchmarks.measuring import Series, in_turns, microseconds, time_calls
from benchmarks.tables import Aim, Table, aims_table, at_least
from klarna_om import Order, UpdateAuthorization, structuring

SIZES = (2000, 4000, 8000, 20_000)
OURS, RIVAL = "klarna_om", "pydantic v2"

Read = Callable[[bytes], Any]
Write = Callable[[Any], bytes]
Makes = Mapping[str, Callable[[type], tuple[Read, Write]]]


def main(full: bool) -> list[Table]:
    """Measure and tabulate."""
    rounds, seconds = (31, 0.02) if full else (7, 0.004)
    orders = [documents.order(size) for size in SIZES]
    requests = [authorization(order) for order in orders]
    codecs, absent = _make_codecs(Order)
    request_codecs, _ = _make_codecs(UpdateAuthorization)
    with pin_for_block(CLIENT_CORE):
        reading = [_in_turns(_readers(codecs, order), rounds, seconds) for order in orders]
        writing = [_in_turns(_writers(request_codecs, request), rounds, seconds) for request in requests]
        whole = [_in_turns(_writers(codecs, order), rounds, seconds) for order in orders]
    tables = [
        _table("Read an order", reading, orders),
        _table("Write a request: a new authorization with the lines of that order", writing, requests),
        _table("Write a whole order, which the client never does", whole, orders, absent),
    ]
    aims = _aims("read an order", reading, orders, 1.9) + _aims("write a request", writing, requests, 2.5)
    return [*tables, aims_table(aims)] if aims else tables


def authorization(order: bytes) -> bytes:
    """A request with the lines of an order, filled up to its size."""
    lines = json.loads(order)["order_lines"]
    wanted = {"order_amount": 1000, "description": "", "order_lines": lines}
    while len(json.dumps(wanted, separators=(",", ":"))) < len(order) - 400:
        lines.append(lines[len(lines) % 2])
    return json.dumps(wanted, separators=(",", ":"), ensure_ascii=False).encode()


def ours(cls: type) -> tuple[Read, Write]:
    """Read and write as the client does."""
    return partial(structuring.read, cls), structuring.write


def pydantic(cls: type) -> tuple[Read, Write]:
    """A pydantic v2 model, straight from and to JSON."""
    adapter = module("pydantic").TypeAdapter(models.pydantic_model(cls))
    return adapter.validate_json, partial(adapter.dump_json, exclude_none=True, by_alias=True)


def cattrs_alone(cls: type) -> tuple[Read, Write]:
    """Our own classes through a plain cattrs converter over the standard library's json."""
    converter = module("cattrs.preconf.json").make_converter(omit_if_default=True)

    def write(value: Any) -> bytes:
        text: str = converter.dumps(value)
        return text.encode()

    return lambda data: converter.loads(data, cls), write


def struct(cls: type) -> tuple[Read, Write]:
    """msgspec.Struct: the limit."""
    return msgspec.json.Decoder(models.struct(cls)).decode, msgspec.json.Encoder().encode


def mashumaro(cls: type) -> tuple[Read, Write]:
    """Dataclasses through mashumaro's codecs over orjson."""
    codecs, model = module("mashumaro.codecs.orjson"), models.mashumaro_dataclass(cls)
    return codecs.ORJSONDecoder(model).decode, codecs.ORJSONEncoder(model).encode


CODECS: Makes = {
    OURS: ours,
    RIVAL: pydantic,
    "cattrs alone": cattrs_alone,
    "mashumaro (orjson)": mashumaro,
    "msgspec.Struct (the limit)": struct,
}


def _make_codecs(cls: type, makes: Makes = CODECS) -> tuple[dict[str, tuple[Read, Write]], dict[str, str]]:
    codecs: dict[str, tuple[Read, Write]] = {}
    absent: dict[str, str] = {}
    for name, make in makes.items():
        try:
            codecs[name] = make(cls)
        except Absent as reason:
            absent[name] = str(reason)
    return codecs, absent


def _readers(codecs: Mapping[str, tuple[Read, Write]], data: bytes) -> dict[str, Callable[[], object]]:
    return {name: partial(read, data) for name, (read, _) in codecs.items()}


def _writers(codecs: Mapping[str, tuple[Read, Write]], data: bytes) -> dict[str, Callable[[], object]]:
    return {name: partial(write, read(data)) for name, (read, write) in codecs.items()}


def _in_turns(calls: Mapping[str, Callable[[], object]], rounds: int, seconds: float) -> dict[str, Series]:
    runs = {name: partial(time_calls, *_repeat(call, seconds)) for name, call in calls.items()}
    return in_turns(runs, rounds)


def _repeat(call: Callable[[], object], seconds: float) -> tuple[Callable[[], object], int]:
    """A run of about that many seconds, and the number of calls in it."""
    call()
    trial = time_calls(lambda: [call() for _ in range(20)], 20).cpu
    times = max(10, int(seconds / max(trial, 1e-7)))

    def run() -> None:
        for _ in range(times):
            call()

    return run, times


def _table(
    title: str, columns: Sequence[Mapping[str, Series]], data: Sequence[bytes], absent: Mapping[str, str] | None = None
) -> Table:
    rows = [(name, *(_cell(column, name) for column in columns)) for name in columns[0]]
    note = "" if absent is None else f"Absent: {'; '.join(f'{name}: {why}' for name, why in absent.items()) or 'none'}."
    return Table(title, ("", *(f"{len(one) / 1000:.1f} KB" for one in data)), rows, note)


def _cell(column: Mapping[str, Series], name: str) -> str:
    time = f"{microseconds(column[name].cpu)} us"
    return time if RIVAL not in column else f"{time}, {1 / column[name].ratio_to(column[RIVAL]):.2f} x"


def _aims(what: str, columns: Sequence[Mapping[str, Series]], data: Sequence[bytes], least: float) -> list[Aim]:
    return [
        at_least(f"{what} of {len(one) / 1000:.1f} KB beside pydantic v2", column[RIVAL].ratio_to(column[OURS]), least)
        for column, one in zip(columns, data, strict=True)
        if RIVAL in column
    ]


if __name__ == "__main__":
    from benchmarks.__main__ import alone

    alone("structuring")
