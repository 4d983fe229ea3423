"""What the demo's shops sell as a download can be opened."""

from io import BytesIO

from pypdf import PdfReader

from marketplace.demo.goods import shops
from marketplace.demo.leaflet import leaflet


def test_a_leaflet_is_a_page_with_its_title_and_its_shop() -> None:
    drawn = leaflet("Glaze notebook (PDF)", "Recipes, with what went wrong “beside”.", "Tanner & Sons")

    (page,) = PdfReader(BytesIO(drawn), strict=True).pages
    words = page.extract_text()
    assert "Glaze notebook (PDF)" in words
    assert "“beside”" in words
    assert "Tanner & Sons" in words


def test_what_the_demo_sells_as_a_download_can_all_be_written_as_one() -> None:
    goods = [good for shop in shops() for good in shop.goods if good.delivery == "digital"]

    assert goods
    assert not any("?" in f"{good.title}{good.text}".encode("cp1252", "replace").decode("cp1252") for good in goods)
