"""What was typed into the search, as a question to the database: in English and German, with accents or without."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from django.contrib.postgres.search import CombinedSearchQuery, SearchQuery

# How PostgreSQL reads words (made by a migration): without accents, then by the stem they have in the language. Both
# stems of each word are in a listing's column and in each question, so nobody says which language anything is in.
ENGLISH, GERMAN = CONFIGS = ("catalog_english", "catalog_german")

Query = SearchQuery | CombinedSearchQuery

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
class Term:
    """A word or a phrase, and whether it is to be kept out."""

    text: str
    is_phrase: bool = False
    is_out: bool = False

    def query(self) -> Query:
        """It, in any spelling and either language."""
        kind = "phrase" if self.is_phrase else "plain"
        every = [
            SearchQuery(text, config=config, search_type=kind) for text in spellings(self.text) for config in CONFIGS
        ]
        return reduce(and_, (~each for each in every)) if self.is_out else reduce(or_, every)


def query(q: str) -> Query:
    """`q` as people write searches: all of its words, "words in this order", one or another, -without."""
    return reduce(or_, (_all_of(terms) for terms in _alternatives(q)))


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


def _all_of(terms: Iterable[Term]) -> Query:
    terms = list(dict.fromkeys(terms))
    said = [term for term in terms if term.is_phrase or term.text.lower() not in LITTLE] or terms
    if all(term.is_out for term in said):
        # Taken away from nothing: a list's dash, say. The whole shop without a word is no search, and would be slow.
        said = [Term(term.text, is_phrase=term.is_phrase) for term in said]
    return reduce(and_, (term.query() for term in said))
