"""Text without markup. Listings are plain text: what other systems write in HTML is read, never shown."""

import html
import re

import nh3

# Where one of these begins or ends, the reader sees a new line.
BLOCKS = frozenset(
    {
        "p",
        "br",
        "div",
        "li",
        "ul",
        "ol",
        "tr",
        "table",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "section",
        "hr",
    }
)
A_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)[^>]*>")
LOOKS_LIKE_HTML = re.compile(r"<[a-zA-Z/!][^<>]*>|&(?:[a-zA-Z]+|#\d+);")
# What can stand inside itself. Reading takes as long as the square of how deep that goes, so beyond so many, which no
# description has, all tags are only left out.
NESTS = re.compile(r"<(?!br\b|p\b)[a-zA-Z]")
MOST_NESTED = 5000
ANY_TAG = re.compile(r"<[^<>]*>")


def from_html(markup: str) -> str:
    """`markup` as plain text: paragraphs and list items on lines of their own, scripts and styles gone.

    Text that holds no markup keeps its own lines.
    """
    if not LOOKS_LIKE_HTML.search(markup):
        return tidied(markup)
    if len(NESTS.findall(markup)) > MOST_NESTED:
        markup = ANY_TAG.sub(" ", markup)
    kept = nh3.clean(markup, tags=set(BLOCKS), attributes={}, strip_comments=True)
    flowing = " ".join(kept.split())
    return _tidy(html.unescape(A_TAG.sub(_break, flowing)).splitlines())


def tidied(text: str) -> str:
    """Plain text without spaces at the ends of its lines, and without more than one empty line together."""
    return _tidy(text.splitlines())


def _break(tag: re.Match[str]) -> str:
    closes, name = tag.group(1), tag.group(2)
    if name == "li":
        return "" if closes else "\n– "
    return "\n" if name in {"br", "tr"} else "\n\n"


def _tidy(lines: list[str]) -> str:
    """No spaces at the ends, never more than one empty line together."""
    text = "\n".join(" ".join(line.split()) for line in lines)
    return re.sub(r"\n{3,}", "\n\n", text).strip()
