"""The words of what is for sale, to know what somebody who mistyped one may have meant.

A search that finds nothing costs one more query here, of a table with a row a word: it does not grow with the listings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection

from catalog import words
from catalog.models import Word
from kit.clock import now

MOST_WORDS = 6
# Longer than it takes until new words are learned again, and than any transaction that publishes.
A_MOMENT = timedelta(minutes=15)
EVER = datetime.min.replace(tzinfo=UTC)

WORD = re.compile(r"(?<![\w-])[^\W_]+")

# Each word is written into the question itself: PostgreSQL has to see it to know that few words resemble it, and to use
# the index of trigrams rather than read every word.
RESEMBLES = """
    (SELECT %s::text, word, folded, listings FROM catalog_word
     WHERE folded %% unaccent(%s) ORDER BY similarity(folded, unaccent(%s)) DESC, word LIMIT 20)
"""
# In a short word two letters changed round leave no trigram alone: those with the same first letter, about as long.
BEGINS_LIKE = """
    (SELECT %s::text, word, folded, listings FROM catalog_word
     WHERE folded >= %s AND folded < %s AND length(folded) BETWEEN %s AND %s ORDER BY listings DESC, word LIMIT 500)
"""
SHORT = 6
COUNTED = """
    SELECT word, count(DISTINCT id) AS listings
    FROM catalog_listing, regexp_split_to_table(lower(title || ' ' || shop_name), '[^[:alnum:]]+') AS word
    WHERE status = 'published' AND published_at >= %s AND length(word) BETWEEN 3 AND 40 AND word !~ '^[0-9]+$'
    GROUP BY word
"""
LEARN_NEW = f"""
    INSERT INTO catalog_word (word, folded, listings)
    SELECT word, unaccent(word), listings FROM ({COUNTED}) AS counted ORDER BY word ON CONFLICT (word) DO NOTHING
"""  # noqa: S608
COUNT_ANEW = f"""
    WITH counted AS ({COUNTED}),
    gone AS (DELETE FROM catalog_word WHERE word NOT IN (SELECT word FROM counted))
    INSERT INTO catalog_word (word, folded, listings)
    SELECT word, unaccent(word), listings FROM counted ORDER BY word
    ON CONFLICT (word) DO UPDATE SET listings = excluded.listings WHERE catalog_word.listings <> excluded.listings
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Known:
    """A word of the shop, the same without accents, and how many listings have it."""

    word: str
    folded: str
    listings: int


def corrected(q: str) -> str:
    """`q` with each word that nobody's title has replaced by the nearest that one has; `q` itself when there is none.

    Words behind a minus are not wanted anyway and stay.
    """
    asked = list(dict.fromkeys(word.lower() for word in WORD.findall(q) if len(word) <= 40))[:MOST_WORDS]
    better = {word: _nearest(word, known) for word, known in _known(asked).items()}
    return WORD.sub(lambda found: better.get(found[0].lower()) or found[0], q)


def learn_new() -> None:
    """Learn the words of what was published a moment ago; all words, where none are known yet."""
    if not Word.objects.exists():
        count_anew()
        return
    with connection.cursor() as cursor:
        cursor.execute(LEARN_NEW, [now() - A_MOMENT])


def count_anew() -> None:
    """Count the listings with each word; words nobody sells any more are forgotten."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_ANEW, [EVER])


def _known(asked: Sequence[str]) -> dict[str, list[Known]]:
    """Words of the shop that resemble each of `asked`; one query."""
    if not asked:
        return {}
    found: dict[str, list[Known]] = {}
    parts: list[str] = []
    values: list[str | int] = []
    for word in asked:
        folded = words.plain(word)
        parts.append(RESEMBLES)
        values += [word, word, word]
        if folded and len(folded) <= SHORT:
            parts.append(BEGINS_LIKE)
            values += [word, folded[0], folded[0] + chr(0x10FFFF), len(folded) - 1, len(folded) + 1]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ".join(parts), values)
        for word, *known in cursor.fetchall():
            found.setdefault(word, []).append(Known(*known))
    return found


def _nearest(word: str, known: Sequence[Known]) -> str:
    same = {words.plain(each) for each in words.spellings(word)}
    if any(each.word == word or each.folded in same for each in known):
        return ""
    typed = words.plain(word)
    slips = [(_slips(typed, each.folded), -each.listings, each.word) for each in known]
    fitting = [each for each in slips if each[0] <= _allowed(typed)]
    return min(fitting)[2] if fitting else ""


def _allowed(word: str) -> int:
    """How many slips of the finger are believed: a short word with two of them could be any other."""
    if len(word) < 3:
        return 0
    return 1 if len(word) < 5 else 2 if len(word) < 9 else 3


def _slips(typed: str, meant: str) -> int:
    """Letters wrong, missing, too many, or two in each other's place (optimal string alignment).

    A word that was not typed to its end counts as two, however much is missing.
    """
    before: list[int] = []
    row = list(range(len(meant) + 1))
    for i, letter in enumerate(typed, 1):
        older, before, row = before, row, [i]
        for j, other in enumerate(meant, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == meant[j - 2] and typed[i - 2] == other:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return min(row[-1], 2) if meant.startswith(typed) else row[-1]
