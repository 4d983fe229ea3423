"""What is put in order by how well it fits: the newest listings that have the words, whatever share of all has them.

A word that is in a hundredth of a million listings is read slowly either way: the index of words knows no dates, so all
ten thousand would be fetched to find the newest of them; and from the newest on, fifty thousand listings have to be
looked at. So the index also has the ids, cut into blocks of several sizes. First the newest blocks are asked. How many
of those have the words tells how far back is far enough, and no more than that is read; where it was not enough after
all, everything is.
"""

from dataclasses import dataclass
from functools import partial

from django.db import connection
from django.db.models import Max, QuerySet

from catalog.browsing import Kept
from catalog.models import Listing

# A word that a tenth of the shop has would otherwise cost reading all of that tenth, for a page of 24 (goal G10).
CANDIDATES = 500
# Listings may have come since the last id was read, half a minute ago at most: so many are looked for as well.
MAY_BE_NEW = 1000

# A condition of SQL and its values.
Condition = tuple[str, list[list[int]]]


@dataclass(frozen=True, slots=True)
class Window:
    """The newest `blocks` blocks of 2 ** `bits` ids; the last of them has just begun, or is nearly full.

    `bits` are of those that the index has (catalog.models.listing.BLOCKS).
    """

    bits: int
    blocks: int

    def size(self, newest: int) -> int:
        """How many ids are in it when `newest` is the last."""
        return newest + 1 - (((newest >> self.bits) - self.blocks + 1) << self.bits)

    def numbers(self, newest: int) -> list[int]:
        """Its blocks."""
        return list(range((newest >> self.bits) - self.blocks + 1, ((newest + MAY_BE_NEW) >> self.bits) + 1))


# Each about twice as large as the one before; beyond the last, a word is rare enough to be read everywhere.
NEAREST = Window(13, 3)
FARTHER = (Window(13, 6), Window(15, 3), Window(15, 6), Window(17, 3), Window(17, 6), Window(19, 3), Window(19, 6))
# So much more than enough is expected of a window, because the newest are a small sample.
ROOM = 1.1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a listing stands: how well it fits, in millionths."""

    pk: int
    rank: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """Some places, the best first, and how many candidates there are: CANDIDATES + 1 means that there are others."""

    places: list[Place]
    count: int

    @property
    def is_enough(self) -> bool:
        """Whether older listings would not have been candidates anyway."""
        return self.count > CANDIDATES


def best(rows: QuerySet[Listing], question: str, *, after: Place | None, most: int) -> Ranked:
    """The first `most` places behind `after`, of the newest CANDIDATES of `rows` (and one more, which tells that there
    are others) in order of how well they fit `question`, the text of a tsquery.

    `rows` are unordered and have the words already. Newest by id: when it was first written. At most three queries.
    """
    newest = last_id.all()[0]
    ask = partial(_read, rows, question, after, most)
    if _is_worth_it(NEAREST, newest):
        near = ask(_inside(NEAREST, newest))
        if near.is_enough:
            return near
        far = _far_enough(near.count, newest)
        found = ask(_inside(far, newest)) if far else near
        if found.is_enough:
            return found
    return ask(("", []))


def _far_enough(near: int, newest: int) -> Window | None:
    """The first that is likely to have enough, where NEAREST has `near`; None where everything is as soon read."""
    for window in FARTHER:
        if near * window.size(newest) >= ROOM * CANDIDATES * NEAREST.size(newest):
            return window if _is_worth_it(window, newest) else None
    return None


def _is_worth_it(window: Window, newest: int) -> bool:
    return 2 * window.size(newest) <= newest


def _inside(window: Window, newest: int) -> Condition:
    return f"WHERE (id >> {window.bits}) = ANY(%s::bigint[])", [window.numbers(newest)]


def _read(rows: QuerySet[Listing], question: str, after: Place | None, most: int, where: Condition) -> Ranked:
    fitting, values = rows.values("id", "search").query.sql_with_params()
    inside, blocks = where
    statement = f"""
        SELECT id, rank, count FROM (
            SELECT id, (1000000 * ts_rank(search, %s::tsquery))::integer AS rank, count(*) OVER () AS count FROM (
                SELECT id, search FROM ({fitting}) AS fitting {inside} ORDER BY id DESC LIMIT %s
            ) AS newest
        ) AS ranked
        {"WHERE (rank, id) < (%s, %s)" if after else ""} ORDER BY rank DESC, id DESC LIMIT %s
    """  # noqa: S608
    behind = (after.rank, after.pk) if after else ()
    with connection.cursor() as cursor:
        cursor.execute(statement, [question, *values, *blocks, CANDIDATES + 1, *behind, most])
        found = cursor.fetchall()
    return Ranked([Place(pk, rank) for pk, rank, _count in found], found[0][2] if found else 0)


def _last_id() -> list[int]:
    return [Listing.objects.aggregate(last=Max("pk"))["last"] or 0]


last_id = Kept(_last_id)
