"""A seller brings a file in the browser: it is looked at first, and a yes brings all of it in."""

import io
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import ConnectedAccount, Seller
from catalog.importing import bell, progress, runs
from catalog.models import Category, ImportRun, Listing
from tests.factories import ListingFactory, MembershipFactory

pytestmark = pytest.mark.django_db

HEADER = "Handle,Title,Body (HTML),Variant Price,Variant Inventory Qty"
JUG = "jug,Jug,Round.,10,4"


@pytest.fixture(autouse=True)
def shop(bobs_shop: Seller, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seller]:
    Category.objects.get_or_create(slug="other", defaults={"name": "Other finds"})
    monkeypatch.setattr(bell, "ring", lambda: None)
    return bobs_shop


def upload(browser: Client, *lines: str, name: str = "products.csv") -> str:
    """The page a file leads to."""
    file = io.BytesIO("\r\n".join((HEADER, *lines)).encode())
    file.name = name
    answer = browser.post(reverse("catalog:imports"), {"file": file})
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def read(browser: Client, *lines: str) -> str:
    """The page of a file that a worker has read."""
    page = upload(browser, *lines)
    runs.work()
    return page


def shown(browser: Client, page: str) -> str:
    answer = browser.get(page)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_page_before_any_file_says_how_to_begin(bobs_browser: Client) -> None:
    page = shown(bobs_browser, reverse("catalog:imports"))

    assert "Upload product file" in page
    assert "No file so far" in page
    assert "Prices are read in EUR." in page


def test_while_a_worker_has_it_the_page_comes_again_by_itself_with_or_without_javascript(bobs_browser: Client) -> None:
    page = upload(bobs_browser, JUG)

    said = shown(bobs_browser, page)
    assert "We are reading your file." in said
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in said
    assert f'hx-get="{page}progress/"' in said

    ImportRun.objects.update(lines=200, lines_done=80)
    assert "80 of 200 rows" in shown(bobs_browser, f"{page}progress/")
    runs.work()
    assert bobs_browser.get(f"{page}progress/")["HX-Refresh"] == "true"


def test_the_preview_shows_each_product_and_one_press_brings_all_in(bobs_browser: Client) -> None:
    page = read(bobs_browser, JUG, "vase,<b>Vase</b>,Tall.,12.50,1")

    said = shown(bobs_browser, page)
    assert "2 new listings</p>" in said
    assert "€12.50 · 1 in stock" in said
    assert "&lt;b&gt;Vase&lt;/b&gt;" in said
    assert "Import 2 products" in said
    assert not Listing.objects.exists()

    answer = bobs_browser.post(f"{page}confirm/", {"publish": "yes"})
    assert answer["Location"] == page
    progress.tell(ImportRun.objects.get().pk, 1)
    assert "1 of 2 products" in shown(bobs_browser, page)
    runs.work()
    assert "2 products are imported: 2 new listings · 2 published" in shown(bobs_browser, page)
    assert Listing.objects.filter(status="published").count() == 2


def test_what_changes_is_shown_field_by_field(bobs_browser: Client, shop: Seller) -> None:
    ListingFactory(seller=shop, import_key="jug", title="Jar", description="Round.", price=900, imported_quantity=1)

    said = shown(bobs_browser, read(bobs_browser, JUG))

    assert "<dt>Title</dt>" in said
    assert "<del>Jar</del>" in said
    assert "<del>€9.00</del>" in said
    assert "<ins>€10.00</ins>" in said


def test_where_nothing_would_change_there_is_nothing_to_press(bobs_browser: Client) -> None:
    page = read(bobs_browser, JUG)
    bobs_browser.post(f"{page}confirm/", {"publish": "yes"})
    runs.work()

    said = shown(bobs_browser, read(bobs_browser, JUG))

    assert "1 as it was</p>" in said
    assert "Import 1 product" not in said


