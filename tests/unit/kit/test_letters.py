"""Mail in the language of who reads it."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from kit import mail
from kit.models import Mail

pytestmark = pytest.mark.django_db


@mail.letter
def tell_everybody(people: list[tuple[str, str]]) -> None:
    """Puts its subject together before it knows who reads it, as letters do."""
    subject = _("Your order was cancelled")
    for name, language in people:
        context = {"person": name, "subject": subject, "lines": [subject], "link": "/", "why": ""}
        mail.write(key=name, to=f"{name}@example.org", template="money_letter", context=context, language=language)


def subjects() -> dict[str, str]:
    """By the reader's name."""
    return dict(Mail.objects.values_list("key", "subject"))


def test_each_reader_gets_a_letter_in_their_own_language() -> None:
    tell_everybody([("alice", "de"), ("bob", "en"), ("charlie", "")])

    assert subjects() == {
        "alice": "Ihre Bestellung wurde storniert",
        "bob": "Your order was cancelled",
        "charlie": "Your order was cancelled",
    }
    assert '<html lang="de"' in Mail.objects.get(key="alice").html


def test_whoever_acts_in_german_makes_nobody_else_read_it() -> None:
    with translation.override("de"):
        tell_everybody([("bob", "en"), ("dana", "xx")])

        assert translation.get_language() == "de"
    assert set(subjects().values()) == {"Your order was cancelled"}


def test_a_single_mail_is_rendered_in_the_readers_language() -> None:
    context = {"person": "a", "subject": "s", "lines": [], "link": "/", "why": ""}

    written = mail.write(key="k", to="a@example.org", template="money_letter", context=context, language="de")

    assert written is not None
    assert '<html lang="de"' in written.html


def test_a_letter_that_fails_leaves_the_language_as_it_was() -> None:
    @mail.letter
    def broken() -> None:
        raise RuntimeError("no facts")

    with translation.override("de"), pytest.raises(RuntimeError):
        broken()

    tell_everybody([("alice", "de")])
    assert subjects() == {"alice": "Ihre Bestellung wurde storniert"}


def test_a_letter_names_days_as_the_marketplace_has_them_wherever_who_acts_may_be() -> None:
    late = datetime(2026, 6, 1, 21, 30, tzinfo=UTC)

    @mail.letter
    def tell() -> None:
        day = date_format(localtime(late), "j F Y")
        context = {"person": "a", "subject": day, "lines": [], "link": "/", "why": ""}
        mail.write(key="day", to="a@example.org", template="money_letter", context=context)

    with timezone.override("Pacific/Auckland"):
        tell()

        assert timezone.get_current_timezone_name() == "Pacific/Auckland"
    assert subjects() == {"day": "1 June 2026"}
