"""Klarna's published documents, which lie beside the checkout and are not part of the package."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[2].parent / "shared"


def shared_file(name: str) -> Path:
    """A published document; where there are none the test is skipped, but fails in CI."""
    path = SHARED / name
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must have {name} of the shared documents")
        pytest.skip(f"{name} is not here: it is published by Klarna, not by this project")
    return path


def shared_json(name: str) -> Any:
    """A published JSON document."""
    return json.loads(shared_file(name).read_bytes())
