"""Links of the pages, which are right in the repository, made right on the site."""

import re

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

PAGES = {
    "../benchmarks/README.md": "project/benchmarks.md",
    "../examples/README.md": "project/examples.md",
    "../CHANGELOG.md": "project/changelog.md",
    "../CONTRIBUTING.md": "project/contributing.md",
    "../SECURITY.md": "project/security.md",
}
"""What stands outside of docs/, and the page that includes it."""


def setup(app: Sphinx) -> dict[str, bool]:
    """Change links in sources, and references to types."""
    app.connect("source-read", _move_links)
    app.connect("include-read", _drop_links_to_code)
    app.connect("missing-reference", _find_public_name)
    return {"parallel_read_safe": True}


def _move_links(_app: Sphinx, _page: str, source: list[str]) -> None:
    for outside, page in PAGES.items():
        source[0] = source[0].replace(f"]({outside}", f"]({page}")


def _drop_links_to_code(_app: Sphinx, path: object, _page: str, source: list[str]) -> None:
    """A page from outside of docs/ links to files of the repository, which are not on the site."""
    source[0] = re.sub(r"(?<!!)\[([^]]*)\]\((?!https?:|#)(?!docs/)[^)]*\)", r"\1", source[0])
    source[0] = source[0].replace("](docs/", "](../")


def _find_public_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.reference | None:
    """`klarna_om.errors.tree.NotFound` is documented as `klarna_om.NotFound`."""
    module, _, name = node.get("reftarget", "").rpartition(".")
    if node.get("refdomain") != "py" or not module.startswith("klarna_om."):
        return None
    python = env.domains.python_domain
    public = [
        full
        for full in python.objects
        if full.rpartition(".")[2] == name and module.startswith(full.rpartition(".")[0])
    ]
    if not public:
        return None
    return python.resolve_xref(env, node["refdoc"], app.builder, "obj", public[0], node, content)
