"""The documentation site: `nox -s docs`, or `sphinx-build -W docs site`."""

import sys
from pathlib import Path

from klarna_om.version import __version__

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "klarna_om"
author = "The authors of klarna_om"
version = release = __version__
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton", "docstrings", "links", "navigation"]
exclude_patterns = ["extensions"]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

suppress_warnings = ["ref.python"]  # the built-in `type`, which fields of Klarna are called too
default_role = "code"
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_class_signature = "mixed"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True

html_theme = "furo"
pygments_dark_style = "github-dark"
html_title = f"klarna_om {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0f6b52", "color-brand-content": "#0f6b52"},
    "dark_css_variables": {"color-brand-primary": "#63c9a6", "color-brand-content": "#63c9a6"},
}
