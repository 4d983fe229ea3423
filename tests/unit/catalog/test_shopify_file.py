"""A product file is read for what it says, however it is written; and what is wrong is said by line and column."""

import io
import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import exporting, shopify
from catalog.importing import plans
from catalog.models import Category, Listing, Variant
from catalog.plain_text import from_html, tidied
from catalog.shopify import NotAProductFile, Problem, Product, Reader, cells
from catalog.shopify import reader as reader_module
from catalog.shopify.columns import COLUMNS
from catalog.shopify.writer import to_html

HEADER = "Handle,Title,Variant Price,Variant Inventory Qty,Body (HTML),Image Src,Variant Requires Shipping,Gift Card"

COUNTED = COLUMNS["counted"][0]


def read(data: bytes) -> tuple[list[Product], list[Problem]]:
    """The products of a file and everything said about it."""
    file = io.BytesIO(data)
    reader = Reader(file, shopify.look(file), lambda _handle, _number: "eur")
    reader.survey()
    return list(reader.products()), reader.problems


def text(*lines: str, header: str = HEADER) -> bytes:
    return "\r\n".join((header, *lines)).encode()


def said(*lines: str, header: str = HEADER) -> str:
    """The problems of a file that has some, and no product."""
    products, problems = read(text(*lines, header=header))
    assert products == []
    return "\n".join(str(problem) for problem in problems)


def cell(**given: str) -> str:
    """A good line with some cells changed."""
    values = {"Handle": "jug", "Title": "Jug", "Variant Price": "9.50", "Variant Inventory Qty": "3"} | {
        name.replace("_", " "): value for name, value in given.items()
    }
    return ",".join(f'"{values.get(name, "")}"' for name in HEADER.split(","))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"Variant_Price": "cheap"}, "line 2, column “Variant Price”: “cheap”: Enter an amount like 19.99."),
        ({"Variant_Price": "1.999"}, "EUR has 2 decimals; this has more. Enter an amount like 19.99."),
        ({"Variant_Price": "1,999"}, "EUR has 2 decimals; this has more."),
        ({"Variant_Price": "1.20.00,5"}, "Enter an amount like 19.99."),
        ({"Variant_Price": "-1"}, "Enter an amount of zero or more."),
        ({"Variant_Price": "0.00"}, "Enter a price of more than zero."),
        ({"Variant_Price": ""}, "There is no price."),
        ({"Variant_Price": "$19.99"}, "“$19.99” is not in EUR. Enter the amount in EUR"),
        ({"Variant_Price": "19.99 USD"}, "“19.99 USD” is not in EUR."),
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
def test_a_bad_cell_is_named_by_line_and_column_with_a_remedy(given: dict[str, str], words: str) -> None:
    assert words in said(cell(**given))


@pytest.mark.parametrize(
    ("price", "minor"),
    [("19.99", 1999), ("19,99", 1999), ("1,299.50", 129950), ("1.299,50", 129950), ("€ 5", 500), ("12 EUR", 1200)],
)
def test_a_price_is_read_as_people_write_it(price: str, minor: int) -> None:
    assert cells.price(price, "eur") == minor


def test_another_currency_counts_its_own_decimals() -> None:
    assert cells.price("1,200", "jpy") == 1200
    with pytest.raises(ValueError, match="Amounts in JPY are whole"):
        cells.price("12.50", "jpy")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "This is not a product export"),
        (b"PK\x03\x04 and more", "This is a spreadsheet, not a CSV file."),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "line 1: There is a NUL character"),
        (text("a,b\x00"), "line 2: There is a NUL character"),
        (text(cell(Title="Bär")) + b"\r\nb,B\xe4r,1", "line 3: This letter is damaged"),
        ((HEADER + "\r\nb,B").encode() + b"\x81\r\n", "line 2: This is neither UTF-8 nor Windows-1252 text."),
        (text(), "There is no product in it."),
        (text("x" * 200_000), "line 2: This cannot be read"),
        (text('bowl,"Bowl,,,'), "quotation mark that is not closed"),
        (text("a,b,1,2,,,,,more"), "line 2: There are 9 cells, but 8 columns."),
        (b"Handle,Title\r\na,b", "line 1, column “Variant Price”: This column is missing."),
        (b"Handle,Title,Variant Price,Title\r\na,b,1,c", "line 1, column “Title”: This column is there twice."),
        (b"name;colour\r\na;b", "This is not a product export"),
    ],
    ids="empty xlsx png nul mixed binary header huge quote wide column twice other".split(),
)
def test_a_file_that_is_something_else_is_refused_in_a_sentence(data: bytes, words: str) -> None:
    try:
        products, problems = read(data)
    except NotAProductFile as refusal:
        products, problems = [], [refusal.problem]

    assert products == []
    assert words in "\n".join(str(problem) for problem in problems)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encodings_and_separators_are_found_out(encoding: str, separator: str) -> None:
    lines = [["Variant Price", "Extra", "TITLE", "handle"], ["19.99", "", "Bär – “Größe”", "bear"]]

    products, problems = read("\r\n".join(separator.join(line) for line in lines).encode(encoding))

    assert [(product.title, product.offers[0].price) for product in products] == [("Bär – “Größe”", 1999)]
    assert [problem.is_note for problem in problems] == ([True] if encoding == "cp1252" else [])


