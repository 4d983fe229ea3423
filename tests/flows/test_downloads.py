"""What is sold as a file: given by the seller, taken by the buyer through a signed link, written down as proof."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Seller
from catalog.models import Listing, Variant
from evidence import sources, story
from kit.clock import fixed_at, now
from kit.mail import Mail
from orders import digital_files, downloads, progress
from orders.facts import forget
from orders.models import DigitalFile, Download, Order, Purchase, PurchaseFacts
from payments.models import Share
from tests.factories import ListingFactory, VariantFactory
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

PDF = b"%PDF-1.7 a pattern to sew"


def signed_in(seller: Seller) -> Client:
    found = Client()
    found.force_login(seller.memberships.get().user)
    return found


def upload(name: str = "pattern.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def pattern(world: World) -> Listing:
    listing: Listing = ListingFactory(seller=world.seller(), delivery="digital", price=1200, title="Apron pattern")
    return listing


def with_file(listing: Listing) -> DigitalFile:
    user = listing.seller.memberships.get().user
    return digital_files.keep(listing, upload(), user=user)


def bought(world: World, listing: Listing) -> tuple[Client, Order]:
    buyer, _customer = world.buyer()
    purchase = world.check_out(buyer, listing)
    world.pay(str(purchase.payments.get().session_id))
    world.settle()
    return buyer, purchase.orders.get()


def link(order: Order) -> str:
    (offered,) = downloads.offered(order)
    return offered.address


def taken(client: Client, address: str) -> Any:
    """The answer to the button, with its content read to the end, as a browser does."""
    answer = client.post(address)
    if answer.status_code == 200:
        answer.body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        answer.close()
    return answer


def test_a_file_is_delivered_with_the_payment_and_each_download_is_written_down(world: World) -> None:
    listing = pattern(world)
    bob = signed_in(listing.seller)
    added = bob.post(f"/desk/listings/{listing.pk}/files/", {"file": upload()}, follow=True)

    buyer, order = bought(world, listing)
    page = buyer.get(f"/orders/{order.purchase.number}/").content.decode()
    address = re.search(r'action="(/downloads/[^"]+)"', page)
    assert address is not None
    looked = Client().get(address[1])
    given = taken(buyer, address[1])

    assert "Buyers can download pattern.pdf now" in added.content.decode()
    assert (order.status, order.delivered_by) == ("delivered", "seller")
    assert looked.status_code == 200
    assert given.body == PDF
    assert given["Content-Disposition"] == 'attachment; filename="pattern.pdf"'
    assert "sandbox" in given["Content-Security-Policy"]
    # Looking is not taking: programs that look through mails are no buyers.
    assert Download.objects.count() == 1
    letter = Mail.objects.get(key__startswith="order-fulfilled-buyer")
    assert "Your files of order" in letter.subject
    mailed = re.search(r"/downloads/\S+", letter.text)
    assert mailed is not None
    with fixed_at(now() + timedelta(days=13)):
        assert Client().get(mailed[0]).status_code == 200
    assert "the buyer downloaded it once" in bob.get(f"/desk/orders/{order.number}/").content.decode()
    assert "You need to do nothing" in Mail.objects.get(key__startswith="order-paid-seller").text


def test_the_promise_of_a_download_depends_on_its_files(world: World) -> None:
    listing = pattern(world)
    before = Client().get(listing.get_absolute_url()).content.decode()
    with_file(listing)
    there = Client().get(listing.get_absolute_url()).content.decode()
    offered = ListingFactory(seller=listing.seller, delivery="digital", options=["Size"])
    small, large = (VariantFactory(listing=offered, values=[size]) for size in ("Small", "Large"))
    user = offered.seller.memberships.get().user
    digital_files.keep(offered, upload(), user=user, variant=small)
    some = Client().get(offered.get_absolute_url()).content.decode()
    digital_files.keep(offered, upload(), user=user, variant=large)

    every = Client().get(offered.get_absolute_url()).content.decode()

    assert ("Once it is paid, the shop hands it over within" in before, "Delivered at once" in before) == (True, False)
    assert "Delivered at once" in there
    assert ("days: Large." in some, "Delivered at once" in some) == (True, False)
    assert "Delivered at once" in every


def test_links_that_are_over_tampered_or_another_orders_open_nothing(world: World) -> None:
    listing = pattern(world)
    with_file(listing)
    _buyer, order = bought(world, listing)
    address, line = link(order), order.lines.get()
    elsewhere = with_file(ListingFactory(seller=world.seller("Other", email="o@example.org"), delivery="digital"))
    until = int((now() + timedelta(hours=1)).timestamp())
    wrong = [
        signing.dumps({"line": line.pk, "file": elsewhere.pk, "until": until}, salt=downloads.SALT),
        signing.dumps({"line": line.pk, "file": line.pk}, salt=downloads.SALT),
        signing.dumps({"line": line.pk, "file": elsewhere.pk, "until": until}, salt="another"),
        "nonsense",
    ]

    with fixed_at(now() + timedelta(hours=3)):
        over = Client().post(address)

    assert over.status_code == 410
    assert "Your order’s page has a fresh one" in over.content.decode()
    assert Client().post(address[:-3] + "x/").status_code == 404
    assert [Client().get(f"/downloads/{token}/").status_code for token in wrong] == [404] * 4
    assert not Download.objects.exists()


def test_what_is_cancelled_or_taken_too_often_is_not_downloaded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = pattern(world)
    _buyer, order = bought(world, listing)
    file = with_file(listing)
    assert downloads.offered(order) == []
    progress.fulfil(order, at=now(), actor="bob", reason="Handed over.")
    address = link(order)
    monkeypatch.setattr(downloads, "MOST_DOWNLOADS", 1)

    first, second = taken(Client(), address), taken(Client(), address)
    Order.objects.filter(pk=order.pk).update(status="cancelled")
    third = Client().post(address)

    assert [one.status_code for one in (first, second, third)] == [200, 410, 410]
    assert "downloaded so often" in second.content.decode()
    assert "was cancelled" in third.content.decode()
    assert Download.objects.get().file == file


def test_whose_money_went_back_downloads_nothing_more(world: World) -> None:
    listing = pattern(world)
    with_file(listing)
    buyer, order = bought(world, listing)
    address, page = link(order), f"/orders/{order.purchase.number}/"
    Share.objects.filter(order=order).update(refunded=1000)

    in_part = taken(Client(), address)
    Share.objects.filter(order=order).update(refunded=1200)
    whole = Client().post(address)

    assert in_part.status_code == 200
    assert whole.status_code == 410
    assert "You have the money of this order back" in whole.content.decode()
    assert "/downloads/" not in buyer.get(page).content.decode()
    assert "the buyer downloaded it once" in (
        signed_in(listing.seller).get(f"/desk/orders/{order.number}/").content.decode()
    )


def test_who_bought_before_keeps_what_is_removed_and_others_do_not_get_it(world: World) -> None:
    listing = pattern(world)
    file = with_file(listing)
    bob = signed_in(listing.seller)
    _buyer, order = bought(world, listing)

    with fixed_at(now() + timedelta(minutes=1)):
        bob.post(f"/desk/listings/{listing.pk}/files/{file.pk}/remove/")
        later = bought_again(world, listing)

    assert [one.file for one in downloads.offered(Order.objects.get(pk=order.pk))] == [file]
    assert later.status == "paid"
    assert downloads.offered(later) == []


def test_a_file_of_one_variant_is_for_who_bought_that_variant_alone(world: World) -> None:
    listing = pattern(world)
    Listing.objects.filter(pk=listing.pk).update(options=["Format"])
    listing.refresh_from_db()
    small, large = (VariantFactory(listing=listing, values=[size]) for size in ("A4", "Plotter"))
    elsewhere = VariantFactory()
    bob, pages = signed_in(listing.seller), f"/desk/listings/{listing.pk}/files/"
    refused = bob.post(pages, {"file": upload("x.pdf"), "variant": elsewhere.pk})
    page = bob.post(pages, {"file": upload("a4.pdf"), "variant": small.pk}, follow=True).content.decode()
    to_do = bob.get("/desk/").content.decode()

    orders = [bought_variant(world, f"{one.pk}@example.org", one) for one in (small, large)]
    line, (a4,) = orders[1].lines.get(), orders[0].lines.get().listing.digital_files.all()
    until = int((now() + timedelta(hours=1)).timestamp())
    of_another = signing.dumps({"line": line.pk, "file": a4.pk, "until": until}, salt=downloads.SALT)
    digital_files.keep(listing, upload("readme.pdf"), user=a4.uploaded_by)

    assert refused.status_code == 422
    assert "No file yet for Plotter: you hand each order of it over yourself." in page
    assert "has no file yet" in to_do
    assert [order.status for order in orders] == ["delivered", "paid"]
    assert [one.file.name for one in downloads.offered(orders[0])] == ["a4.pdf", "readme.pdf"]
    progress.fulfil(orders[1], at=now(), actor="bob", reason="Handed over.")
    assert [one.file.name for one in downloads.offered(orders[1])] == ["readme.pdf"]
    assert Client().post(f"/downloads/{of_another}/").status_code == 404
    assert "has no file yet" not in bob.get("/desk/").content.decode()


def bought_variant(world: World, email: str, variant: Variant) -> Order:
    buyer, _customer = world.buyer(email)
    buyer.post("/basket/add/", {"listing": variant.listing_id, "variant": variant.pk})
    assert world.press_pay(buyer).status_code == 303
    purchase = Purchase.objects.latest("pk")
    world.pay(str(purchase.payments.get().session_id))
    world.settle()
    return purchase.orders.get()


def bought_again(world: World, listing: Listing) -> Order:
    buyer, _customer = world.buyer("second@example.org")
    purchase: Purchase = world.check_out(buyer, listing)
    world.pay(str(purchase.payments.get().session_id))
    world.settle()
    return purchase.orders.get()


def test_other_sellers_and_buyers_find_no_files(world: World) -> None:
    listing = pattern(world)
    file = with_file(listing)
    other = signed_in(world.seller("Other", email="other@example.org"))
    alice, _customer = world.buyer()
    pages = f"/desk/listings/{listing.pk}/files/"

    assert other.get(pages).status_code == other.post(pages, {"file": upload()}).status_code == 404
    assert other.post(f"{pages}{file.pk}/remove/").status_code == 404
    assert alice.get(pages)["Location"] == "/sell/"
    assert digital_files.current(listing).count() == 1


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.pdf", b"MZ\x90 a program", "Put anything else into a ZIP file"),
        ("a.pdf", b"<html><script>", "Put anything else into a ZIP file"),
        ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg">', "Put anything else into a ZIP file"),
        ("a.pdf", b"", "This file is empty"),
    ],
)
def test_what_is_no_such_file_is_refused_at_its_field(world: World, name: str, content: bytes, sentence: str) -> None:
    listing = pattern(world)

    answer = signed_in(listing.seller).post(f"/desk/listings/{listing.pk}/files/", {"file": upload(name, content)})

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not DigitalFile.objects.exists()


def test_names_caps_and_endings(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = pattern(world)
    user = listing.seller.memberships.get().user

    book = digital_files.keep(listing, upload("../../etc/My book?.epub", b"PK\x03\x04 mimetype"), user=user)
    disguised = digital_files.keep(listing, upload("tune.exe", b"ID3 la la"), user=user)
    monkeypatch.setattr(digital_files, "MOST_FILES", 2)
    with pytest.raises(digital_files.FileRefused, match="room for 2"):
        digital_files.keep(listing, upload(), user=user)
    monkeypatch.setattr(digital_files, "MOST_BYTES", 3)
    with pytest.raises(digital_files.FileRefused, match="100 MB"):
        digital_files.keep(listing, upload(), user=user)

    assert (book.name, disguised.name) == ("My book.epub", "tune.mp3")
    assert "book" not in str(book.content.name)


def test_a_bank_reads_of_the_downloads_and_who_it_was_is_forgotten_in_time(world: World) -> None:
    listing = pattern(world)
    with_file(listing)
    _buyer, order = bought(world, listing)
    taken(Client(), link(order))
    found = sources.Sources(dispute=None, orders=(order,))  # type: ignore[arg-type]

    told = story._use(found)
    facts = PurchaseFacts.objects.get(purchase=order.purchase)
    with fixed_at(facts.keep_until + timedelta(days=1)):
        forget(facts, at=now())
    download = Download.objects.get()

    assert "The buyer downloaded pattern.pdf (25 bytes) from the address 127.0.0.1." in told
    assert (download.ip, download.user_agent) == (None, "")
