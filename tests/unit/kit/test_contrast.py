"""The colours can be read: ratios computed from tokens.css as WCAG 2.2 does, in both schemes."""

import re
from pathlib import Path

import pytest
from django.conf import settings

TOKENS = Path(settings.BASE_DIR) / "static" / "css" / "tokens.css"
PAIR = re.compile(r"--([a-z-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\);")
SCHEMES = ("light", "dark")
GROUNDS = ("paper", "surface", "sunken")
MEANINGS = ("ok", "warn", "bad", "info")

TEXT = [
    *((ink, ground) for ink in ("ink", "ink-soft", "brand", "accent-strong", *MEANINGS) for ground in GROUNDS),
    *((meaning, f"{meaning}-quiet") for meaning in MEANINGS),
    *(("ink", f"{quiet}-quiet") for quiet in ("accent", *MEANINGS)),
    ("accent-ink", "brand"),
    ("accent-ink", "accent-strong"),
    ("paper", "ink"),
    ("brand", "accent-quiet"),
]
# Borders of things to press or fill in, and the parts of the money bar beside each other.
CONTROLS = [*(("control", ground) for ground in ("paper", "surface")), *(("brand", ground) for ground in GROUNDS)]


def tokens() -> dict[str, tuple[str, str]]:
    return {name: (light, dark) for name, light, dark in PAIR.findall(TOKENS.read_text())}


def luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_formula_agrees_with_known_ratios():
    assert ratio("#000000", "#ffffff") == pytest.approx(21)
    assert ratio("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_stands_out_from_what_it_is_written_on(ink, ground, scheme):
    index = SCHEMES.index(scheme)

    found = ratio(tokens()[ink][index], tokens()[ground][index])

    assert found >= 4.5, f"{ink} on {ground} in {scheme}: {found:.2f}"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("edge", "ground"), CONTROLS)
def test_controls_stand_out_from_the_page(edge, ground, scheme):
    index = SCHEMES.index(scheme)

    found = ratio(tokens()[edge][index], tokens()[ground][index])

    assert found >= 3, f"{edge} on {ground} in {scheme}: {found:.2f}"


# A rule that says both what is written and what it is written on, in any of our sheets.
RULE = re.compile(r"\{([^{}]*)\}")
WRITTEN = re.compile(r"(?<![-\w])color:\s*var\(--([a-z-]+)\)")
GROUND = re.compile(r"(?<![-\w])background(?:-color)?:\s*var\(--([a-z-]+)\)")
ALIASES = {"accent": "brand"}


def pairs_in_use() -> set[tuple[str, str]]:
    sheets = [sheet.read_text() for sheet in TOKENS.parent.rglob("*.css")]
    rules = [rule for sheet in sheets for rule in RULE.findall(sheet)]
    found = {(ink, ground) for rule in rules for ink in WRITTEN.findall(rule) for ground in GROUND.findall(rule)}
    return {(ALIASES.get(ink, ink), ALIASES.get(ground, ground)) for ink, ground in found}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_pair_a_style_sheet_uses_can_be_read(scheme):
    index, known = SCHEMES.index(scheme), tokens()
    used = {pair for pair in pairs_in_use() if pair[0] in known and pair[1] in known}

    faint = {pair: ratio(known[pair[0]][index], known[pair[1]][index]) for pair in used}

    assert len(used) > 10
    assert {pair: round(found, 2) for pair, found in faint.items() if found < 4.5} == {}


def test_every_colour_of_the_pages_is_a_token():
    colour = re.compile(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(")
    allowed = {"#ffffff"}  # paper in print and behind QR codes
    sheets = [sheet for sheet in TOKENS.parent.rglob("*.css") if sheet != TOKENS]

    strays = {
        f"{sheet.name}: {found}"
        for sheet in sheets
        for found in colour.findall(sheet.read_text())
        if found not in allowed
    }

    assert strays == set()
