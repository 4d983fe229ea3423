"""An import on its way: read by a worker, confirmed by a person, written whole, however often a worker dies."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.base import ContentFile

from accounts.models import ConnectedAccount, Seller
from catalog import exporting, stock
from catalog.importing import bell, runs
from catalog.importing.runs import ImportRefused, Lease, TakenOver
from catalog.models import Category, ImportItem, ImportRun, Listing, Variant
from kit.clock import fixed_at
from kit.faults import armed
from kit.transitions import IllegalMove, LostRace
from tests.factories import ListingFactory, VariantFactory

pytestmark = pytest.mark.django_db

Status = ImportRun.Status
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
BOB = "bob@example.org"
FILE = (
    "Handle,Title,Body (HTML),Published,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price\r\n"
    "jug,Jug,Round.,true,,,J1,4,10\r\n"
    "shirt,Shirt,=soft,true,Size,S,A,2,20\r\n"
    "shirt,,,,,M,B,3,22\r\n"
)


class Died(BaseException):
    """The worker's process is gone."""


@pytest.fixture(autouse=True)
def shop(bobs_shop: Seller, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seller]:
    Category.objects.get_or_create(slug="other", defaults={"name": "Other finds"})
    monkeypatch.setattr(bell, "ring", lambda: None)
    with fixed_at(NOON):
        yield bobs_shop


def upload(seller: Seller, text: str = FILE, name: str = "products.csv") -> ImportRun:
    return runs.start(seller, ContentFile(text.encode()), name=name, actor=BOB)


def ready(seller: Seller, text: str = FILE) -> ImportRun:
    """A file that was read and waits for a yes."""
    run = upload(seller, text)
    runs.work()
    run.refresh_from_db()
    assert run.status == Status.READY, run.problems
    return run


def bring(seller: Seller, text: str = FILE, *, publish: bool = False) -> ImportRun:
    """The whole way."""
    run = ready(seller, text)
    runs.confirm(run, actor=BOB, publish=publish)
    runs.work()
    run.refresh_from_db()
    return run


def everything(seller: Seller) -> list[object]:
    """All that a seller has, to see whether anything changed."""
    own = Listing.objects.filter(seller=seller).order_by("pk")
    return [list(own.values()), list(Variant.objects.filter(listing__in=own).order_by("pk").values())]


def died() -> None:
    raise Died


def test_a_file_is_read_then_waits_then_comes_in_and_is_forgotten(shop: Seller) -> None:
    run = upload(shop)
    kept, name = run.file.storage, run.file.name
    assert kept.exists(name)

    runs.work()
    run.refresh_from_db()
    assert (run.status, run.new, run.changed, run.publishable, run.lines) == ("ready", 2, 0, 2, 3)
    assert not Listing.objects.exists()

    runs.confirm(run, actor=BOB, publish=True)
    runs.work()
    run.refresh_from_db()
    assert (run.status, run.published, run.file.name) == ("done", 2, "")
    assert [move.to_status for move in run.moves.all()] == ["ready", "confirmed", "done"]
    assert Listing.objects.filter(status="published").count() == 2


def test_a_worker_that_dies_while_reading_leaves_the_file_to_the_next(shop: Seller) -> None:
    run = upload(shop)

    with armed("import.reading", died), pytest.raises(Died):
        runs.work()
    too_early = runs.work()
    with fixed_at(NOON + runs.LEASE):
        later = runs.work()

    run.refresh_from_db()
    assert (too_early, later) == (0, 1)
    assert (run.status, run.items.count()) == ("ready", 2)


def test_a_worker_that_dies_while_writing_leaves_nothing_behind_and_the_next_does_it_all(shop: Seller) -> None:
    run = ready(shop)
    runs.confirm(run, actor=BOB, publish=False)

    with armed("import.applied", died), pytest.raises(Died):
        runs.work()
    left = Listing.objects.count()
    with fixed_at(NOON + runs.LEASE):
        runs.work()

    run.refresh_from_db()
    assert (left, run.status, Listing.objects.count()) == (0, "done", 2)


