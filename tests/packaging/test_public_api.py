"""The public API does not change by accident: `public_api.txt` has it line by line."""

from pathlib import Path

import pytest

from tests.packaging.changelog import Release
from tests.packaging.public_api import SNAPSHOT, Unannounced, difference, public_api, read_snapshot, write_snapshot

OLD = ["class klarna_om.Key(str)", "klarna_om.Key.first_used: float"]
NEW = ["class klarna_om.Key(str)", "klarna_om.Key.first_used: datetime"]


@pytest.fixture(scope="module")
def api() -> list[str]:
    return public_api()


def test_the_public_api_is_the_one_that_was_announced(api: list[str]) -> None:
    changed = difference(read_snapshot(SNAPSHOT), api)

    assert not changed, (
        f"The public API has changed:\n{changed}\n\n"
        "If that is meant, add a line under '## Unreleased' in CHANGELOG.md and run `nox -s api`."
    )


@pytest.mark.parametrize(
    "line",
    [
        "class klarna_om.NotFound(StatusError)",
        "klarna_om.Order.order_id: str | None = field(default=None)",
        "klarna_om.Outcome.UNKNOWN = 'unknown'",
        "property klarna_om.KlarnaClient.environment: Environment",
        "async def klarna_om.cancel_or_release(klarna: KlarnaClient, order_id: str | UUID) -> EndResult",
        "klarna_om.ENVIRONMENTS: Mapping[str, Environment]",
    ],
)
def test_each_kind_of_public_name_has_a_line(api: list[str], line: str) -> None:
    assert line in api


def test_members_of_a_private_base_are_public_and_private_members_are_not(api: list[str]) -> None:
    names = [line.split("(")[0].split(":")[0].split()[-1] for line in api]

    assert "klarna_om.sandbox.Sandbox.fail_next" in names
    assert not [name for name in names if "._" in name.replace(".__", "")]


def test_a_difference_shows_what_is_gone_and_what_is_new() -> None:
    assert difference(OLD, NEW) == "-klarna_om.Key.first_used: float\n+klarna_om.Key.first_used: datetime"
    assert difference(OLD, OLD) == ""


def test_a_change_is_taken_over_once_the_change_log_has_a_line(tmp_path: Path) -> None:
    file = tmp_path / "api.txt"
    file.write_text("\n".join(OLD))

    with pytest.raises(Unannounced, match="First tell users: add a line under '## Unreleased'"):
        write_snapshot(file, NEW, [Release()])
    assert read_snapshot(file) == OLD

    assert "+klarna_om.Key.first_used: datetime" in write_snapshot(file, NEW, [Release(lines={"Changed": ["A."]})])
    assert read_snapshot(file) == NEW
    assert write_snapshot(file, NEW, [Release()]) == "The public API has not changed."
