"""Sentences that rows keep: one language in the record, whoever acted; at each reading the reader's.

Only whole sentences without values in them are found again. What people wrote themselves stays as they wrote it.
"""

from functools import cache
from pathlib import Path

from babel.messages.mofile import read_mo
from django.conf import settings
from django.utils.translation import get_language, gettext


def for_the_record(sentence: str) -> str:
    """The sentence in the marketplace's language, if it is one of ours in the language spoken now."""
    spoken = get_language() or settings.LANGUAGE_CODE
    return sentence if spoken == settings.LANGUAGE_CODE else _sentences(spoken).get(sentence, sentence)


def for_the_reader(sentence: str) -> str:
    """A recorded sentence in the language spoken now."""
    # The empty message is a catalogue's header.
    return gettext(sentence) if sentence else ""


@cache
def _sentences(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for folder in settings.LOCALE_PATHS:
        path = Path(folder, language, "LC_MESSAGES", "django.mo")
        if not path.exists():
            continue
        with path.open("rb") as file:
            for entry in read_mo(file):
                if isinstance(entry.id, str) and isinstance(entry.string, str) and not entry.context:
                    found.setdefault(entry.string, entry.id)
    return found