def test_what_excel_writes_before_the_header_is_read_and_lines_still_count_right() -> None:
    _products, problems = read(b"sep=;\r\nHandle;Title;Variant Price\r\na;A;1\r\nb;B;x")

    assert [problem.line for problem in problems] == [4]


def test_the_newer_names_of_the_columns_are_understood() -> None:
    header = (
        "Title,URL handle,Description,Type,Price,SKU,Inventory quantity,Requires shipping,Product image URL,"
        "Variant image URL,Option1 name,Option1 value,Published on online store,Status"
    )
    line = (
        "Song,song,<b>Loud</b>,Music,1.50,S1,9,false,https://i.example/s.png,https://i.example/v.png,Size,L,TRUE,Active"
    )

    (song,), problems = read(text(line, header=header))

    assert problems == []
    assert (song.description, song.shelves, song.delivery, song.is_published) == ("Loud", ("Music",), "unshipped", True)
    assert (song.options, song.offers[0].values, song.offers[0].sku) == (("Size",), ("L",), "S1")
    assert song.images == (("https://i.example/s.png", ""), ("https://i.example/v.png", ""))


def test_without_a_handle_column_the_title_makes_it() -> None:
    (bowl,), _problems = read(b"Title,Price\r\nOak Bowl,12")

    assert bowl.key == "oak-bowl"


def test_quoted_line_breaks_stay_inside_their_cell_and_lines_are_counted_right() -> None:
    body = '"<p>One,</p>\r\n<p>two</p>\r\n\r\n<ul><li>a ""b""</li><li>c</li></ul><script>alert(1)</script>"'

    (bowl,), problems = read(text(f"bowl,Bowl,12,1,{body},,,", cell(Handle="late", Variant_Price="cheap")))

    assert bowl.description == 'One,\n\ntwo\n\n– a "b"\n– c'
    assert [(problem.line, problem.column) for problem in problems] == [(6, "Variant Price")]


def test_rows_that_stand_apart_come_together_and_blank_lines_are_nothing() -> None:
    header = "Handle,Title,Option1 Name,Option1 Value,Price"
    lines = ("a,A,Size,S,1", "b,B,,,2", "", ",,,,", "a,,,M,3")

    products, problems = read(text(*lines, header=header))

    assert problems == []
    assert [(product.key, [offer.values for offer in product.offers]) for product in products] == [
        ("b", [()]),
        ("a", [("S",), ("M",)]),
    ]


def test_two_products_with_one_handle_are_told_apart() -> None:
    words = said("a,A,1,,,,,", "a,Other,1,,,,,")

    assert "line 3, column “Title”: Line 2 has the same handle and another title, “A”." in words
    assert "line 3, column “Handle”: Line 2 has the same handle and options." in words


def test_more_options_or_variants_than_there_is_room_for_are_refused() -> None:
    header = "Handle,Title,Price,Option1 Name,Option1 Value"
    many = [f"a,{'A' if n == 0 else ''},1,Size,{n}" for n in range(200)]
    fourth = said("a,A,1,Size,S,Blue", header=f"{header},Option4 Value")

    assert "There are 200 variants; a listing has room for 100." in said(*many, header=header)
    assert "line 2, column “Option4 Value”: There are more than three options." in fourth


def test_a_value_that_is_missing_is_named() -> None:
    header = "Handle,Title,Price,Option1 Name,Option1 Value,Option2 Name,Option2 Value"

    words = said("a,A,1,Size,S,Colour,Blue", "a,,1,,M,,", header=header)

    assert "line 3, column “Option2 Value”: The value of this option is missing." in words


def test_an_oversold_stock_is_none_and_said_so() -> None:
    (jug,), problems = read(text(cell(Variant_Inventory_Qty="-3")))

    assert jug.offers[0].quantity == 0
    assert "-3 is read as 0" in problems[0].message
    assert problems[0].is_note


def test_a_formula_is_text_on_the_way_in_and_guarded_on_the_way_out() -> None:
    products, _problems = read(text(cell(Title="=HYPERLINK(0)"), cell(Handle="b", Title="'@sum")))

    assert [product.title for product in products] == ["=HYPERLINK(0)", "@sum"]


