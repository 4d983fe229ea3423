"""Parts of pages that are kept: the same for the same facts, and for nothing else."""

from collections.abc import Iterator

import pytest
from django.template import Context, Template
from django.test import override_settings
from django.utils import translation

from kit.templatetags import kept

HELLO = "{% load i18n kept %}{% kept name|lower %}{% translate 'Basket' %} {{ name }} {{ aside }}{% endkept %}"


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    kept._kept.clear()
    yield
    kept._kept.clear()


def test_what_was_drawn_once_is_not_drawn_again():
    template = Template(HELLO)
    template.render(Context({"name": "Ann", "aside": 1}))

    assert template.render(Context({"name": "Ann", "aside": 2})) == "Basket Ann 1"


def test_each_thing_that_is_named_is_drawn_for_itself():
    template = Template(HELLO)
    template.render(Context({"name": "Ann"}))

    assert template.render(Context({"name": "Bob", "aside": 2})) == "Basket Bob 2"
    assert template.render(Context({"name": "<Eve>", "aside": 3})) == "Basket &lt;Eve&gt; 3"


def test_each_language_is_drawn_for_itself():
    template = Template(HELLO)
    template.render(Context({"name": "Ann"}))

    with translation.override("de"):
        assert template.render(Context({"name": "Ann"})) == "Warenkorb Ann "


def test_two_parts_with_the_same_facts_are_two():
    template = Template("{% load kept %}{% kept %}one{% endkept %} {% kept %}two{% endkept %}")

    assert [template.render(Context()) for _each in range(2)] == ["one two", "one two"]


def test_a_changed_setting_draws_everything_anew():
    template = Template(HELLO)
    template.render(Context({"name": "Ann", "aside": 1}))

    with override_settings(MARKETPLACE_NAME="Elsewhere"):
        assert template.render(Context({"name": "Ann", "aside": 2})) == "Basket Ann 2"


def test_whoever_works_at_a_template_sees_it_change():
    template = Template(HELLO)

    with override_settings(DEBUG=True):
        template.render(Context({"name": "Ann", "aside": 1}))

        assert template.render(Context({"name": "Ann", "aside": 2})) == "Basket Ann 2"


def test_no_more_is_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kept, "MOST_KEPT", 3)
    template = Template(HELLO)

    for number in range(10):
        assert template.render(Context({"name": f"Ann{number}", "aside": number})) == f"Basket Ann{number} {number}"

    assert len(kept._kept) <= 3
