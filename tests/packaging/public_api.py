"""The public API as lines, one for each name, so that a difference reads well; `nox -s api` writes them.

Public is what docs/reference/ documents, which has all of `klarna_om.__all__`, and the public members of its classes.
"""

import re
import sys
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

import griffe

from tests.docs.reference import DOCUMENTED
from tests.packaging.changelog import Release, read_changelog
from tests.packaging.release import CHANGELOG, ROOT

NAME = re.compile(r"klarna_om[\w.]*")
SNAPSHOT = Path(__file__).with_name("public_api.txt")
UNPROMISED = {
    *("__eq__", "__hash__", "__repr__", "__str__", "__reduce__"),
    *("__attrs_post_init__", "__cause__", "__getattr__", "__init_subclass__", "__slots__"),
}
"""Members that Python calls by itself."""


class Unannounced(Exception):
    """A change of the public API that the change log does not tell."""


def public_api() -> list[str]:
    """One line for each public name, sorted."""
    package = griffe.load("klarna_om", search_paths=[ROOT], resolve_aliases=True)
    found = {name: _target(package, name) for name in DOCUMENTED}
    public = {each.path for each in found.values()}
    lines = (line for name, each in found.items() for line in _lines(name, each, public))
    return sorted(lines, key=lambda line: (NAME.findall(line)[0], line))


def _target(package: griffe.Object | griffe.Alias, name: str) -> griffe.Object:
    found = package[name.removeprefix("klarna_om.")]
    target = found.final_target if isinstance(found, griffe.Alias) else found
    assert isinstance(target, griffe.Object)
    return target


def _lines(name: str, each: griffe.Object, public: set[str]) -> Iterator[str]:
    if isinstance(each, griffe.Function):
        yield _function(name, each)
    elif isinstance(each, griffe.Attribute):
        yield _attribute(name, each)
    elif isinstance(each, griffe.Class):
        yield f"class {name}({', '.join(map(str, each.bases))})"
        for member in _members(each, public):
            yield from _lines(f"{name}.{member.name}", member, public)


def _members(owner: griffe.Class, public: set[str]) -> Iterator[griffe.Object]:
    """Its own, and those of bases that are not public; a public base has its own lines."""
    for name, found in owner.all_members.items():
        member = found.final_target if isinstance(found, griffe.Alias) else found
        assert isinstance(member, griffe.Object)
        is_own = not found.inherited or (member.parent is not None and member.parent.path not in public)
        is_special = name.startswith("__") and name.endswith("__")
        if is_own and name not in UNPROMISED and (is_special or not name.startswith("_")):
            yield member


def _function(name: str, function: griffe.Function) -> str:
    kinds = [kind for kind in ("classmethod", "staticmethod", "async") if kind in function.labels]
    return " ".join([*kinds, "def", function.signature(return_type=True, name=name)])


def _attribute(name: str, attribute: griffe.Attribute) -> str:
    kind = "property " if "property" in attribute.labels else ""
    annotation = f": {attribute.annotation}" if attribute.annotation else ""
    value = f" = {attribute.value}" if _has_public_value(attribute) else ""
    return " ".join(f"{kind}{name}{annotation}{value}".split())


def _has_public_value(attribute: griffe.Attribute) -> bool:
    """Defaults of fields, members of enumerations and aliases of types; neither tables nor the words of a message."""
    owner = attribute.parent
    if attribute.value is None or not isinstance(owner, griffe.Class):
        return attribute.value is not None and attribute.annotation is None
    is_member = any("Enum" in str(base) for base in owner.bases)
    return is_member or attribute.annotation is not None or str(attribute.value).startswith("Outcome.")


def difference(before: list[str], after: list[str]) -> str:
    """What is gone and what is new, without context."""
    lines = unified_diff(before, after, n=0, lineterm="")
    return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


def write_snapshot(file: Path, api: list[str], log: list[Release]) -> str:
    """Take over a change that the change log announces, and return what it is."""
    changed = difference(read_snapshot(file), api)
    if changed and not log[0].lines:
        raise Unannounced(f"{changed}\n\nFirst tell users: add a line under '## Unreleased' in CHANGELOG.md.")
    file.write_text("\n".join([*api, ""]), encoding="utf-8")
    return changed or "The public API has not changed."


def read_snapshot(file: Path) -> list[str]:
    """The API that was written last."""
    return file.read_text("utf-8").splitlines()


def main() -> None:
    """Write the snapshot, or exit with what must be announced first."""
    try:
        changed = write_snapshot(SNAPSHOT, public_api(), read_changelog(CHANGELOG.read_text("utf-8")))
    except Unannounced as change:
        sys.exit(str(change))
    sys.stdout.write(f"{changed}\n")


if __name__ == "__main__":
    main()