def test_what_a_worker_finds_after_its_lease_was_taken_over_does_not_count(shop: Seller) -> None:
    run = upload(shop)
    slow = runs.claim()
    assert slow is not None
    with fixed_at(NOON + runs.LEASE):
        runs.work()
    read = list(ImportItem.objects.filter(run=run).order_by("position").values_list("pk", "key"))

    with pytest.raises(TakenOver):
        runs.read_now(Lease(slow.run, slow.attempt))

    run.refresh_from_db()
    kept = list(ImportItem.objects.filter(run=run).order_by("position").values_list("pk", "key"))
    assert (run.status, len(kept), kept) == ("ready", 2, read)


def test_a_file_that_ends_every_worker_is_given_up_and_the_others_go_on(shop: Seller) -> None:
    poison, good = upload(shop), upload(shop)
    ImportRun.objects.filter(pk=poison.pk).update(attempts=runs.MOST_ATTEMPTS)

    runs.work()

    assert dict(ImportRun.objects.values_list("pk", "status")) == {poison.pk: "failed", good.pk: "ready"}


def test_listings_that_changed_since_the_preview_are_told_and_nothing_is_written(shop: Seller) -> None:
    bring(shop)
    run = ready(shop, FILE.replace("jug,Jug,", "jug,Jar,").replace("4,10", "4,11"))
    Listing.objects.filter(import_key="jug").update(title="Jug by hand")
    before = everything(shop)

    runs.confirm(run, actor=BOB, publish=False)
    runs.work(1)
    run.refresh_from_db()
    assert (run.status, run.overtaken) == ("waiting", ["Jar"])
    assert everything(shop) == before

    runs.work(1)
    run.refresh_from_db()
    assert (run.status, run.overtaken) == ("ready", ["Jar"])
    assert run.items.get(kind="changed").changes[0] | {"of": ""} == {
        "what": "title",
        "of": "",
        "before": "Jug by hand",
        "after": "Jar",
    }


def test_a_product_that_came_to_be_since_the_preview_is_not_doubled(shop: Seller) -> None:
    first, second = ready(shop), ready(shop)
    runs.confirm(first, actor=BOB, publish=False)
    runs.work()

    runs.confirm(second, actor=BOB, publish=False)
    runs.work(1)

    second.refresh_from_db()
    assert (second.status, Listing.objects.count()) == ("waiting", 2)


def test_a_sale_between_preview_and_yes_is_no_change_and_stays_sold(shop: Seller) -> None:
    bring(shop, publish=True)
    run = ready(shop, FILE.replace("4,10", "6,10").replace("A,2", "A,9"))
    small = Variant.objects.get(sku="A")
    stock.reserve(stock.Goods(Listing.objects.get(import_key="jug").pk), 3)
    stock.reserve(stock.Goods(small.listing_id, small.pk), 2)

    runs.confirm(run, actor=BOB, publish=False)
    runs.work()

    run.refresh_from_db()
    small.refresh_from_db()
    assert run.status == "done"
    assert Listing.objects.get(import_key="jug").available == 4 - 3 + 2
    assert (small.available, Listing.objects.get(import_key="shirt").available) == (2 - 2 + 7, 7 + 3)


def test_a_variant_withdrawn_by_hand_is_offered_again_by_a_file_that_names_it(shop: Seller) -> None:
    bring(shop)
    Variant.objects.filter(sku="A").update(withdrawn_at=NOON)

    bring(shop)

    assert Variant.objects.get(sku="A").withdrawn_at is None
    assert Listing.objects.get(import_key="shirt").available == 5


def test_an_import_exported_and_imported_again_changes_nothing(shop: Seller) -> None:
    bring(shop, publish=True)
    ListingFactory(seller=shop, description="=1+1\n\n– <b>\n  two  spaces", available=7, imported_quantity=None)
    VariantFactory(listing__seller=shop, listing__options=["Size"], listing__delivery="pickup", values=["'+1 "])
    stock.reserve(stock.Goods(Listing.objects.get(import_key="jug").pk), 1)
    before = everything(shop)

    run = bring(shop, "".join(exporting.lines(shop)), publish=True)

    assert (run.new, run.changed, run.unchanged) == (0, 0, 4)
    assert everything(shop) == before


