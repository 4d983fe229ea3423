"""A product file in Shopify's format comes in whole, or not at all: from the shell."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import ConnectedAccount, Seller
from catalog import stock
from catalog.models import Category, ImportItem, ImportRun, Listing, ListingEdit, StockChange, Variant
from tests.factories import ListingFactory, SellerFactory

pytestmark = pytest.mark.django_db

HEADER = (
    "Handle,Title,Body (HTML),Vendor,Type,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,"
    "Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Variant Requires Shipping,Image Src,Variant Image,"
    "Gift Card,Status"
)
JUG = "moon-jug,Moon Jug,<p>Thrown by hand.</p>,Tanner,,true,Title,Default Title,,,shopify,4,89.00,true,https://img.example/jug.jpg,,false,active"
SHIRT = (
    "linen-shirt,Linen Shirt,Soft.,Tanner,Clothing,true,Size,Small,Colour,Blue,shopify,2,50,true,https://img.example/1.jpg,,false,active",
    "linen-shirt,,,,,,,Medium,,Blue,shopify,0,55.50,true,https://img.example/2.jpg,https://img.example/blue.jpg,,",
    "linen-shirt,,,,,,,,,,,,,,https://img.example/3.jpg,,,",
)


@pytest.fixture(autouse=True)
def shop(bobs_shop: Seller) -> Seller:
    Category.objects.get_or_create(slug="clothing", defaults={"name": "Clothing"})
    return bobs_shop


def load(tmp_path: Path, *lines: str, header: str = HEADER, publish: bool = False, confirm: bool = True) -> str:
    """Import the lines as a file of Bob's; what the command said."""
    return load_bytes(tmp_path, "\r\n".join((header, *lines)).encode(), publish=publish, confirm=confirm)


def load_bytes(tmp_path: Path, data: bytes, *, publish: bool = False, confirm: bool = True) -> str:
    file = tmp_path / "products.csv"
    file.write_bytes(data)
    said = StringIO()
    call_command("import_listings", "bob@example.org", str(file), publish=publish, confirm=confirm, stdout=said)
    return said.getvalue()


def refused(tmp_path: Path, *lines: str, header: str = HEADER) -> str:
    """The same for a file that must not come in."""
    before = Listing.objects.count()
    with pytest.raises(CommandError) as refusal:
        load(tmp_path, *lines, header=header)
    assert refusal.value.returncode == 1
    assert Listing.objects.count() == before
    return str(refusal.value)


def cells(**given: str) -> str:
    """A good line with some cells changed."""
    names = HEADER.split(",")
    values = dict(zip(names, JUG.split(","), strict=True))
    values.update({name.replace("_", " "): value for name, value in given.items()})
    return ",".join(f'"{value}"' for value in values.values())


def test_a_product_becomes_a_draft_in_the_sellers_currency(tmp_path: Path, shop: Seller):
    said = load(tmp_path, JUG)

    jug = Listing.objects.get()
    assert (jug.seller, jug.title, jug.slug, jug.status) == (shop, "Moon Jug", "moon-jug", "draft")
    assert (jug.price, jug.currency, jug.available, jug.options) == (8900, "eur", 4, [])
    assert jug.description == "Thrown by hand."
    assert (jug.delivery, jug.import_key) == ("shipped", "moon-jug")
    assert jug.image_addresses == ["https://img.example/jug.jpg"]
    assert "1 new, 0 updated, 0 unchanged, 0 published" in said


def test_a_product_with_options_becomes_one_listing_with_variants_and_all_images(tmp_path: Path):
    load(tmp_path, *SHIRT)

    shirt = Listing.objects.get()
    small, medium = shirt.variants.all()
    assert (shirt.title, shirt.options, shirt.import_key) == ("Linen Shirt", ["Size", "Colour"], "linen-shirt")
    assert (shirt.price, shirt.highest_price, shirt.available) == (5000, 5550, 2)
    assert (small.values, small.price, small.available) == (["Small", "Blue"], 5000, 2)
    assert (medium.values, medium.price, medium.available) == (["Medium", "Blue"], 5550, 0)
    assert shirt.image_addresses == [
        *(f"https://img.example/{n}.jpg" for n in (1, 2, 3)),
        "https://img.example/blue.jpg",
    ]
    assert [(change.variant, change.delta) for change in StockChange.objects.all()] == [(small, 2)]


def test_the_preview_changes_nothing_and_says_what_would_change(tmp_path: Path):
    load(tmp_path, JUG, *SHIRT)
    shirt = (
        SHIRT[0].replace(",50,", ",52,").replace("shopify,2", "shopify,5"),
        SHIRT[1],
        SHIRT[1].replace("Medium", "Large"),
    )

    said = load(tmp_path, cells(Title="Bowl", Handle="bowl"), JUG, *shirt, SHIRT[2], confirm=False)

    assert "1 new, 1 changed, 1 unchanged" in said
    assert "new      line 2: Bowl: €89.00, 4 in stock, 1 image address" in said
    assert "Price (Small / Blue): €50.00 → €52.00" in said
    assert "In stock (Small / Blue): 2 → 5" in said
    assert "New variant (Large / Blue): €55.50, 0 in stock" in said
    assert "Nothing is imported yet" in said
    assert Listing.objects.count() == 2
    assert not ImportRun.objects.filter(status="ready").exists()


