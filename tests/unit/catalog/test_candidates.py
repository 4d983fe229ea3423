"""What is put in order by how well it fits is the newest of what has the words, however common they are."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from django.db import connection
from django.utils import timezone

from catalog import candidates, searching, words
from catalog.models import Category, Listing
from catalog.models.listing import BLOCKS
from tests.factories import ListingFactory, SellerFactory

pytestmark = pytest.mark.django_db

Counter = Callable[[int], AbstractContextManager[object]]

# Ids of a shop of millions, of which few are left; those of the newest sixty thousand are closer together.
OLD, NEW = range(8_000, 2_940_000, 8_000), range(2_940_000, 3_000_001, 200)
IDS = (*OLD, *NEW)
NEWEST = IDS[-1]
EACH = {"alpha": 1, "bravo": 4, "charlie": 20, "delta": 30, "echo": 100, "foxtrot": 600}


@pytest.fixture(autouse=True)
def only_thirty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(candidates, "CANDIDATES", 30)
    candidates.last_id.forget()
    yield
    candidates.last_id.forget()


@pytest.fixture
def large_shop(ceramics: Category) -> None:
    seller = SellerFactory()
    Listing.objects.bulk_create(
        Listing(
            pk=pk,
            seller=seller,
            category=ceramics,
            title=" ".join(word for word, each in EACH.items() if n % each == 0),
            slug=f"thing-{n}",
            price=900,
            currency="eur",
            status="published",
            published_at=timezone.now(),
        )
        for n, pk in enumerate(IDS)
    )


def best(q: str, *, after: candidates.Place | None = None, most: int = 100) -> candidates.Ranked:
    rows = searching.matching(Listing.objects.all(), q)
    return candidates.best(rows, words.question(q).text, after=after, most=most)


@pytest.mark.usefixtures("large_shop")
@pytest.mark.parametrize("word", EACH)
def test_the_newest_with_a_word_are_candidates_however_common_it_is(word: str):
    with_it = sorted((pk for n, pk in enumerate(IDS) if n % EACH[word] == 0), reverse=True)

    found = best(word)

    assert sorted((place.pk for place in found.places), reverse=True) == with_it[:31]
    assert found.count == min(len(with_it), 31)


@pytest.mark.usefixtures("large_shop")
@pytest.mark.parametrize(
    ("word", "queries"),
    [
        ("alpha", 1),  # the nearest
        ("bravo", 2),  # the nearest, and as far back as is enough
        ("foxtrot", 1),  # the nearest, and at once everything
    ],
)
def test_no_more_is_read_than_is_enough(word: str, queries: int, django_assert_num_queries: Counter):
    candidates.last_id.all()
    words.question(word)

    with django_assert_num_queries(queries):
        best(word)


@pytest.mark.usefixtures("large_shop")
def test_everything_is_read_where_the_newest_promised_too_much(ceramics: Category, django_assert_num_queries: Counter):
    new = [ListingFactory(pk=NEWEST + 1 + n, title="Zulu", category=ceramics).pk for n in range(15)]
    old = ListingFactory(pk=7, title="Zulu", category=ceramics).pk
    candidates.last_id.all()
    words.question("zulu")

    with django_assert_num_queries(3):
        found = best("zulu")

    assert {place.pk for place in found.places} == {*new, old}


@pytest.mark.usefixtures("large_shop")
def test_what_came_after_the_last_id_was_read_is_found(ceramics: Category):
    at_the_next_block = ((NEWEST >> 13) + 1) << 13
    Listing.objects.filter(pk=NEWEST).update(id=at_the_next_block - 1)
    candidates.last_id.all()
    added = ListingFactory(pk=at_the_next_block + 3, title="Alpha", category=ceramics)

    found = best("alpha")

    assert added.pk in {place.pk for place in found.places}


@pytest.mark.usefixtures("large_shop")
@pytest.mark.parametrize("word", EACH)
def test_each_page_goes_on_where_the_last_ended_until_all_were_seen(word: str):
    # The nearest alone are over before the last page, where what is farther counts as well.
    seen, after = [], None

    while places := best(word, after=after, most=7).places:
        seen += places
        after = places[-1]

    assert seen == best(word).places


@pytest.mark.usefixtures("large_shop")
def test_the_index_of_words_answers_for_blocks_of_ids():
    rows = searching.matching(Listing.objects.all(), "alpha bravo").values("pk")
    sql, values = rows.query.sql_with_params()

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        for bits in BLOCKS:
            cursor.execute(f"EXPLAIN {sql} AND (id >> {bits}) = ANY(%s::bigint[])", [*values, [3, 4]])
            plan = "\n".join(line for (line,) in cursor.fetchall())

            assert "Bitmap Index Scan on listing_search" in plan
            assert plan.count(f"(id >> {bits}) = ANY") == 2  # looked up in the index, and checked once more


def test_every_window_is_of_blocks_the_index_has_and_larger_than_the_one_before():
    windows = (candidates.NEAREST, *candidates.FARTHER)

    assert {window.bits for window in windows} <= set(BLOCKS)
    for newest in (3_000_000, 4_194_303, 4_194_304, 10_000_001):
        sizes = [window.size(newest) for window in windows]
        assert sizes == sorted(set(sizes))
        for window in windows:
            assert (newest - window.size(newest) + 1) >> window.bits == window.numbers(newest)[0]


@pytest.mark.usefixtures("large_shop")
def test_what_is_near_and_rare_is_counted_once(ceramics: Category, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(candidates, "CANDIDATES", 500)
    near = ListingFactory(pk=NEWEST + 1, title="Zulu", category=ceramics)
    old = ListingFactory(pk=7, title="Zulu", category=ceramics)

    found = best("zulu")

    assert [place.pk for place in found.places] == [near.pk, old.pk]
    assert found.count == 2