ANYTHING = st.text(st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=["Cs"]), max_size=80)
MARKUP = st.lists(
    st.sampled_from(["<b>", "</p>", "&amp;", "&lt;", "\n", "\n\n", "  ", "– ", "a", "<", "&#39;", "é"])
).map("".join)


@settings(max_examples=60)
@given(ANYTHING | MARKUP)
def test_text_written_as_html_is_read_as_the_same_text(written: str) -> None:
    assert from_html(to_html(written)) == tidied(written)


def test_a_kept_product_is_the_product_that_was_kept() -> None:
    (jug,), _problems = read(text(cell(Image_Src="https://i.example/1.jpg")))

    assert Product.from_json(jug.as_json()) == jug


WORD = (
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=12)
    .map(lambda written: " ".join(written.split()))
    .filter(bool)
)
SKUS = st.text(string.ascii_letters + string.digits + "=+-@'", max_size=8)


@st.composite
def listings(draw: st.DrawFn) -> tuple[Listing, list[Variant]]:
    """A listing as a seller may have it, with its variants; nothing of it is stored."""
    has_options = draw(st.booleans())
    listing = Listing(
        pk=draw(st.integers(1, 10**9)),
        category=Category(name=draw(WORD), slug="shelf"),
        title=draw(WORD),
        slug="thing",
        import_key=draw(st.none() | WORD),
        description=draw(ANYTHING | MARKUP),
        price=draw(st.integers(1, 99_999_999)),
        currency="eur",
        delivery=draw(st.sampled_from(Listing.Delivery.values)),
        status=draw(st.sampled_from(["draft", "hidden"])),
        available=draw(st.integers(0, 1_000_000)),
        imported_quantity=draw(st.none() | st.integers(-100, 1_000_000)),
        image_addresses=draw(
            st.lists(st.sampled_from([f"https://i.example/{n}.jpg?a=1" for n in range(9)]), unique=True)
        ),
        options=draw(st.lists(WORD, min_size=1, max_size=3, unique_by=str.casefold)) if has_options else [],
    )
    values = st.lists(WORD, min_size=len(listing.options), max_size=len(listing.options))
    found = draw(st.lists(values, min_size=1, max_size=5, unique_by=tuple)) if has_options else []
    variants = [
        Variant(
            values=each,
            sku=draw(SKUS),
            price=draw(st.integers(1, 99_999_999)),
            available=draw(st.integers(0, 1_000_000)),
            imported_quantity=draw(st.none() | st.integers(0, 1_000_000)),
        )
        for each in found
    ]
    return listing, variants


def test_a_long_cell_in_the_place_of_a_price_is_refused_at_once() -> None:
    begun = time.monotonic()

    with pytest.raises(ValueError, match="Enter an amount"):
        cells.price("€" + " " * 20_000 + "x", "eur")

    assert time.monotonic() - begun < 1


def test_a_separator_line_that_names_the_quotation_mark_is_no_separator_line() -> None:
    products, problems = read(b'sep="\r\n' + text(cell()))

    assert products == []
    assert problems


def test_a_file_of_broken_rows_only_is_not_all_kept_in_mind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "MOST_LINES", 10)

    products, problems = read(b"Handle,Title,Variant Price\r\n" + b"a,b,1,d\r\n" * 1000)

    assert products == []
    assert len(problems) == 11


def test_a_count_no_shop_can_have_is_told_and_not_added() -> None:
    words = said("jug,Jug,9.50,3,0 of 9999999999", header="Handle,Title,Variant Price,Variant Inventory Qty," + COUNTED)

    assert "was changed. Leave this column as it was exported." in words


@settings(max_examples=40)
@given(st.lists(listings(), min_size=1, max_size=3, unique_by=lambda each: each[0].pk))
def test_importing_an_export_changes_nothing(found: list[tuple[Listing, list[Variant]]]) -> None:
    keys = [listing.import_key for listing, _variants in found]
    found = [each for at, each in enumerate(found) if each[0].import_key is None or each[0].import_key not in keys[:at]]
    out = io.StringIO(newline="")
    writer = exporting.csv.writer(out)
    writer.writerow(shopify.HEADER)
    for listing, variants in found:
        writer.writerows(exporting.rows_of(listing, variants))

    products, problems = read(out.getvalue().encode())

    assert problems == []
    for product, (listing, variants) in zip(products, found, strict=True):
        outcome = plans.compare(product, listing, variants, listing.category)
        assert (outcome.kind, outcome.changes, outcome.problems) == ("unchanged", [], [])
        assert product.listing == listing.pk
