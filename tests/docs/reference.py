"""The names that the pages under docs/reference/ document: what is public."""

import re

from tests.docs.pages import PAGES

DIRECTIVE = r"^\.\. (?:auto(?:class|data|exception|function)|data):: (\S+)$"
DOCUMENTED = {
    name
    for page, text in PAGES.items()
    if page.startswith("reference/")
    for name in re.findall(DIRECTIVE, text, re.MULTILINE)
}