def test_confirming_makes_exactly_those_changes_and_notes_them(tmp_path: Path):
    load(tmp_path, JUG, *SHIRT)

    load(tmp_path, JUG, SHIRT[0].replace(",50,", ",52,"), SHIRT[1].replace("Medium", "Large"), SHIRT[2])

    shirt = Listing.objects.get(import_key="linen-shirt")
    found = {variant.name: variant.price for variant in shirt.variants.all()}
    assert found == {"Small / Blue": 5200, "Medium / Blue": 5550, "Large / Blue": 5550}
    edit = ListingEdit.objects.get()
    assert (edit.listing, edit.version, edit.actor) == (shirt, shirt.version, "bob@example.org")
    assert edit.changes["price Small / Blue"] == [5000, 5200]


def test_the_type_names_the_category_and_everything_else_goes_to_the_general_one(tmp_path: Path):
    load(tmp_path, JUG, *SHIRT)

    shelves = dict(Listing.objects.values_list("import_key", "category__slug"))
    assert shelves == {"moon-jug": "other", "linen-shirt": "clothing"}


def test_a_missing_general_category_is_made(tmp_path: Path):
    Category.objects.filter(slug="other").delete()

    load(tmp_path, JUG)

    assert Listing.objects.get().category.slug == "other"


def test_importing_again_updates_and_doubles_nothing(tmp_path: Path):
    load(tmp_path, JUG, *SHIRT)
    said = load(tmp_path, cells(Title="Moon Jug, large", Variant_Price="95"), *SHIRT)

    assert (Listing.objects.count(), Variant.objects.count()) == (2, 2)
    jug = Listing.objects.get(import_key="moon-jug")
    assert (jug.title, jug.slug, jug.price) == ("Moon Jug, large", "moon-jug-large", 9500)
    assert "0 new, 1 updated, 1 unchanged" in said


def test_importing_the_same_file_again_keeps_what_was_sold_since(tmp_path: Path):
    load(tmp_path, JUG, *SHIRT, publish=True)
    stock.reserve(stock.Goods(Listing.objects.get(import_key="moon-jug").pk), 3)
    small = Variant.objects.get(values=["Small", "Blue"])
    stock.reserve(stock.Goods(small.listing_id, small.pk), 1)
    before = list(Listing.objects.order_by("pk").values())

    said = load(tmp_path, JUG, *SHIRT)

    assert "0 new, 0 updated, 2 unchanged" in said
    assert list(Listing.objects.order_by("pk").values()) == before
    assert set(Listing.objects.values_list("available", flat=True)) == {1}


def test_a_new_quantity_changes_the_stock_by_the_difference(tmp_path: Path):
    load(tmp_path, JUG, publish=True)
    stock.reserve(stock.Goods(Listing.objects.get().pk), 3)

    load(tmp_path, cells(Variant_Inventory_Qty="10"))
    after_more = Listing.objects.get().available
    said = load(tmp_path, cells(Variant_Inventory_Qty="1"))

    assert after_more == 7
    assert Listing.objects.get().available == 0
    assert "more were sold here than the file takes away" in said
    assert list(StockChange.objects.values_list("delta", "left", "reason")) == [
        (4, 4, "import"),
        (6, 7, "import"),
        (-7, 0, "import"),
    ]


def test_a_variants_stock_follows_its_own_difference_and_the_listing_the_sum(tmp_path: Path):
    load(tmp_path, *SHIRT, publish=True)
    small = Variant.objects.get(values=["Small", "Blue"])
    stock.reserve(stock.Goods(small.listing_id, small.pk), 2)

    load(tmp_path, SHIRT[0].replace("shopify,2", "shopify,5"), SHIRT[1].replace("shopify,0", "shopify,7"), SHIRT[2])

    assert dict(Variant.objects.values_list("position", "available")) == {0: 3, 1: 7}
    assert Listing.objects.get().available == 10


def test_a_category_the_seller_chose_by_hand_stays(tmp_path: Path, ceramics: Category):
    load(tmp_path, JUG)
    Listing.objects.update(category=ceramics)

    load(tmp_path, JUG)

    assert Listing.objects.get().category == ceramics


def test_columns_the_file_lacks_leave_a_listing_as_it_is(tmp_path: Path):
    load(tmp_path, JUG)
    Listing.objects.update(delivery="pickup")

    load(tmp_path, "moon-jug,Moon Jug,91", header="Handle,Title,Variant Price")

    jug = Listing.objects.get()
    assert (jug.price, jug.available, jug.delivery, jug.description) == (9100, 4, "pickup", "Thrown by hand.")
    assert jug.image_addresses == ["https://img.example/jug.jpg"]


def test_what_a_file_does_not_name_stays(tmp_path: Path):
    load(tmp_path, JUG, *SHIRT)

    load(tmp_path, SHIRT[0])

    assert Listing.objects.count() == 2
    assert Variant.objects.filter(withdrawn_at=None).count() == 2


