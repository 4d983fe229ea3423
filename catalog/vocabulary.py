"""The words of what is for sale, to know what somebody who mistyped one may have meant.

A search that finds nothing costs one more query here, of a table with a row a word: it does not grow with the listings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db import connection

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
    (SELECT %s::text, word, listings FROM catalog_word
     WHERE word %% %s ORDER BY similarity(word, %s) DESC, word LIMIT 20)
"""
# In a short word two letters changed round leave no trigram alone: those with the same first letter, about as long.
BEGINS_LIKE = """
    (SELECT %s::text, word, listings FROM catalog_word
     WHERE word >= %s AND word < %s AND length(word) BETWEEN %s AND %s ORDER BY listings DESC, word LIMIT 500)
"""
SHORT = 6
COUNTED = """
    SELECT word, count(DISTINCT id) AS listings
    FROM catalog_listing, regexp_split_to_table(lower(title || ' ' || shop_name), '[^[:alnum:]]+') AS word
    WHERE status = 'published' AND published_at >= %s AND length(word) BETWEEN 3 AND 40 AND word !~ '^[0-9]+$'
    GROUP BY word
"""
LEARN_NEW = f"INSERT INTO catalog_word (word, listings) {COUNTED} ORDER BY word ON CONFLICT (word) DO NOTHING"
COUNT_ANEW = f"""
    WITH counted AS ({COUNTED}),
    gone AS (DELETE FROM catalog_word WHERE word NOT IN (SELECT word FROM counted))
    INSERT INTO catalog_word (word, listings) SELECT word, listings FROM counted ORDER BY word
    ON CONFLICT (word) DO UPDATE SET listings = excluded.listings WHERE catalog_word.listings <> excluded.listings
"""  # noqa: S608


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


def _known(asked: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    """Words of the shop that resemble each of `asked`, with how many listings have them; one query."""
    if not asked:
        return {}
    found: dict[str, list[tuple[str, int]]] = {}
    parts: list[str] = []
    values: list[str | int] = []
    for word in asked:
        parts.append(RESEMBLES)
        values += [word, word, word]
        if len(word) <= SHORT:
            parts.append(BEGINS_LIKE)
            values += [word, word[0], word[0] + chr(0x10FFFF), len(word) - 1, len(word) + 1]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ".join(parts), values)
        for word, known, listings in cursor.fetchall():
            found.setdefault(word, []).append((known, listings))
    return found


def _nearest(word: str, known: Sequence[tuple[str, int]]) -> str:
    if any(each == word for each, _listings in known):
        return ""
    slips = [(_slips(word, each), -listings, each) for each, listings in known]
    fitting = [each for each in slips if each[0] <= _allowed(word)]
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
