"""What was typed into the search, as a question to the database: in English and German, with accents or without."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.db import connection

# How PostgreSQL reads words (made by a migration): without accents, then by the stem they have in the language. Both
# stems of each word are in a listing's column and in each question, so nobody says which language anything is in.
ENGLISH, GERMAN = CONFIGS = ("catalog_english", "catalog_german")

# How PostgreSQL turns words into a question: all of them anywhere, or one behind the other.
PLAIN, PHRASE = "plainto_tsquery", "phraseto_tsquery"
QUESTIONS_KEPT = 1000

# "So in quotes", or anything between spaces; a minus right before it keeps out what has it.
TERM = re.compile(r'(-?)"([^"]*)"?|([^\s"]+)')
EITHER = frozenset({"or", "oder"})
# English words like these PostgreSQL leaves out itself. Of the German ones only those that are nothing to buy in
# English: a hat is.
LITTLE = frozenset(
    """
    der die das den dem des ein eine einer eines einem einen und mit für fuer aus von vom zu zum zur im ist bei beim
    auf auch oder
    """.split()
)
# ä, ö and ü where a keyboard has none. "Neue" and "quer" are not spelled so.
SPELLED_OUT = {"ä": "ae", "ö": "oe", "ü": "ue"}
UMLAUT = re.compile("[äöü]")
WITHOUT_UMLAUT = re.compile(r"([ao])e|(?<![aeiouq])(u)e")


@dataclass(frozen=True, slots=True)
class Way:
    """Words as one language reads them."""

    text: str
    config: str
    function: str


@dataclass(frozen=True, slots=True)
class Term:
    """A word or a phrase, and whether it is to be kept out."""

    text: str
    is_phrase: bool = False
    is_out: bool = False

    @property
    def ways(self) -> list[Way]:
        """It, in any spelling and either language."""
        function = PHRASE if self.is_phrase else PLAIN
        return [Way(text, config, function) for text in spellings(self.text) for config in CONFIGS]


@dataclass(frozen=True, slots=True)
class Question:
    """What is searched for, as texts of tsqueries all of which have to hold; none where there is nothing to search for.

    PostgreSQL finds what several have in common sooner when each is a condition of its own.
    """

    parts: tuple[str, ...]

    @property
    def text(self) -> str:
        """It as one tsquery."""
        return _joined(" & ", self.parts)


@lru_cache(maxsize=QUESTIONS_KEPT)
def question(q: str) -> Question:
    """`q` as people write searches: all of its words, "words in this order", one or another, -without.

    One query to the database, which alone knows the stems. It is asked word by word because many have the same stem in
    both languages, and looking for it once takes half the time.
    """
    alternatives = [_said(terms) for terms in _alternatives(q)]
    read = _read(dict.fromkeys(way for terms in alternatives for term in terms for way in term.ways))
    every = [parts for parts in (_all_of(terms, read) for terms in alternatives) if parts]
    if len(every) == 1:
        return Question(tuple(every[0]))
    return Question(tuple(filter(None, [_joined(" | ", (_joined(" & ", parts) for parts in every))])))


def spellings(text: str) -> list[str]:
    """`text` as it was typed, and with its umlauts written the other way."""
    low = text.lower()
    others = (UMLAUT.sub(lambda letter: SPELLED_OUT[letter[0]], low), WITHOUT_UMLAUT.sub(r"\1\2", low))
    return [text, *(other for other in dict.fromkeys(others) if other != low)]


def plain(text: str) -> str:
    """`text` in small letters without accents."""
    apart = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _alternatives(q: str) -> list[list[Term]]:
    """What "or" separates; never empty, so that nothing is found for what has no words."""
    found: list[list[Term]] = [[]]
    for minus, phrase, word in TERM.findall(q):
        if word.lower() in EITHER:
            found.append([])
        elif phrase:
            found[-1].append(Term(phrase, is_phrase=True, is_out=bool(minus)))
        elif any(letter.isalnum() for letter in word):
            # Two minuses are a dash.
            found[-1].append(Term(word, is_out=word.startswith("-") and not word.startswith("--")))
    return [terms for terms in found if terms] or [[Term("")]]


def _said(terms: Iterable[Term]) -> list[Term]:
    """Without what only holds others together, unless that is all."""
    once = list(dict.fromkeys(terms))
    return [term for term in once if term.is_phrase or term.text.lower() not in LITTLE] or once


def _read(ways: Iterable[Way]) -> dict[Way, str]:
    ways = list(ways)
    parts = ", ".join(f"{way.function}(%s::regconfig, %s)::text" for way in ways)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {parts}", [value for way in ways for value in (way.config, way.text)])
        return dict(zip(ways, cursor.fetchone() or (), strict=True))


def _all_of(terms: Iterable[Term], read: Mapping[Way, str]) -> list[str]:
    """What has to hold, each with something that is wanted: the index knows nothing about what is not there."""
    every = [(term, _joined(" | ", (read[way] for way in term.ways))) for term in terms]
    wanted = [text for term, text in every if text and not term.is_out]
    # Taken away from nothing: a list's dash, say. The whole shop without a word is no search, and would be slow.
    if not wanted:
        return [text for _term, text in every if text]
    out = [f"!({text})" for term, text in every if text and term.is_out]
    return [_joined(" & ", (wanted[0], *out)), *wanted[1:]]


def _joined(by: str, parts: Iterable[str]) -> str:
    once = [part for part in dict.fromkeys(parts) if part]
    return once[0] if len(once) == 1 else by.join(f"({part})" for part in once)