def test_another_sellers_listing_with_the_same_handle_is_left_alone(tmp_path: Path):
    other: Listing = ListingFactory(seller=SellerFactory(), import_key="moon-jug", title="Not Bob's")

    load(tmp_path, JUG)

    other.refresh_from_db()
    assert other.title == "Not Bob's"
    assert Listing.objects.count() == 2


def test_publish_puts_them_into_the_shop_except_those_the_file_holds_back(tmp_path: Path):
    bare = cells(Handle="d", **{"Body (HTML)": ""})
    said = load(
        tmp_path, JUG, cells(Handle="b", Published="false"), cells(Handle="c", Status="draft"), bare, publish=True
    )

    assert dict(Listing.objects.values_list("import_key", "status")) == {
        "moon-jug": "published",
        "b": "draft",
        "c": "draft",
        "d": "draft",
    }
    assert "1 published" in said
    assert "1 without a description: still drafts" in said


def test_a_second_import_publishes_the_drafts_of_the_first_and_nothing_that_is_hidden(tmp_path: Path):
    load(tmp_path, JUG, *SHIRT)
    Listing.objects.filter(import_key="linen-shirt").update(status="hidden")

    said = load(tmp_path, JUG, *SHIRT, publish=True)

    assert dict(Listing.objects.values_list("import_key", "status")) == {
        "moon-jug": "published",
        "linen-shirt": "hidden",
    }
    assert "2 unchanged, 1 published" in said


def test_publish_is_refused_whole_while_the_seller_cannot_be_paid(tmp_path: Path):
    ConnectedAccount.objects.update(transfers="pending")

    with pytest.raises(CommandError, match=r"cannot be published yet\. Stripe is checking"):
        load(tmp_path, JUG, publish=True)

    assert not Listing.objects.exists()


def test_what_is_in_the_shop_does_not_lose_its_description(tmp_path: Path):
    load(tmp_path, JUG, publish=True)

    said = refused(tmp_path, cells(**{"Body (HTML)": ""}))

    assert "line 2: “Moon Jug” is in the shop and would lose its description." in said


def test_a_file_cannot_change_which_options_a_listing_has(tmp_path: Path):
    load(tmp_path, JUG, *SHIRT)

    said = refused(tmp_path, JUG, SHIRT[0].replace("Colour,Blue", ","))

    assert "line 3: The listing “Linen Shirt” has the options: Size, Colour; the file has: Size." in said


def test_every_problem_is_told_at_once_in_the_order_of_the_file_and_good_rows_stay_out(tmp_path: Path):
    said = refused(
        tmp_path,
        JUG,
        cells(Handle="b", Variant_Price="x"),
        cells(Handle="c", Title=""),
        cells(Handle="d", Variant_Inventory_Qty="y"),
    )

    assert "3 problems" in said
    assert [said.index(f"line {n}") for n in (3, 4, 5)] == sorted(said.index(f"line {n}") for n in (3, 4, 5))
    assert ImportItem.objects.count() == 1


def test_a_bad_row_leaves_earlier_imports_untouched(tmp_path: Path):
    load(tmp_path, JUG)

    refused(tmp_path, cells(Title="Changed"), cells(Handle="b", Variant_Price="x"))

    assert Listing.objects.get().title == "Moon Jug"


def test_how_many_there_are_is_told_where_a_file_does_not_count(tmp_path: Path):
    header, lines = "Handle,Title,Variant Price", ("a,A,9.50", "b,B,9.50")

    first = load(tmp_path, *lines, header=header)
    again = load(tmp_path, *lines, header=header)

    assert "2 new listings start with 1 in stock each" in first
    assert list(Listing.objects.values_list("available", flat=True)) == [1, 1]
    assert "in stock each" not in again


def test_a_doubtful_cell_is_told_and_does_not_keep_the_file_out(tmp_path: Path):
    said = load(tmp_path, cells(Variant_Inventory_Qty="-3"))

    assert "note: line 2, column “Variant Inventory Qty”: -3 is read as 0" in said
    assert Listing.objects.get().available == 0


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path):
    with (tmp_path / "products.csv").open("wb") as file:
        file.truncate(100 * 1024 * 1024)

    with pytest.raises(CommandError, match=r"larger than 32 MB"):
        call_command("import_listings", "bob@example.org", str(tmp_path / "products.csv"))

    assert not ImportRun.objects.exists()


def test_an_unknown_seller_or_file_is_told_plainly(tmp_path: Path):
    with pytest.raises(CommandError, match="Nobody with the address"):
        call_command("import_listings", "charlie@example.org", "x.csv")
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("import_listings", "bob@example.org", str(tmp_path / "none.csv"))


def test_a_thousand_rows_take_a_constant_number_of_queries(tmp_path: Path, django_assert_max_num_queries: object):
    lines = [cells(Handle=f"jug-{n}") for n in range(1000)]

    with django_assert_max_num_queries(75):
        load(tmp_path, *lines)

    assert Listing.objects.count() == 1000
