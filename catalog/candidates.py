"""What is put in order by how well it fits: the newest listings that have the words, whatever share of all has them.

A word that is in a hundredth of a million listings is read slowly either way: the index of words knows no dates, so all
ten thousand would be fetched to find the newest of them; and from the newest on, fifty thousand listings have to be
looked at. So the index also has the ids, cut into blocks of several sizes. First the newest blocks are asked. How many
of those have the words tells how far back is far enough, and no more than that is read; where the words are rare, or it
was not enough after all, everything is.
"""

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

from django.db import connection
from django.db.models import Max, QuerySet

from catalog.browsing import Kept
from catalog.models import Listing

# A word that a tenth of the shop has would otherwise cost reading all of that tenth, for a page of 24 (goal G10).
CANDIDATES = 500
# Listings may have come since the last id was read, half a minute ago at most: so many are looked for as well.
MAY_BE_NEW = 1000


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


NEAREST = Window(13, 3)
# Each somewhat larger than the one before; beyond the last, a word is rare enough to be read everywhere.
FARTHER = (
    *(Window(13, blocks) for blocks in (4, 5, 6, 8)),
    *(Window(15, blocks) for blocks in (3, 4, 5, 6, 8)),
    *(Window(17, blocks) for blocks in (3, 4, 5, 6, 8)),
    *(Window(19, blocks) for blocks in (3, 4, 5, 6, 8)),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a listing stands: how well it fits, in millionths."""

    pk: int
    rank: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """Some places, the best first, and how many candidates there are: CANDIDATES + 1 means that there are others.

    `near` of them are in NEAREST, where that was looked at.
    """

    places: list[Place]
    count: int
    near: int


@dataclass(frozen=True, slots=True)
class Part:
    """SQL, and the values in it."""

    sql: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Fitting:
    """All that fit: SQL for their ids and words, and its values."""

    sql: str
    values: tuple[Any, ...]

    def newest(self, where: str = "true", *values: Any) -> Part:
        """The ids and words of the newest of those where something holds."""
        newest = f"SELECT * FROM ({self.sql}) AS fitting WHERE {where} ORDER BY id DESC LIMIT {CANDIDATES + 1}"  # noqa: S608
        return Part(newest, (*self.values, *values))


@dataclass(frozen=True, slots=True)
class Wanted:
    """How well something fits `question`, and which of those in that order are asked for."""

    question: str
    after: Place | None
    most: int

    def of(self, candidates: Part) -> Part:
        """The ids of some, with how well they fit in millionths."""
        # The words go no further than this: they are ten times as large as all the rest.
        sql = f"SELECT id, (1000000 * ts_rank(search, %s::tsquery))::integer AS rank FROM ({candidates.sql}) AS newest"  # noqa: S608
        return Part(sql, (self.question, *candidates.values))


def best(rows: QuerySet[Listing], question: str, *, after: Place | None, most: int) -> Ranked:
    """The first `most` places behind `after`, of the newest CANDIDATES of `rows` (and one more, which tells that there
    are others) in order of how well they fit `question`, the text of a tsquery.

    `rows` are unordered and have the words already. Newest by id: when it was first written. At most three queries.
    """
    fitting = Fitting(*rows.values("id", "search").query.sql_with_params())
    wanted = Wanted(question, after, most)
    newest = last_id.all()[0]
    if not _is_worth_it(NEAREST, newest):
        return _first(wanted, wanted.of(fitting.newest()))
    windows = [window for window in FARTHER if _is_worth_it(window, newest)]
    promises = [_promise(window, newest) for window in windows]
    few = min(promises, default=CANDIDATES + 1)
    first = _first(wanted, *_nearest_or_everything(wanted, fitting, newest, few))
    if not few <= first.near <= CANDIDATES:
        return first
    far = next(window for window, promise in zip(windows, promises, strict=True) if first.near >= promise)
    found = _first(wanted, wanted.of(fitting.newest(*_inside(far, newest))))
    return found if found.count > CANDIDATES else _first(wanted, wanted.of(fitting.newest()))


def _is_worth_it(window: Window, newest: int) -> bool:
    """Whether it is much less than everything."""
    return 2 * window.size(newest) <= newest


def _promise(window: Window, newest: int) -> int:
    """So many in NEAREST promise that `window` has enough.

    They are a sample: what it promises is what two standard deviations fewer would, n - 2 * sqrt(n).
    """
    wanted = CANDIDATES * NEAREST.size(newest) / window.size(newest)
    return ceil((1 + sqrt(1 + wanted)) ** 2)


def _inside(window: Window, newest: int) -> tuple[str, list[int]]:
    return f"(id >> {window.bits}) = ANY(%s::bigint[])", window.numbers(newest)


def _nearest_or_everything(wanted: Wanted, fitting: Fitting, newest: int, few: int) -> tuple[Part, Part]:
    """NEAREST where it has all that are wanted; everything where it has fewer than `few`; and nothing between: what
    is farther is asked then. In one query, because most words are common or rare. Also what NEAREST has.
    """
    # PostgreSQL sees that these have nothing to do with a row, and does not begin where they are false.
    near = "(SELECT count(*) FROM nearest)"
    everything = wanted.of(fitting.newest(f"{near} < {few}"))
    candidates = f"SELECT * FROM nearest WHERE {near} > {CANDIDATES} UNION ALL {everything.sql}"  # noqa: S608
    return Part(candidates, everything.values), wanted.of(fitting.newest(*_inside(NEAREST, newest)))


def _first(wanted: Wanted, candidates: Part, nearest: Part | None = None) -> Ranked:
    """The places asked for, and the counts, which are known where no place is left as well."""
    nearest = nearest or Part("SELECT WHERE false", ())
    statement = f"""
        WITH nearest AS MATERIALIZED ({nearest.sql}), candidates AS MATERIALIZED ({candidates.sql})
        SELECT near, count, id, rank
        FROM (SELECT (SELECT count(*) FROM nearest) AS near, (SELECT count(*) FROM candidates) AS count) AS counted
        LEFT JOIN (
            SELECT * FROM candidates {"WHERE (rank, id) < (%s, %s)" if wanted.after else ""}
            ORDER BY rank DESC, id DESC LIMIT %s
        ) AS first ON true
        ORDER BY rank DESC, id DESC
    """  # noqa: S608
    behind = (wanted.after.rank, wanted.after.pk) if wanted.after else ()
    with connection.cursor() as cursor:
        cursor.execute(statement, [*nearest.values, *candidates.values, *behind, wanted.most])
        found = cursor.fetchall()
    near, count = found[0][:2]
    return Ranked([Place(pk, rank) for _near, _count, pk, rank in found if pk is not None], count, near)


def _last_id() -> list[int]:
    return [Listing.objects.aggregate(last=Max("pk"))["last"] or 0]


last_id = Kept(_last_id)
