"""The README's picture and facts: what the commands print, in a file that loads nothing."""

import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.picture import PICTURE, draw, lines_of, record

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def counts_in(lines: list[str]) -> dict[str, int]:
    found = [re.fullmatch(r" *([a-zA-Z' ]+?) {2,}(\d+)", line) for line in lines]
    return {match[1]: int(match[2]) for match in found if match}


@pytest.fixture(scope="module")
def shown() -> dict[str, int]:
    return counts_in(texts(PICTURE.read_text(encoding="utf-8")))


def test_the_picture_loads_nothing_and_knows_light_and_dark() -> None:
    source = PICTURE.read_text(encoding="utf-8")
    elements = {element.tag.removeprefix(SVG) for element in ElementTree.fromstring(source).iter()}

    assert elements == {"svg", "title", "style", "rect", "text"}
    assert source.count("://") == source.count("http://www.w3.org/2000/svg") + source.count("http://127.0.0.1:")
    assert not re.search(r"href|url\(|@import|@font-face", source)
    assert "@media (prefers-color-scheme: dark)" in source
    assert "/tmp" not in source


def test_its_counts_add_up(shown: dict[str, int]) -> None:
    assert shown["orders in the manifest"] == shown["acknowledged on the server"] == shown["done in the report"] == 2000
    assert (shown["acknowledged twice"], shown["lost"]) == (0, 0)
    assert shown["requests sent"] == 2000 + shown["of them repeats"]
    assert 0 < shown["so answered after the kill"] <= shown["answered from Klarna's key store"]
    assert shown["met by a fault"] > 0


def test_it_has_what_the_demo_prints_now(shown: dict[str, int]) -> None:
    printed = lines_of(record("--orders", "20", "--faults", "none"))

    drawn = texts(draw(printed))

    assert counts_in(drawn).keys() == shown.keys()
    assert drawn == [line for line in printed if line]
    assert "klarna-om acknowledge orders.csv" in drawn
    assert [line.split(" with ")[0] for line in drawn if "Killed" in line] == ["Killed (kill -9)"]


def test_lines_that_name_a_file_of_one_run_are_left_out() -> None:
    output = (
        "of /x/klarna-om-demo-ab_1/orders.csv\n\n\n\nlost  0\n\nReport:  /x/klarna-om-demo-ab_1/r.csv\nJournal: y\n"
    )

    assert lines_of(output) == ["$ klarna-om demo", "of orders.csv", "", "lost  0"]


def test_what_is_special_in_xml_is_escaped() -> None:
    assert texts(draw(["a < b & c"])) == ["a < b & c"]


def facts() -> list[list[str]]:
    return [row.split(" | ") for row in re.findall(r"^\| (0 twice.*|of 2,000.*|`klarna-om demo`.*) \|$", README, re.M)]


def test_each_fact_of_the_readme_is_what_its_command_prints(shown: dict[str, int]) -> None:
    numbers, explanations, commands = facts()

    benchmark = (ROOT / "benchmarks/README.md").read_text(encoding="utf-8")
    row = re.search(r"^\| klarna_om \|(.*)\|$", benchmark.partition("acknowledge: CPU a call")[2], re.M)
    ratios = re.findall(r"([\d.]+) x", row[1]) if row else []
    coverage = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["coverage"]
    assert commands == ["`klarna-om demo`", "`nox -s tests`", "`python -m benchmarks --only call`"]
    assert numbers[0] == f"{shown['acknowledged twice']} twice, {shown['lost']} lost"
    assert f"{shown['orders in the manifest']:,} orders" in explanations[0]
    assert (numbers[1], coverage["run"]["branch"]) == (f"{coverage['report']['fail_under']} % of branches", True)
    assert numbers[2] == f"{min(ratios)} to {max(ratios)} × the CPU"


def test_the_picture_stands_on_the_first_screen_with_its_words() -> None:
    first = README.partition("\n## ")[0]

    (alternative,) = re.findall(r"!\[(.*?)\]\(docs/demo\.svg\)", first)

    assert "acknowledged twice 0, lost 0" in alternative
    assert first.index("docs/demo.svg") < first.index("```python")
