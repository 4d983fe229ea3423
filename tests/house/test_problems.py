"""Every kind of problem has a watch, a place to act, a permission that exists, and its line for whoever is on call."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.utils.functional import Promise

from monitoring.models import Kind
from monitoring.watches import BY_KIND, URGENT, WATCHES
from tests.house.tree import ROOT


def explained() -> dict[str, str]:
    """The kinds in docs/operations.md, each with its whole line."""
    text = (ROOT / Path("docs/operations.md")).read_text()
    block = re.search(r"<!-- kinds -->(.+?)<!-- end -->", text, re.DOTALL)
    assert block is not None
    return {match[1]: match[0] for match in re.finditer(r"^\| `(\w+)`.*$", block[1], re.MULTILINE)}


def test_every_kind_has_exactly_one_watch() -> None:
    assert sorted(watch.kind for watch in WATCHES) == sorted(Kind)


def test_every_kind_is_explained_with_what_to_do_and_whether_it_is_urgent() -> None:
    lines = explained()

    assert set(lines) == set(Kind)
    assert {kind for kind, line in lines.items() if "**urgent**" in line} == URGENT
    assert [kind for kind, line in lines.items() if len([cell for cell in line.split("|") if cell.strip()]) != 3] == []


def test_every_watch_leads_somewhere_and_says_what_to_do_there() -> None:
    for watch in WATCHES:
        assert callable(watch.link)
        assert isinstance(watch.remedy, Promise), "said in the reader's language"
        assert str(watch.remedy).endswith(".")


@pytest.mark.django_db
def test_every_watch_asks_for_a_permission_there_is() -> None:
    there = {
        f"{one.content_type.app_label}.{one.codename}" for one in Permission.objects.select_related("content_type")
    }

    assert {watch.permission for watch in BY_KIND.values()} <= there


def test_every_number_that_can_be_set_is_explained() -> None:
    text = (ROOT / "docs/operations.md").read_text()

    assert [name for name in settings.ALERTS if f"`{name}`" not in text] == []
