"""A product file in Shopify's format comes in whole, or not at all."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import ConnectedAccount, Seller
from catalog import stock
from catalog.models import Category, Listing
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


def load(tmp_path: Path, *lines: str, header: str = HEADER, publish: bool = False, encoding: str = "utf-8") -> str:
    """Import the lines as a file of Bob's; what the command said."""
    return load_bytes(tmp_path, "\r\n".join((header, *lines)).encode(encoding), publish=publish)


def load_bytes(tmp_path: Path, data: bytes, *, publish: bool = False) -> str:
    file = tmp_path / "products.csv"
    file.write_bytes(data)
    said = StringIO()
    call_command("import_listings", "bob@example.org", str(file), publish=publish, stdout=said)
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
    assert (jug.price, jug.currency, jug.available) == (8900, "eur", 4)
    assert jug.description == "Thrown by hand."
    assert (jug.delivery, jug.import_key) == ("shipped", "moon-jug")
    assert jug.image_addresses == ["https://img.example/jug.jpg"]
    assert "1 new, 0 updated, 0 published" in said


def test_variants_are_listings_of_their_own_with_all_images(tmp_path: Path):
    load(tmp_path, *SHIRT)

    small, medium = Listing.objects.order_by("pk")
    assert (small.title, small.price, small.available) == ("Linen Shirt - Small / Blue", 5000, 2)
    assert (medium.title, medium.price, medium.available) == ("Linen Shirt - Medium / Blue", 5550, 0)
    assert medium.import_key == "linen-shirt/Medium/Blue"
    assert medium.description == "Soft."
    assert small.image_addresses == [f"https://img.example/{n}.jpg" for n in (1, 2, 3)]
    assert medium.image_addresses[0] == "https://img.example/blue.jpg"
    assert len(medium.image_addresses) == 4


def test_the_type_names_the_category_and_everything_else_goes_to_the_general_one(tmp_path: Path):
    load(tmp_path, JUG, *SHIRT)

    shelves = dict(Listing.objects.values_list("import_key", "category__slug"))
    assert shelves == {"moon-jug": "other", "linen-shirt/Small/Blue": "clothing", "linen-shirt/Medium/Blue": "clothing"}


def test_a_missing_general_category_is_made(tmp_path: Path):
    Category.objects.filter(slug="other").delete()

    load(tmp_path, JUG)

    assert Listing.objects.get().category.slug == "other"


def test_importing_again_updates_and_doubles_nothing(tmp_path: Path):
    load(tmp_path, JUG, *SHIRT)
    said = load(tmp_path, cells(Title="Moon Jug, large", Variant_Price="95"), *SHIRT)

    assert Listing.objects.count() == 3
    jug = Listing.objects.get(import_key="moon-jug")
    assert (jug.title, jug.slug, jug.price) == ("Moon Jug, large", "moon-jug-large", 9500)
    assert "0 new, 3 updated" in said


def test_importing_the_same_file_again_keeps_what_was_sold_since(tmp_path: Path):
    load(tmp_path, JUG, publish=True)
    stock.reserve(stock.Goods(Listing.objects.get().pk), 3)

    load(tmp_path, JUG)

    assert Listing.objects.get().available == 1


def test_a_new_quantity_changes_the_stock_by_the_difference(tmp_path: Path):
    load(tmp_path, JUG, publish=True)
    stock.reserve(stock.Goods(Listing.objects.get().pk), 3)

    load(tmp_path, cells(Variant_Inventory_Qty="10"))
    after_more = Listing.objects.get().available
    said = load(tmp_path, cells(Variant_Inventory_Qty="1"))

    assert after_more == 7
    assert Listing.objects.get().available == 0
    assert "more were sold here than the file takes away" in said


def test_a_category_the_seller_chose_by_hand_stays(tmp_path: Path, ceramics: Category):
    load(tmp_path, JUG)
    Listing.objects.update(category=ceramics)

    load(tmp_path, JUG)

    assert Listing.objects.get().category == ceramics


