"""The rules of the look that a machine can hold: layers, one shape for each thing, nothing that shouts."""

import re

import pytest

from tests.house.tree import Source, planted, sources, templates, without_comments

# Django's own sheets are in no layer and would win over any: what dresses the admin stands outside, too.
UNLAYERED = {"static/css/admin.css", "static/css/admin_disputes.css"}
LAYERS = {"reset", "tokens", "base", "components", "pages"}
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
LAYER = re.compile(r"@layer\s+([\w, -]+?)\s*\{")
LOUD = re.compile(r"\b(?:linear|radial|conic)-gradient\(|\b(?:box|text|drop)-shadow\b(?!: none)|!important")
# Moving needs the reader's leave: the token is nothing for those who asked for no motion.
MOTION = re.compile(r"(?:transition|animation)(?:-duration)?:[^;]*")
# A pill, a timeline or a bar written by hand would drift away from the others.
BY_HAND = re.compile(r"class=\"(?:pill|timeline|money-bar|consequence|empty)[\s\"{]")
PIECES = ("templates/components/", "templates/allauth/elements/")
TABLE = re.compile(r"<table\b[^>]*>.*?</table>", re.DOTALL)


def sheets() -> list[Source]:
    return sources("*.css", "static/css")


def outside_layers(found: list[Source]) -> list[str]:
    """Style sheets that put rules outside a layer, or into one that is not ours."""
    findings = []
    for sheet in found:
        text = COMMENT.sub("", sheet.text)
        if sheet.path in UNLAYERED:
            continue
        strange = {name for name in LAYER.findall(text) if name not in LAYERS}
        loose = [rule for rule in top_level(text) if not rule.startswith("@layer")]
        findings += [f"{sheet.path} {rule[:40]}" for rule in [*sorted(strange), *loose]]
    return findings


def top_level(text: str) -> list[str]:
    """What stands outside every brace: the heads of the outermost blocks and the single statements."""
    heads, depth, start = [], 0, 0
    for place, sign in enumerate(text):
        if sign == "{":
            if depth == 0:
                heads.append(text[start:place].strip())
            depth += 1
        elif sign == "}":
            depth -= 1
            start = place + 1 if depth == 0 else start
        elif sign == ";" and depth == 0:
            heads.append(text[start:place].strip())
            start = place + 1
    return heads


def loud(found: list[Source]) -> list[str]:
    """Gradients, shadows, and rules that shout over others."""
    return [
        f"{sheet.path} {hit}"
        for sheet in found
        for hit in LOUD.findall(COMMENT.sub("", sheet.text).replace("[hidden] { display: none !important; }", ""))
    ]


def restless(found: list[Source]) -> list[str]:
    """Motion that goes on for those who asked for none."""
    return [
        f"{sheet.path} {hit[:60]}"
        for sheet in found
        for hit in MOTION.findall(COMMENT.sub("", sheet.text))
        if "var(--quick)" not in hit and not hit.endswith("none")
    ]


def handmade(found: list[Source]) -> list[str]:
    """Pieces written by hand in a page instead of included."""
    return [
        f"{source.path} {hit}"
        for source in found
        if not source.path.startswith(PIECES)
        for hit in BY_HAND.findall(without_comments(source.text))
    ]


def tables_that_stay_wide(found: list[Source]) -> list[str]:
    """Tables of pages whose rows do not become cards on a phone: no cell says what it is."""
    return [
        f"{source.path} {table.splitlines()[0]}"
        for source in found
        if not source.path.startswith(("templates/emails/", "templates/account/email/", "templates/admin/"))
        for table in TABLE.findall(without_comments(source.text))
        if 'class="table' in table and "data-label" not in table and "table--narrow" not in table
    ]


def test_every_rule_is_in_a_layer() -> None:
    assert outside_layers(sheets()) == []


def test_a_rule_outside_the_layers_is_caught() -> None:
    sheet = "@layer reset, pages;\n@layer pages { .a { color: red; } }\n@media print { .b { color: red; } }\n"

    assert outside_layers(planted(sheet, "static/css/x.css")) == ["static/css/x.css @media print"]
    assert outside_layers(planted("@layer utilities { .mt-1 { margin: 0; } }", "static/css/x.css")) != []


def test_nothing_shines_or_floats() -> None:
    assert loud([sheet for sheet in sheets() if sheet.path not in UNLAYERED]) == []


@pytest.mark.parametrize(
    "rule", ["background: linear-gradient(red, blue)", "box-shadow: 0 0 9px red", "top: 0 !important"]
)
def test_what_shouts_is_caught(rule: str) -> None:
    assert len(loud(planted(f".a {{ {rule}; }}", "static/css/x.css"))) == 1


def test_motion_is_short_and_can_be_switched_off() -> None:
    assert restless(sheets()) == []


def test_motion_of_its_own_length_is_caught() -> None:
    assert len(restless(planted(".a { transition: color 2s; }", "static/css/x.css"))) == 1


def test_pages_use_the_pieces() -> None:
    assert handmade(templates()) == []


@pytest.mark.parametrize("piece", ['<span class="pill pill--done">', '<ol class="timeline">', '<div class="empty">'])
def test_a_piece_made_by_hand_is_caught(piece: str) -> None:
    assert len(handmade(planted(piece, "templates/orders/page.html"))) == 1


def test_tables_become_cards_on_a_phone() -> None:
    assert tables_that_stay_wide(templates()) == []
