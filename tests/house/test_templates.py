"""Pages stand on the base, forms carry their token, and nothing is shown unescaped unless we vouch for it."""

import re

import pytest

from tests.house.tree import Source, planted, room_sources, templates, without_comments

# The documents that write <html> themselves: the base, the pages shown when even the base may fail, and mail.
ROOTS = {"templates/base.html", "templates/errors/alone.html", "templates/emails/base.html"}
# Where parts live that a page is put together from.
PART_FOLDERS = ("components/", "allauth/elements/", "django/forms/", "snippets/")

EXTENDS = re.compile(r"^\s*{%-?\s*extends\b")
DOCUMENT = re.compile(r"<!doctype|<html|<body|<head\b", re.IGNORECASE)
FORM = re.compile(r"<form\b[^>]*?\bmethod=[\"']?post\b.*?</form>", re.IGNORECASE | re.DOTALL)
UNESCAPED = re.compile(r"\|\s*safe\b|\|\s*safeseq\b|{%-?\s*autoescape\s+off|mark_safe|SafeString\(|__html__")
# Each of these escapes what it is given, or is given nothing from outside.
VOUCHED_FOR = {
    "catalog/structured.py",  # JSON whose <, > and & are written as escapes
    "kit/templatetags/ui.py",  # drawings of our own, and strings without content
    "templates/django/forms/field.html",  # help texts come from our forms and allauth's, as in Django's own template
}


def homeless(found: list[Source]) -> list[str]:
    """HTML templates that are neither a page on a base nor a part of one."""
    return [source.path for source in found if source.path.endswith(".html") and not _has_a_place(source, found)]


def _has_a_place(source: Source, found: list[Source]) -> bool:
    text = without_comments(source.text)
    if source.path in ROOTS:
        return bool(DOCUMENT.search(text))
    if DOCUMENT.search(text):
        return False
    return bool(EXTENDS.search(text)) or _is_part(source, found)


def _is_part(source: Source, found: list[Source]) -> bool:
    name = source.path.removeprefix("templates/")
    if name.rsplit("/", 1)[-1].startswith("_") or any(folder in name for folder in PART_FOLDERS):
        return True
    return any(f'include "{name}"' in other.text for other in found) or name in _one_line_reuses(found)


def _one_line_reuses(found: list[Source]) -> set[str]:
    """allauth asks for some templates by a second name; ours then only include the first."""
    return {
        source.path.removeprefix("templates/")
        for source in found
        if re.fullmatch(r"(?:{% load [^%]*%})?\s*{% include \"[^\"]+\" %}\s*", source.text)
    }


def forms_without_token(found: list[Source]) -> list[str]:
    """Forms that post and would be refused, or that would need the protection switched off."""
    return [
        f"{source.path} {form.splitlines()[0][:60]}"
        for source in found
        for form in FORM.findall(without_comments(source.text))
        if "{% csrf_token %}" not in form
    ]


def unescaped(found: list[Source]) -> list[str]:
    """Places that switch escaping off. Plain-text mail is not HTML, so nothing is to be escaped there."""
    return [
        f"{source.path}:{number} {line.strip()[:60]}"
        for source in found
        if source.path not in VOUCHED_FOR and not source.path.endswith(".txt")
        for number, line in enumerate(source.text.splitlines(), 1)
        if UNESCAPED.search(line)
    ]


def test_every_template_is_a_page_on_a_base_or_a_part() -> None:
    assert homeless(templates()) == []


def test_a_page_of_its_own_making_is_caught() -> None:
    pages = [
        *planted("<!doctype html><html><body>Hello", "templates/orders/alone.html"),
        *planted("<p>Hello", "templates/orders/loose.html"),
        *planted("<p>Hello", "templates/orders/_part.html"),
        *planted("<p>Hello", "templates/orders/asked_for.html"),
        *planted('{% extends "base.html" %}{% include "orders/asked_for.html" %}', "templates/orders/page.html"),
    ]

    assert homeless(pages) == ["templates/orders/alone.html", "templates/orders/loose.html"]


def test_every_form_that_posts_carries_its_token() -> None:
    assert forms_without_token(templates()) == []


@pytest.mark.parametrize("method", ['method="post"', "method=POST", 'action="/x" class="a" method="post"'])
def test_a_form_without_its_token_is_caught(method: str) -> None:
    page = f"<form {method}><button>Pay</button></form>\n<form method='post'>{{% csrf_token %}}</form>"

    assert forms_without_token(planted(page, "templates/x.html")) == [
        f"templates/x.html <form {method}><button>Pay</button></form>"[:77]
    ]


def test_nothing_is_shown_unescaped_that_we_do_not_vouch_for() -> None:
    assert unescaped([*room_sources(), *templates()]) == []


@pytest.mark.parametrize(
    "line", ["{{ listing.title|safe }}", "{{ rows | safeseq }}", "{% autoescape off %}", "return mark_safe(title)"]
)
def test_switching_escaping_off_is_caught(line: str) -> None:
    assert len(unescaped(planted(line, "templates/x.html"))) == 1


def test_those_we_vouch_for_are_there() -> None:
    paths = {source.path for source in [*room_sources(), *templates()]}

    assert paths >= VOUCHED_FOR | ROOTS