def test_another_sellers_listing_with_the_same_handle_is_left_alone(tmp_path: Path):
    other: Listing = ListingFactory(seller=SellerFactory(), import_key="moon-jug", title="Not Bob's")

    load(tmp_path, JUG)

    other.refresh_from_db()
    assert other.title == "Not Bob's"
    assert Listing.objects.count() == 2


def test_publish_puts_them_into_the_shop_except_those_the_file_holds_back(tmp_path: Path):
    said = load(tmp_path, JUG, cells(Handle="b", Published="false"), cells(Handle="c", Status="draft"), publish=True)

    assert dict(Listing.objects.values_list("import_key", "status")) == {
        "moon-jug": "published",
        "b": "draft",
        "c": "draft",
    }
    assert "1 published" in said


def test_publish_is_refused_whole_while_the_seller_cannot_be_paid(tmp_path: Path):
    ConnectedAccount.objects.update(transfers="pending")

    with pytest.raises(CommandError, match=r"cannot be published yet\. Stripe is checking"):
        load(tmp_path, JUG, publish=True)

    assert not Listing.objects.exists()


def test_publish_names_the_line_that_lacks_something_and_imports_nothing(tmp_path: Path):
    with pytest.raises(CommandError, match=r"line 3: Bowl: Describe it"):
        load(tmp_path, JUG, cells(Handle="b", Title="Bowl", **{"Body (HTML)": ""}), publish=True)

    assert not Listing.objects.exists()


def test_a_byte_order_mark_other_columns_and_another_order_are_fine(tmp_path: Path):
    line = "19.99,Extra,Bowl,bowl\r\n"

    load_bytes(tmp_path, ("\ufeffvariant price,Something New,TITLE,handle\r\n" + line).encode())

    bowl = Listing.objects.get()
    assert (bowl.title, bowl.price, bowl.available, bowl.delivery) == ("Bowl", 1999, 1, "shipped")


def test_the_newer_names_of_the_columns_are_understood(tmp_path: Path):
    header = "Title,URL handle,Description,Price,Inventory quantity,Requires shipping,Product image URL,Status"

    load(tmp_path, "Song,song,<b>Loud</b>,1.50,9,false,https://img.example/s.png,Active", header=header)

    song = Listing.objects.get()
    assert (song.description, song.price, song.available, song.delivery) == ("Loud", 150, 9, "digital")


def test_quoted_line_breaks_stay_inside_their_cell_and_lines_are_counted_right(tmp_path: Path):
    body = '"<p>One,</p>\r\n<p>two</p>\r\n\r\n<ul><li>a ""b""</li><li>c</li></ul>"'
    line = f"bowl,Bowl,{body},,,true,Title,Default Title,,,,1,12,true,,,false,active"

    said = refused(tmp_path, line, cells(Handle="late", Variant_Price="cheap"))
    load(tmp_path, line)

    assert "line 6, column “Variant Price”" in said
    assert Listing.objects.get().description == 'One,\n\ntwo\n\n– a "b"\n– c'


