"""Every letter the project sends stands on the one template, and is written by hand as text as well."""

import re
from pathlib import Path

import pytest

from tests.house.tree import Source, planted, room_sources, templates

BASE = "emails/base.html"
FOLDERS = ("templates/emails/", "templates/account/email/", "templates/mfa/email/")
EXTENDS = re.compile(r"{% extends \"([^\"]+)\" %}")
REUSES = re.compile(r"^\s*{% include \"([^\"]+)\" %}\s*$")
# Letters are written to the outbox with their fact and sent from there; nobody else speaks to a mail server, but for
# allauth's adapter: its letters carry keys that sign people in, which no table keeps.
SENDING = re.compile(
    r"(?<!def )\b(?:send_mail|send_mass_mail|mail_admins|mail_managers|EmailMessage|EmailMultiAlternatives)\("
)
SENDERS = {"kit/mail.py", "accounts/adapter.py"}


def letters(found: list[Source]) -> list[Source]:
    """The HTML parts of letters, without the parts they are put together from."""
    return [
        source
        for source in found
        if source.path.startswith(FOLDERS)
        and source.path.endswith(".html")
        and not Path(source.path).name.startswith(("_", "base"))
    ]


def off_the_base(found: list[Source]) -> list[str]:
    """Letters that do not stand on the base, neither directly nor by another that does."""
    texts = {source.path.removeprefix("templates/"): source.text for source in found}
    return [letter.path for letter in letters(found) if not stands(letter.text, texts)]


def stands(text: str, texts: dict[str, str]) -> bool:
    parent = EXTENDS.search(text) or REUSES.match(text)
    if parent is None:
        return False
    return parent.group(1) == BASE or stands(texts.get(parent.group(1), ""), texts)


def without_text(found: list[Source]) -> list[str]:
    """Letters that only exist as HTML."""
    paths = {source.path for source in found}
    return [letter.path for letter in letters(found) if letter.path.removesuffix(".html") + ".txt" not in paths]


def sent_past_the_outbox(found: list[Source]) -> list[str]:
    """Mail that no letter template wrote."""
    return [
        f"{source.path} {hit}" for source in found if source.path not in SENDERS for hit in SENDING.findall(source.text)
    ]


def test_every_letter_stands_on_the_one_template() -> None:
    assert len(letters(templates())) > 20
    assert off_the_base(templates()) == []


def test_every_letter_is_written_as_text_too() -> None:
    assert without_text(templates()) == []


def test_nothing_is_mailed_past_the_outbox() -> None:
    assert sent_past_the_outbox(room_sources()) == []


@pytest.mark.parametrize("text", ["<p>Hello", '{% extends "base.html" %}', '{% extends "emails/other.html" %}'])
def test_a_letter_of_its_own_making_is_caught(text: str) -> None:
    assert off_the_base(planted(text, "templates/emails/alone.html")) == ["templates/emails/alone.html"]
    assert without_text(planted(text, "templates/emails/alone.html")) == ["templates/emails/alone.html"]


def test_mail_sent_directly_is_caught() -> None:
    assert sent_past_the_outbox(planted('send_mail("Hello")', "orders/views/x.py")) == ["orders/views/x.py send_mail("]
