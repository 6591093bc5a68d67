"""Change code by its structure, whatever its layout: Python patterns with holes, inside a function or class.

    Rewrite("KeyGuard.use", "if A:\n    raise B", "pass")   the only `if` that raises is dropped
    Argument("Transport._send", "allow_redirects", "True")   the only such argument has another value

A hole is one capital letter and stands for any expression; used twice, it stands for the same one. A `...` at the end
of a block stands for any statements. Holes keep their meaning in what takes the place. Each change fits exactly once.
"""

import ast
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from attrs import field, frozen

Holes = dict[str, Any]
REST = "..."


class DoesNotFitError(Exception):
    """The code has no such place, or several."""


@frozen
class Change(ABC):
    """A change of one place in a file."""

    where: str
    """The qualified name of a function or class; empty for the whole file."""

    @abstractmethod
    def replace(self, node: ast.AST) -> ast.AST | list[ast.stmt] | None:
        """What takes the node's place, an empty list for nothing; None where the change does not fit."""


@frozen
class Rewrite(Change):
    """One expression or statement becomes another; a statement may become several, or `pass`."""

    old: str
    new: str
    _pattern: ast.AST = field(init=False, repr=False)

    @_pattern.default
    def _parse_pattern(self) -> ast.AST:
        """An expression where both sides are one, else a statement."""
        (old,), new = ast.parse(self.old).body, ast.parse(self.new).body
        becomes_expression = len(new) == 1 and isinstance(new[0], ast.Expr)
        return old.value if isinstance(old, ast.Expr) and becomes_expression else old

    def replace(self, node: ast.AST) -> ast.AST | list[ast.stmt] | None:
        """Match the node, and fill the holes of what takes its place."""
        holes: Holes = {}
        if not _matches(self._pattern, node, holes):
            return None
        filled = _Filler(holes).visit(ast.parse(self.new))
        replacement: ast.AST | list[ast.stmt] = (
            filled.body[0].value if isinstance(self._pattern, ast.expr) else filled.body
        )
        return replacement


@frozen
class Argument(Change):
    """A keyword argument gets another value, or is left out."""

    name: str
    value: str | None = None

    def replace(self, node: ast.AST) -> ast.AST | list[ast.stmt] | None:
        """Match the argument by its name."""
        if not isinstance(node, ast.keyword) or node.arg != self.name:
            return None
        return [] if self.value is None else ast.keyword(self.name, ast.parse(self.value, mode="eval").body)


def rewrite(source: str, changes: Iterable[Change]) -> str:
    """Return the source with all changes; `DoesNotFitError` where one of them has not exactly one place."""
    module = ast.parse(source)
    for change in changes:
        replacer = _Replacer(change)
        replacer.visit(_definition(module, change.where))
        if replacer.places != 1:
            raise DoesNotFitError(f"{replacer.places} places instead of one: {change}")
    return ast.unparse(ast.fix_missing_locations(module))


def _definition(module: ast.Module, where: str) -> ast.AST:
    node: ast.AST = module
    for name in filter(None, where.split(".")):
        found = [child for child in ast.iter_child_nodes(node) if getattr(child, "name", None) == name]
        if len(found) != 1:
            raise DoesNotFitError(f"{len(found)} definitions instead of one: {where}")
        node = found[0]
    return node


class _Replacer(ast.NodeTransformer):
    def __init__(self, change: Change) -> None:
        self.change, self.places = change, 0

    def visit(self, node: ast.AST) -> Any:
        replacement = self.change.replace(node)
        if replacement is None:
            return self.generic_visit(node)
        self.places += 1
        return replacement


class _Filler(ast.NodeTransformer):
    def __init__(self, holes: Holes) -> None:
        self.holes = holes

    def visit_Name(self, node: ast.Name) -> Any:
        return self.holes.get(node.id, node)

    def visit_Expr(self, node: ast.Expr) -> Any:
        return self.holes.get(REST, node) if _is_rest(node) else self.generic_visit(node)


def _matches(pattern: Any, node: Any, holes: Holes) -> bool:
    if isinstance(pattern, ast.Name) and len(pattern.id) == 1 and pattern.id.isupper():
        return isinstance(node, ast.expr) and ast.unparse(holes.setdefault(pattern.id, node)) == ast.unparse(node)
    if isinstance(pattern, list):
        return isinstance(node, list) and _all_match(pattern, node, holes)
    if isinstance(pattern, ast.AST):
        fields = (name for name in pattern._fields if name != "ctx")
        return type(pattern) is type(node) and all(
            _matches(getattr(pattern, name), getattr(node, name), holes) for name in fields
        )
    return type(pattern) is type(node) and bool(pattern == node)


def _all_match(patterns: list[Any], nodes: list[Any], holes: Holes) -> bool:
    if patterns and _is_rest(patterns[-1]):
        patterns = patterns[:-1]
        nodes, holes[REST] = nodes[: len(patterns)], nodes[len(patterns) :]
    return len(patterns) == len(nodes) and all(
        _matches(pattern, node, holes) for pattern, node in zip(patterns, nodes, strict=True)
    )


def _is_rest(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...