def test_blank_lines_are_nothing(tmp_path: Path):
    load(tmp_path, "", JUG, ",,,", "")

    assert Listing.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"Variant_Price": "cheap"}, "line 2, column “Variant Price”: “cheap”: Enter an amount like 19.99."),
        ({"Variant_Price": "1.999"}, "EUR has 2 decimals; this has more."),
        ({"Variant_Price": "-1"}, "Enter an amount of zero or more."),
        ({"Variant_Price": "0.00"}, "Enter a price of more than zero."),
        ({"Variant_Price": ""}, "There is no price."),
        ({"Variant_Inventory_Qty": "many"}, "line 2, column “Variant Inventory Qty”: “many” is not a whole number."),
        ({"Variant_Inventory_Qty": "1.5"}, "is not a whole number"),
        ({"Variant_Inventory_Qty": "9000000"}, "At most 1,000,000"),
        ({"Handle": ""}, "line 2, column “Handle”: There is none."),
        ({"Title": ""}, "line 2, column “Title”: The product has none."),
        ({"Title": "x" * 141}, "longer than 140 characters"),
        ({"Handle": "x" * 256}, "longer than 255 characters"),
        ({"Body (HTML)": "x" * 20_001}, "longer than 20,000 characters"),
        ({"Image_Src": "javascript:alert(1)"}, "column “Image Src”: This is not an address"),
        ({"Image_Src": "http://["}, "This is not an address"),
        ({"Variant_Requires_Shipping": "perhaps"}, "“perhaps” is neither true nor false."),
        ({"Gift_Card": "true"}, "Gift cards cannot be sold here."),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column_with_a_remedy(tmp_path: Path, given: dict[str, str], said: str):
    assert said in refused(tmp_path, cells(**given))


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


def test_a_bad_row_leaves_earlier_imports_untouched(tmp_path: Path):
    load(tmp_path, JUG)

    refused(tmp_path, cells(Title="Changed"), cells(Handle="b", Variant_Price="x"))

    assert Listing.objects.get().title == "Moon Jug"


def test_the_same_variant_twice_is_refused(tmp_path: Path):
    assert "Line 2 has the same handle and options" in refused(tmp_path, JUG, JUG)


def test_a_stray_comma_is_told_as_such(tmp_path: Path):
    assert "line 2: There are 19 cells, but 18 columns." in refused(tmp_path, JUG + ",more")


def test_a_quotation_mark_that_is_never_closed_is_told_with_its_line(tmp_path: Path):
    said = refused(tmp_path, JUG, 'bowl,"Bowl,,,')

    assert "line 3: This cannot be read" in said
    assert "quotation mark" in said


def test_a_missing_column_is_named(tmp_path: Path):
    assert "line 1, column “Variant Price”: This column is missing." in refused(tmp_path, "a,b", header="Handle,Title")


def test_a_column_twice_is_refused(tmp_path: Path):
    assert "line 1, column “Title”: This column is there twice." in refused(
        tmp_path, "a,b,1,c", header="Handle,Title,Variant Price,Title"
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "This column is missing"),
        (b"\x89PNG\r\n\x1a\n", "line 1: This is not UTF-8 text."),
        ((HEADER + "\r\n" + JUG + "\r\nb,B\u00e4r").encode("latin-1"), "line 3: This is not UTF-8 text."),
        ((HEADER + "\r\n" + JUG).encode("utf-16"), "This is not UTF-8 text."),
        ((HEADER + "\r\n" + "a,b\x00").encode(), "line 2: There is a NUL character."),
        (HEADER.encode(), "There is no product in it."),
        (HEADER.replace(",", ";").encode(), "This column is missing"),
        ((HEADER + "\r\n" + "x" * 200_000).encode(), "line 2: This cannot be read"),
    ],
    ids=["empty", "picture", "latin", "utf16", "nul", "header", "semicolons", "huge"],
)
def test_a_file_that_is_something_else_is_refused(tmp_path: Path, data: bytes, said: str):
    with pytest.raises(CommandError, match="Nothing was imported") as refusal:
        load_bytes(tmp_path, data)

    assert said in str(refusal.value)


def test_an_unknown_seller_or_file_is_told_plainly(tmp_path: Path):
    with pytest.raises(CommandError, match="Nobody with the address"):
        call_command("import_listings", "charlie@example.org", "x.csv")
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("import_listings", "bob@example.org", str(tmp_path / "none.csv"))


def test_a_thousand_rows_take_a_constant_number_of_queries(tmp_path: Path, django_assert_max_num_queries: object):
    lines = [cells(Handle=f"jug-{n}") for n in range(1000)]

    with django_assert_max_num_queries(16):
        load(tmp_path, *lines)

    assert Listing.objects.count() == 1000
