"""Are the libraries of the extra `report` installed?"""

from importlib import import_module

NEEDED = ("jinja2", "matplotlib")


def require_libraries() -> None:
    """Raise `ModuleNotFoundError` that names the extra, unless both can be imported."""
    for name in NEEDED:
        try:
            import_module(name)
        except ImportError as reason:
            raise ModuleNotFoundError(
                "the HTML page needs two more packages. Install them with: pip install 'klarna-om[report]'", name=name
            ) from reason
