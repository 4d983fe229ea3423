"""What is asked of every page people come by: at three widths nothing is wider than the screen, and axe finds nothing
to object to.

The page is not loaded again for it: its window is resized, and put back afterwards. axe takes longer than all the rest,
so it looks at the page as the person has it: who is on the phone sees the light scheme, who is at a desk the dark one.

    WALK_ALL=1      all of it at all six settings: three widths in both schemes
    WALK_SHOTS=dir  and each page is kept there as a picture at each setting
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import CDPSession, Page

SIZES = {
    "phone": {"width": 360, "height": 780},
    "tablet": {"width": 768, "height": 1024},
    "desktop": {"width": 1440, "height": 900},
}
# Which scheme somebody has whose screen is so large.
SCHEMES = {"phone": "light", "tablet": "light", "desktop": "dark"}
SHOTS = os.environ.get("WALK_SHOTS")
ALL = bool(SHOTS or os.environ.get("WALK_ALL"))
# What a sandboxed frame shows is another document; axe is to look at ours.
LOOK = {"resultTypes": ["violations"], "iframes": False, "preload": False}
STRUCTURE = {**LOOK, "rules": {"color-contrast": {"enabled": False}}}
CONTRAST = {**LOOK, "runOnly": ["color-contrast"]}
# Contrast takes axe longer than all other rules together, and every page has the same head, foot and pieces. What
# carries text is known by its way down from the root: tags, classes, states, and the style sheets of the page.
TEXTS = """() => {
  const told = new Set(["class", "id", "type", "role", "style"]);
  const says = one => told.has(one.name) || one.name.startsWith("aria-") ? one.value.replace(/[0-9]+/g, "") : "";
  const hashed = text => {
    let [a, b] = [1, 2];
    for (const letter of text) {
      a = Math.imul(a ^ letter.codePointAt(0), 0x9e3779b1);
      b = Math.imul(b ^ letter.codePointAt(0), 0x85ebca77);
    }
    return `${a}:${b}`;
  };
  const ways = new Map([[null, [...document.styleSheets].map(sheet => sheet.href).join()]]);
  const way = element => {
    if (!ways.has(element)) {
      const states = [...element.attributes].map(one => `${one.name}=${says(one)}`).sort();
      ways.set(element, hashed([way(element.parentElement), element.localName, ...states].join(" ")));
    }
    return ways.get(element);
  };
  const carries = element => element.matches("input:not([type=hidden]), select, textarea")
    || [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
  window.texts = [...document.body.querySelectorAll("*")].filter(carries);
  return window.texts.map(way);
}"""
TOO_WIDE = "document.documentElement.scrollWidth - innerWidth"
NAME = re.compile(r"[^a-z0-9]+")

# How many pages were looked at so far, and how often by axe.
looked = {"pages": 0, "axe": 0}
# Setting -> the texts whose contrast was looked at there.
contrasts: dict[str, set[str]] = {}


class Scripts:
    """Whether this page may run scripts. axe is one: where they are off, it alone may, on a page made without them."""

    def __init__(self, page: Page, *, on: bool) -> None:
        self.on = on
        self.chromium: CDPSession | None = None if on else page.context.new_cdp_session(page)
        if self.chromium:
            self._forbid(True)

    @contextmanager
    def for_axe(self) -> Iterator[None]:
        """Only what is asked for now runs: the page's own scripts were not even fetched."""
        self._forbid(False)
        yield
        self._forbid(not self.on)

    def _forbid(self, forbidden: bool) -> None:
        if self.chromium:
            self.chromium.send("Emulation.setScriptExecutionDisabled", {"value": forbidden})


def everything_wrong(page: Page, scripts: Scripts, size: str, name: str = "") -> list[str]:
    """What is wrong with the page that is open, at each setting; `size` is what the person has, and has again then."""
    looked["pages"] += 1
    # Without its style sheets a page that has just come has widths of its own.
    page.wait_for_load_state("load")
    found: list[str] = []
    for width, scheme in settings(size):
        show(page, width, scheme)
        wrong = [f"{wide} px wider than the screen"] if (wide := page.evaluate(TOO_WIDE)) > 0 else []
        if ALL or width == size:
            wrong += objections(page, scripts, f"{width} {scheme}")
        if SHOTS:
            keep(page, f"{looked['pages']:03}-{name or named(page.url)}", f"{width}-{scheme}")
        found += [f"{urlsplit(page.url).path} ({width}, {scheme}): {one}" for one in wrong]
    return found


def settings(size: str) -> list[tuple[str, str]]:
    """At what widths, and in which schemes, a page is looked at; the person's own last."""
    own = (size, SCHEMES[size])
    schemes = sorted(set(SCHEMES.values())) if ALL else [own[1]]
    others = [(width, scheme) for scheme in schemes for width in SIZES if (width, scheme) != own]
    return [*others, own]


def show(page: Page, size: str, scheme: str) -> None:
    """The page on another screen."""
    page.set_viewport_size(SIZES[size])  # type: ignore[arg-type]
    if ALL:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        # Colours fade into those of the other scheme: half-way they are those of neither.
        page.evaluate("document.getAnimations().forEach(one => one.finish())")


def objections(page: Page, scripts: Scripts, setting: str) -> list[str]:
    """What axe objects to. Contrast that was looked at before, at the same setting, is not asked for again."""
    looked["axe"] += 1
    with scripts.for_axe():
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE_SCRIPT)
        found = page.evaluate(f"axe.run({json.dumps(STRUCTURE)}).then(found => found.violations)")
        known = contrasts.setdefault(setting, set())
        fresh = {text: index for index, text in enumerate(page.evaluate(TEXTS)) if text not in known}
        if fresh:
            run = f"chosen => axe.run({{include: chosen.map(index => texts[index])}}, {json.dumps(CONTRAST)})"
            found += page.evaluate(f"{run}.then(found => found.violations)", [*fresh.values()])
            known.update(fresh)
        return [f"{rule['id']} at {rule['nodes'][0]['target']}" for rule in found]


def keep(page: Page, name: str, setting: str) -> None:
    """The whole page as a picture."""
    folder = Path(str(SHOTS))
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}-{setting}.jpg", full_page=True, type="jpeg", quality=80)


def named(url: str) -> str:
    """A file's name for a page."""
    return NAME.sub("-", urlsplit(url).path.lower()).strip("-")[:40] or "home"
