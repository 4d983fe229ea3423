"""The short names of faults and invariants that code and tests use are explained on one page."""

import re

from tests.house.tree import ROOT, Source, planted, sources

USED = re.compile(r"\b([FI]\d\d)\b|(?<=_)([fi]\d\d)(?=_)")
EXPLAINED = re.compile(r"^\| ([FI]\d\d) \|", re.MULTILINE)


def unexplained(found: list[Source], page: str) -> list[str]:
    """Ids that are used somewhere but not explained on the page."""
    known = set(EXPLAINED.findall(page))
    used = {(a or b).upper() for source in found for a, b in USED.findall(source.text)}
    return sorted(used - known)


def test_every_id_in_use_is_explained() -> None:
    page = (ROOT / "docs" / "faults.md").read_text()

    assert unexplained([*sources("*.py"), *sources("*.md")], page) == []


def test_an_unknown_id_is_found() -> None:
    assert unexplained(planted("# fault F" + "99\n"), "| F01 | x | y |") == ["F" + "99"]