def test_an_export_with_changes_adds_exactly_the_change_also_after_sales_and_also_twice(shop: Seller) -> None:
    lamp = ListingFactory(seller=shop, available=10, title="Lamp", slug="lamp")
    exported = "".join(exporting.lines(shop)).replace(",10,24.00", ",15,24.00")
    assert ",15,24.00" in exported
    stock.reserve(stock.Goods(lamp.pk), 4)

    bring(shop, exported)
    bring(shop, exported)

    lamp.refresh_from_db()
    assert (lamp.available, Listing.objects.count()) == (10 - 4 + 5, 1)


def test_another_shops_export_is_new_here_even_where_numbers_coincide(shop: Seller) -> None:
    own = ListingFactory(seller=shop, title="Lamp", slug="lamp")
    theirs = "".join(exporting.lines(shop)).replace(f"lamp-{own.pk}", "vase").replace("Lamp", "Vase")

    bring(shop, theirs)

    own.refresh_from_db()
    assert (own.title, Listing.objects.filter(import_key="vase").count()) == ("Lamp", 1)


def test_prices_are_in_the_currency_of_a_listing_that_has_another(shop: Seller) -> None:
    yen = ListingFactory(seller=shop, currency="jpy", price=1200, slug="lamp")
    exported = "".join(exporting.lines(shop))

    bring(shop, exported.replace(",1200,", ",1500,"))

    yen.refresh_from_db()
    assert (yen.price, yen.currency) == (1500, "jpy")


def test_publishing_is_asked_of_the_seller_at_the_yes_and_once_more_at_the_end(shop: Seller) -> None:
    early, late = ready(shop), ready(shop, FILE.replace("jug", "jar").replace("shirt", "coat"))
    runs.confirm(late, actor=BOB, publish=True)
    ConnectedAccount.objects.update(transfers="pending")

    with pytest.raises(ImportRefused, match="cannot be published yet"):
        runs.confirm(early, actor=BOB, publish=True)
    runs.work()

    late.refresh_from_db()
    assert (late.status, late.published) == ("done", 0)
    assert not Listing.objects.exclude(status="draft").exists()


def test_a_yes_counts_once_and_what_is_over_cannot_be_discarded(shop: Seller) -> None:
    run, same = ready(shop), ImportRun.objects.get()
    runs.confirm(run, actor=BOB, publish=False)

    with pytest.raises(LostRace):
        runs.confirm(same, actor=BOB, publish=False)
    with pytest.raises(ImportRefused):
        runs.confirm(run, actor=BOB, publish=False)
    with pytest.raises(IllegalMove):
        runs.discard(run, actor=BOB)


def test_two_products_of_a_file_are_not_both_the_same_listing(shop: Seller) -> None:
    jug = ListingFactory(seller=shop, title="Jug", slug="jug")
    header, row = [line for line in "".join(exporting.lines(shop)).splitlines() if line]
    copied = row.replace(f"jug-{jug.pk},Jug", f"blue-jug-{jug.pk},Blue jug")
    run = upload(shop, "\r\n".join([header, row, copied, ""]))

    runs.work()

    run.refresh_from_db()
    assert (run.status, [problem["line"] for problem in run.problems]) == ("refused", [3])
    assert "line 2" in run.problems[0]["message"]


def test_only_so_many_files_wait_and_each_only_so_long(shop: Seller) -> None:
    for _each in range(runs.MOST_OPEN):
        upload(shop)

    with pytest.raises(ImportRefused, match="Ten of your files wait"):
        upload(shop)
    runs.work()
    with fixed_at(NOON + runs.KEPT + timedelta(seconds=1)):
        runs.forget_old()

    assert set(ImportRun.objects.values_list("status", flat=True)) == {"discarded"}
    assert not ImportItem.objects.exists()
