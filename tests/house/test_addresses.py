"""Every address that a template or the code names by name exists."""

import ast
import importlib
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.house.tree import Source, at, calls, name_of, planted, room_sources, sources, templates, without_comments

URL_TAG = re.compile(r"{%-?\s*url\s+(\S+)")
# Made by the admin itself from a model that is registered there.
ADMINS_OWN = re.compile(r"[\w.]+\|admin_urlname:\"\w+\"")
BY_NAME = {"reverse", "reverse_lazy", "redirect", "resolve_url"}


def names_in(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    """The names of all patterns, those of included address books with their namespace."""
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from names_in(pattern.url_patterns, f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix)
        elif pattern.name:
            yield f"{prefix}{pattern.name}"


def unknown_in_templates(found: list[Source], names: set[str]) -> list[str]:
    """`{% url %}` tags that name nothing. A name in a variable cannot be checked, so there are none."""
    named = [(source, name) for source in found for name in URL_TAG.findall(without_comments(source.text))]
    asked = [(source, name) for source, name in named if not ADMINS_OWN.fullmatch(name)]
    return [f"{source.path} {name}" for source, name in asked if name.strip("'\"") not in names or name[0] not in "'\""]


def unknown_in_code(found: list[Source], names: set[str]) -> list[str]:
    """reverse() and redirect() that name nothing. Objects and addresses in variables are not names."""
    wrong = []
    for source in found:
        for call in calls(source):
            first = call.args[0] if call.args else None
            if name_of(call) not in BY_NAME or not isinstance(first, ast.Constant) or not isinstance(first.value, str):
                continue
            if not first.value.startswith("/") and first.value not in names:
                wrong.append(at(source, call, first.value))
    return wrong


@pytest.fixture(scope="module")
def names() -> set[str]:
    """What the marketplace answers to, the developers' pages of the demo included."""
    books = [importlib.import_module(module).urlpatterns for module in ("marketplace.urls", "marketplace.dev_urls")]
    return {name for book in books for name in names_in(book)}


def test_every_address_in_a_template_exists(names: set[str]) -> None:
    assert unknown_in_templates(templates(), names) == []


def test_every_address_named_in_code_exists(names: set[str]) -> None:
    assert unknown_in_code(room_sources(), names) == []


def test_every_address_on_the_emulators_pages_exists() -> None:
    book = set(names_in(importlib.import_module("emulator.web.urls").urlpatterns))

    assert unknown_in_templates(sources("*.html", "emulator"), book) == []
    assert unknown_in_code(sources("*.py", "emulator/web"), book) == []


def test_a_wrong_address_in_a_template_is_caught(names: set[str]) -> None:
    page = planted('<a href="{% url \'orders:baskets\' %}">{% url "orders:basket" %}{% url page %}', "templates/x.html")

    assert unknown_in_templates(page, names) == ["templates/x.html 'orders:baskets'", "templates/x.html page"]


def test_a_wrong_address_in_code_is_caught(names: set[str]) -> None:
    code = planted('redirect("/")\nredirect(listing)\nreverse("orders:basket")\nreverse("orders:baskets")\n')

    assert unknown_in_code(code, names) == ["orders/planted.py:4 orders:baskets"]
