"""The colours can be read: contrast computed from the tokens, in both schemes."""

import re
from itertools import product
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[2] / "emulator" / "web" / "static" / "tokens.css"
PAIR = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
COLOURS = {name: {"light": light, "dark": dark} for name, light, dark in PAIR.findall(TOKENS.read_text())}

TEXT = [
    *product(("ink", "ink-soft", "accent", "ok", "warn", "bad"), ("paper", "surface")),
    *[(tone, f"{tone}-quiet") for tone in ("ok", "warn", "bad", "accent")],
    *product(("ink", "ink-soft"), ("accent-quiet", "warn-quiet", "bad-quiet")),
    ("accent-hover", "accent-quiet"),
    ("accent-ink", "accent"),
    ("accent-ink", "accent-hover"),
    ("banner-ink", "banner"),
]
CONTROLS = [("control", "surface"), ("control", "paper"), ("accent", "paper"), ("bad", "surface")]


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str, scheme: str) -> float:
    low, high = sorted(luminance(COLOURS[name][scheme]) for name in (one, other))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_can_be_read(ink: str, ground: str, scheme: str) -> None:
    assert contrast(ink, ground, scheme) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), CONTROLS)
def test_controls_can_be_seen(edge: str, ground: str, scheme: str) -> None:
    assert contrast(edge, ground, scheme) >= 3
