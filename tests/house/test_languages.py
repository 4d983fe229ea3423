"""Everything the marketplace says, it says in German too."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from django.utils.formats import get_format

from dev import messages
from tests.house.tree import ROOT, Source, at, calls, name_of, planted, room_sources, templates

# Rooms whose texts are being written: what they say may wait for its translation. Empty when a piece of work is done.
BEING_WRITTEN: frozenset[str] = frozenset()

MARK = re.compile(r"%\(\w+\)[sd]|%%|%[sd]|\{\w*\}|<[^>]+>|https?://[\w./-]*\w")
DATE_PATTERN = re.compile(r"""["']((?:l, )?j [FMN](?: Y)?(?:, H:i[^"']*)?)["']""")


def german() -> Catalog:
    """The catalogue, as it is in the repository."""
    return messages.read(messages.LOCALES / "de" / "LC_MESSAGES" / "django.po")


def entries(catalogue: Catalog) -> list[Message]:
    """Its messages, without the header."""
    return [entry for entry in catalogue if entry.id]


def forms(entry: Message) -> list[str]:
    """The German of a message, one for each plural form."""
    return list(entry.string) if isinstance(entry.string, list | tuple) else [entry.string or ""]


def torn(catalogue: Catalog) -> list[str]:
    """Messages whose German has other placeholders, tags or line ends than the English; “one” may lack its number."""
    wrong = []
    for entry in entries(catalogue):
        english = list(entry.id) if isinstance(entry.id, list | tuple) else [entry.id]
        wanted = [Counter(MARK.findall(text)) for text in english]
        for number, text in enumerate(forms(entry)):
            if not text:
                # Another rule's finding.
                continue
            found = Counter(MARK.findall(text))
            is_one_of_many = len(english) > 1 and number == 0
            fits = found <= wanted[0] | wanted[-1] if is_one_of_many else found == wanted[-1]
            ends = [english[-1].startswith("\n"), english[-1].endswith("\n")]
            if not fits or ends != [text.startswith("\n"), text.endswith("\n")]:
                wrong.append(f"{english[0]!r}: {text!r}")
    return wrong


def wordless(catalogue: Catalog) -> list[str]:
    """Messages without German, or with a guess for it, or without one of its plural forms."""
    found = [entry for entry in entries(catalogue) if entry.fuzzy or not all(forms(entry))]
    plural = [
        entry for entry in entries(catalogue) if entry.pluralizable and len(forms(entry)) != catalogue.num_plurals
    ]
    return [str(entry.id) for entry in found + plural]


def room_of(place: str) -> str:
    """`payments` for payments/words.py and for templates/payments/…; `templates` for those of no room."""
    parts = Path(place).parts
    return parts[1] if parts[0] == "templates" and len(parts) > 2 else parts[0]


def unsayable(found: list[Source]) -> list[str]:
    """Calls whose message is put together before it is looked up: no catalogue can have it."""
    wrong = []
    for source in found:
        for call in calls(source):
            name = name_of(call)
            if name in messages.CALLS and call.args:
                _context, text, _plural = messages.CALLS[name]
                said = call.args[text or 0]
                if isinstance(said, ast.JoinedStr | ast.BinOp):
                    wrong.append(at(source, call, name))
    return wrong


def test_every_message_has_german_words() -> None:
    assert wordless(german()) == []


def test_german_keeps_every_placeholder_and_tag() -> None:
    assert torn(german()) == []


def test_nothing_is_said_in_english_only() -> None:
    said = messages.said().values()
    settled = [one for one in said if {room_of(place) for place in one.places} - BEING_WRITTEN]

    missing = [f"{one.places[0]}: {one.text!r}" for one in messages.untranslated(german(), settled)]

    assert missing == [], "Run `make messages`, and translate these in locale/de/LC_MESSAGES/django.po"


def test_the_catalogue_is_written_as_the_command_writes_it(tmp_path: Path) -> None:
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    path = messages.LOCALES / "de" / "LC_MESSAGES" / "django.po"

    messages.write(folder / "django.po", german())

    assert (folder / "django.po").read_text() == path.read_text(), "Run `make messages`"


def test_every_message_is_a_whole_sentence_in_the_code() -> None:
    assert unsayable(room_sources()) == []


def test_german_knows_every_date_pattern() -> None:
    named = {pattern for source in [*room_sources(), *templates()] for pattern in DATE_PATTERN.findall(source.text)}

    assert sorted(pattern for pattern in named if get_format(pattern, "de") == pattern) == []


def test_compiled_catalogues_are_not_kept() -> None:
    assert "*.mo" in (ROOT / ".gitignore").read_text().split()


def planted_catalogue(*, text: str | tuple[str, str], german: str | tuple[str, ...]) -> Catalog:
    """A catalogue with one message."""
    catalogue = Catalog(locale="de")
    catalogue.add(text, german)
    return catalogue


@pytest.mark.parametrize(
    ("text", "german"),
    [
        ("Pay %(total)s", "Bezahlen"),
        ("Pay %(total)s", "%(summe)s bezahlen"),
        ('Read the <a href="%(url)s">terms</a>', "Lesen Sie die Bedingungen: %(url)s"),
        (("%(n)d order", "%(n)d orders"), ("eine Bestellung", "Bestellungen")),
    ],
)
def test_a_lost_placeholder_is_caught(text: str | tuple[str, str], german: str | tuple[str, ...]) -> None:
    assert len(torn(planted_catalogue(text=text, german=german))) == 1


def test_a_plural_may_leave_the_number_one_out() -> None:
    assert torn(planted_catalogue(text=("%(n)d order", "%(n)d orders"), german=("eine", "%(n)d Bestellungen"))) == []


def test_a_missing_plural_form_is_caught() -> None:
    assert wordless(planted_catalogue(text=("%(n)d order", "%(n)d orders"), german=("%(n)d Bestellung", "")))


def test_a_message_put_together_too_early_is_caught() -> None:
    code = planted('_(f"Pay {total}")\n_("Pay " + total)\n_("Pay %(total)s") % {"total": total}\n')

    assert len(unsayable(code)) == 2