def test_problems_are_shown_by_line_and_column_fifty_a_page_and_nothing_can_be_confirmed(bobs_browser: Client) -> None:
    page = read(bobs_browser, JUG, *(f"bad-{n},Bad,,x,1" for n in range(60)))

    said = shown(bobs_browser, page)
    assert "There are 60 problems, so nothing can be imported." in said
    assert "line 3, column “Variant Price”" in said
    assert said.count("Enter an amount like 19.99.") == 50
    assert "show=problems&amp;after=50" in said
    assert shown(bobs_browser, f"{page}?show=problems&after=50").count("Enter an amount like 19.99.") == 10
    assert f"{page}confirm/" not in said
    assert "Jug" in shown(bobs_browser, f"{page}?show=new")


def test_products_are_shown_fifty_a_page_in_the_order_of_the_file(bobs_browser: Client) -> None:
    page = read(bobs_browser, *(f"jug-{n},Jug no {n},Round.,10,4" for n in range(60)))

    first, second = shown(bobs_browser, page), shown(bobs_browser, f"{page}?show=new&after=49")

    assert ("Jug no 49<" in first, "Jug no 50<" in first, "Jug no 50<" in second) == (True, False, True)
    assert "show=new&amp;after=49" in first


def test_a_seller_who_may_not_sell_is_told_and_imports_drafts(bobs_browser: Client) -> None:
    ConnectedAccount.objects.update(transfers="pending")
    page = read(bobs_browser, JUG)

    said = shown(bobs_browser, page)
    assert "New listings come in as drafts. Stripe is checking" in said
    refused = bobs_browser.post(f"{page}confirm/", {"publish": "yes"})
    assert refused.status_code == 422
    assert "cannot be published yet" in refused.content.decode()

    bobs_browser.post(f"{page}confirm/", {"publish": "no"})
    runs.work()
    assert Listing.objects.get().status == "draft"


def test_a_file_can_be_discarded_and_a_second_press_is_told(bobs_browser: Client) -> None:
    page = read(bobs_browser, JUG)

    first = bobs_browser.post(f"{page}discard/", follow=True).content.decode()
    again = bobs_browser.post(f"{page}discard/", follow=True).content.decode()

    assert "“products.csv” is discarded." in first
    assert "It is too late for that" in again
    assert "This file was discarded." in shown(bobs_browser, page)


def test_a_hundred_megabytes_are_refused_before_they_are_read(bobs_browser: Client) -> None:
    class Unread(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, _buffer: object) -> int:
            raise AssertionError("the body was read")

    answer = bobs_browser.generic(
        "POST",
        reverse("catalog:imports"),
        b"",
        "multipart/form-data; boundary=x",
        **{"wsgi.input": Unread(), "CONTENT_LENGTH": str(100 * 1024 * 1024)},
    )

    assert answer.status_code == 413
    assert "This file is larger than 32 MB." in answer.content.decode()
    assert not ImportRun.objects.exists()


def test_no_file_an_empty_file_and_a_wrong_token_are_refused(bobs_browser: Client, shop: Seller) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(shop.memberships.get().user)

    none = bobs_browser.post(reverse("catalog:imports"))
    empty = bobs_browser.post(reverse("catalog:imports"), {"file": io.BytesIO(b"")})
    stolen = strict.post(reverse("catalog:imports"), {"file": io.BytesIO(b"Handle,Title,Price\na,A,1")})

    assert (none.status_code, empty.status_code, stolen.status_code) == (422, 422, 403)
    assert not ImportRun.objects.exists()


def test_another_sellers_file_is_not_found(bobs_browser: Client) -> None:
    page = read(bobs_browser, JUG)
    other = Client()
    other.force_login(MembershipFactory().user)

    for address in (page, f"{page}progress/"):
        assert other.get(address).status_code == 404
    for address in (f"{page}confirm/", f"{page}discard/"):
        assert other.post(address, {"publish": "no"}).status_code == 404
    assert "products.csv" not in shown(other, reverse("catalog:imports"))


def test_the_export_is_a_file_with_all_own_listings_and_nobody_elses(bobs_browser: Client, shop: Seller) -> None:
    ListingFactory(seller=shop, title="=cmd()")
    ListingFactory(title="Not Bob's")

    answer = bobs_browser.get(reverse("catalog:export_listings"))
    written = b"".join(answer.streaming_content).decode()

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith('attachment; filename="tanner-sons-')
    assert ",'=cmd()," in written
    assert "Not Bob" not in written
