"""The walk: a seller onboards and imports another shop’s export; a guest finds a thing in spite of a typing mistake,
buys it, stays with an account and a saved card; it is sent, paid out, and accounted for to the minor unit.

Twice, with scripts and without. With scripts the buyer begins on the phone and ends at a desk, and the seller the other
way round; without them it is the other half. On each page nothing is wrong at any width (tests/browser/looking.py).
With scripts the walk goes wrong wherever it can: onboarding left half way, refused files and photos, mistyped
addresses, a payment called off, a card declined.
"""

import io
import re
from dataclasses import dataclass

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests import agreement
from tests.browser.site import Site, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "a long enough password"
DAY = 86_400
CARD, DECLINED, ANOTHER = "4242 4242 4242 4242", "4000 0000 0000 0002", "5555 5555 5555 4444"
TRACKING = "00340434161094022115"


@dataclass(frozen=True)
class Walk:
    """Who walks, and what it is about."""

    scripts: bool
    # Each one's screens: at first, then, in the end.
    buyer: tuple[str, str, str]
    seller: tuple[str, str, str]
    title: str
    mistyped: str

    @property
    def name(self) -> str:
        return "scripts" if self.scripts else "no-scripts"

    @property
    def bob(self) -> str:
        return f"bob-{self.name}@example.org"

    @property
    def alice(self) -> str:
        return f"alice-{self.name}@example.org"


UP, DOWN = ("phone", "tablet", "desktop"), ("desktop", "tablet", "phone")
WALKS = [
    Walk(True, buyer=UP, seller=DOWN, title="Marbled notebook", mistyped="marbeld notebok"),
    Walk(False, buyer=DOWN, seller=UP, title="Walnut ladle", mistyped="walnutt ladel"),
]


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.name)
def test_from_the_sellers_file_to_their_statement(site: Site, walk: Walk) -> None:
    with site.visitor(walk.seller[0], scripts=walk.scripts) as seller:
        the_seller_comes_to_sell(seller, walk)
        seller.moves_to(walk.seller[1])
        the_seller_brings_a_file(seller, walk)
        site.ring("catalog.learn_words")

        with site.visitor(walk.buyer[0], scripts=walk.scripts) as buyer:
            the_guest_finds_it(buyer, walk)
            number = the_guest_buys_it(buyer, walk)
            buyer.moves_to(walk.buyer[1])
            the_guest_stays(buyer, walk, number)
            a_card_is_saved(buyer)
            seller.moves_to(walk.seller[2])
            order = the_seller_sends_it(seller, walk)
            buyer.moves_to(walk.buyer[2])
            the_buyer_says_it_arrived(buyer, number)
            the_buyer_keeps_the_receipt(buyer, number)

        the_money_is_released(seller, order)
        the_payout_arrives(seller)
        the_seller_reads_the_statement(seller)

    if walk.scripts:
        with site.somebody("admin@demo.example") as admin:
            the_admin_sees_everything(admin, walk, number)
    agreement.check_demo(site)


# --- The seller, before anything is sold -----------------------------------------------------------------------------


def the_seller_comes_to_sell(seller: Visitor, walk: Walk) -> None:
    open_a_shop(seller, walk)
    if walk.scripts:
        leave_onboarding_half_way(seller)
        publishing_is_refused_meanwhile(seller)
    finish_onboarding(seller)
    if walk.scripts:
        publish_with_a_photo(seller)


def open_a_shop(seller: Visitor, walk: Walk) -> None:
    seller.go("/sell/")
    seller.looks_right()
    seller.follow("Sign up to sell")
    seller.looks_right()
    seller.sign_up(walk.bob, PASSWORD)
    seller.go("/sell/")
    seller.page.locator('input[name="name"]').fill(f"Bob’s Bench, {walk.name}")
    seller.page.locator('select[name="country"]').select_option("DE")
    seller.page.locator('select[name="currency"]').select_option("eur")
    seller.press("Open your shop")
    seller.looks_right()
    seller.page.locator('input[name="accepted"]').check()
    seller.press("Accept the guidelines")
    seller.looks_right()


def leave_onboarding_half_way(seller: Visitor) -> None:
    seller.page.locator('form[action$="/sell/onboarding/start/"] button').click()
    seller.page.wait_for_url(f"{seller.site.emulator}/**")
    seller.press("Use test data")
    seller.press("Save and continue")
    seller.press("Leave unfinished")
    seller.page.wait_for_url(f"{seller.site.web}/sell/onboarding/**")
    seller.sees("What Stripe needs from you")
    seller.looks_right()


def publishing_is_refused_meanwhile(seller: Visitor) -> None:
    seller.go("/desk/listings/new/")
    seller.looks_right()
    seller.page.locator('input[name="title"]').fill("Ash stool")
    seller.page.locator('textarea[name="description"]').fill("Three legs, one seat, no screws.")
    seller.page.locator('select[name="category"]').select_option(index=1)
    seller.page.locator('input[name="price"]').fill("49.90")
    seller.page.locator('input[name="available"]').fill("2")
    seller.press("Save as draft")
    seller.sees("Before you can publish this:")
    seller.looks_right()


def finish_onboarding(seller: Visitor) -> None:
    seller.go("/sell/onboarding/")
    seller.page.locator('form[action$="/sell/onboarding/start/"] button').click()
    seller.page.wait_for_url(f"{seller.site.emulator}/**")
    for _step in range(5):
        if seller.page.get_by_role("button", name="Agree and finish").count():
            break
        seller.press("Use test data")
        seller.press("Save and continue")
    seller.press("Agree and finish")
    seller.page.wait_for_url(f"{seller.site.web}/sell/**")
    seller.go("/sell/onboarding/")
    seller.follow("Go to your desk")
    seller.page.wait_for_url("**/desk/")
    seller.looks_right()


def publish_with_a_photo(seller: Visitor) -> None:
    seller.go("/desk/listings/")
    seller.looks_right()
    seller.follow("Ash stool")
    for name, kind, content in (("stool.jpg", "image/jpeg", photo()), ("stool.png", "image/png", b"no picture")):
        seller.page.locator('input[type="file"]').set_input_files({"name": name, "mimeType": kind, "buffer": content})
        seller.page.locator("button", has_text="Add photos").click()
        seller.page.locator("main img").first.wait_for()
    seller.page.locator(".form-errors, .field__error, .errorlist, [role=alert]").first.wait_for()
    seller.press("Publish listing")
    seller.sees("Buyers can find and buy this.")
    seller.looks_right()


def the_seller_brings_a_file(seller: Visitor, walk: Walk) -> None:
    seller.go("/desk/import/")
    seller.looks_right()
    if walk.scripts:
        uploads(seller, export(walk, price="cheap"))
        seller.sees("There is 1 problem, so nothing can be imported.")
        seller.sees("line 2, column “Variant Price”")
        seller.looks_right("import-refused")
        seller.follow("Upload the mended file")
    uploads(seller, export(walk, price="18.50"))
    # Without scripts the page comes again by itself as well.
    seller.sees("2 new listings")
    seller.looks_right("import-preview")
    seller.page.get_by_label("Publish those the file calls published").check()
    seller.press("Import 2 products")
    seller.sees("2 products are imported:")
    seller.sees("2 published")
    seller.looks_right("import-done")
    seller.follow("See your listings")
    seller.sees(walk.title)
    seller.looks_right()


def uploads(seller: Visitor, content: bytes) -> None:
    file = {"name": "products_export.csv", "mimeType": "text/csv", "buffer": content}
    seller.page.locator('input[type="file"]').set_input_files(file)  # type: ignore[arg-type]
    seller.press("Upload product file")
    seller.page.wait_for_url(re.compile(r"/desk/import/\d+/"))


def export(walk: Walk, *, price: str) -> bytes:
    """A product export as Shopify writes it: a byte order mark, quoted newlines, HTML, several rows a product."""
    columns = (
        "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,"
        "Variant Inventory Qty,Variant Price,Variant Requires Shipping,Image Src"
    )
    image = "https://images.example/first.jpg"
    rows = f"""\
first-thing,{walk.title},"<p>Made of <b>one</b> piece,
finished twice.</p>",Bob,Home and living,,true,Size,Small,S1,4,{price},true,{image}
first-thing,,,,,,,,Large,S2,2,24,true,
linen-bag,Linen bag,<p>For bread.</p>,Bob,Home and living,,true,Title,Default Title,B1,3,12,true,
"""
    return f"\ufeff{columns}\n{rows}".encode()


# --- The buyer -------------------------------------------------------------------------------------------------------


def the_guest_finds_it(buyer: Visitor, walk: Walk) -> None:
    buyer.go("/")
    buyer.looks_right()
    buyer.page.get_by_role("searchbox").first.fill(walk.mistyped)
    buyer.page.get_by_role("searchbox").first.press("Enter")
    buyer.page.wait_for_url("**/browse/**")
    buyer.sees_at_last("Showing results for", lambda: buyer.site.ring("catalog.learn_words"))
    buyer.looks_right("search-mistyped")
    buyer.follow(re.compile(f"^{walk.title}"))
    buyer.page.wait_for_url("**/listings/**")
    buyer.looks_right()
    buyer.page.locator(".buy__variant").filter(has_text="Small").click()
    buyer.press("Add to basket")
    buyer.go("/basket/")
    buyer.sees(walk.title)
    buyer.looks_right()


def the_guest_buys_it(buyer: Visitor, walk: Walk) -> str:
    """The number of the purchase."""
    buyer.follow("Check out")
    buyer.sees("You need no account")
    buyer.looks_right()
    buyer.page.locator('input[name="email"]').fill(walk.alice)
    fills_in_the_address(buyer, walk)
    buyer.press("Continue to pay €18.50")
    buyer.page.wait_for_url(f"{buyer.site.emulator}/**")
    if walk.scripts:
        buyer.follow(re.compile("^Back to"))
        buyer.page.wait_for_url("**/basket/")
        buyer.sees("Nothing was charged")
        buyer.follow("Check out")
        buyer.press("Continue to pay €18.50")
        buyer.page.wait_for_url(f"{buyer.site.emulator}/**")
        buyer.pay(DECLINED)
        buyer.page.get_by_role("alert").first.wait_for()
    buyer.pay(CARD)
    buyer.page.wait_for_url(f"{buyer.site.web}/orders/**")
    buyer.sees_at_last("Total, paid")
    buyer.sees("You ordered without an account.")
    buyer.looks_right("guest-order")
    assert "is paid" in buyer.site.mail_to(walk.alice, containing=walk.title)
    return last_part(buyer)


def fills_in_the_address(buyer: Visitor, walk: Walk) -> None:
    """First wrongly: what is wrong is said at the field."""
    facts = {"name": "Alice Example", "line1": "Torstraße 1", "postal_code": "1011", "city": "Berlin"}
    for name, value in facts.items():
        buyer.page.locator(f'input[name="new-{name}"]').fill(value)
    buyer.page.locator('select[name="new-country"]').select_option("DE")
    buyer.press("Continue to pay €18.50")
    buyer.page.locator("#error_summary, .form-errors").first.wait_for()
    expect(buyer.page.locator('input[name="new-postal_code"]')).to_have_attribute("aria-invalid", "true")
    assert buyer.page.locator('input[name="email"]').input_value() == walk.alice
    buyer.looks_right("checkout-wrong")
    buyer.page.locator('input[name="new-postal_code"]').fill("10119")


def the_guest_stays(buyer: Visitor, walk: Walk, number: str) -> None:
    """They make an account, and what they bought without one is in it."""
    buyer.follow("make an account")
    buyer.looks_right()
    buyer.sign_up(walk.alice, PASSWORD)
    buyer.go("/orders/")
    buyer.sees("An order you placed without an account is here now.")
    buyer.sees(number)
    buyer.looks_right()


def a_card_is_saved(buyer: Visitor) -> None:
    buyer.go("/account/cards/")
    buyer.looks_right("no-cards")
    buyer.press("Add a card")
    buyer.page.wait_for_url(f"{buyer.site.emulator}/**")
    buyer.pay(ANOTHER, button="Save card")
    buyer.page.wait_for_url("**/account/cards/")
    buyer.sees(re.compile("4444"))
    buyer.looks_right("saved-card")


def the_buyer_says_it_arrived(buyer: Visitor, number: str) -> None:
    buyer.go(f"/orders/{number}/")
    buyer.sees(TRACKING)
    buyer.looks_right("order-sent")
    buyer.follow("I received it")
    buyer.sees("Until now we hold the €18.50 you paid.")
    buyer.looks_right()
    buyer.press("I received it")
    buyer.sees("Thank you. We have told")
    buyer.looks_right("order-received")


def the_buyer_keeps_the_receipt(buyer: Visitor, number: str) -> None:
    buyer.follow("See the receipt")
    buyer.page.wait_for_url(f"**/receipts/{number}/")
    buyer.sees("Alice Example")
    buyer.sees("€18.50")
    buyer.looks_right()
    there = buyer.page.get_by_role("link", name="Download as PDF").get_attribute("href")
    assert buyer.page.request.get(f"{buyer.site.web}{there}").body().startswith(b"%PDF-")


# --- The seller, when it is sold -------------------------------------------------------------------------------------


def the_seller_sends_it(seller: Visitor, walk: Walk) -> str:
    """With carrier and tracking number. The address of the order's page."""
    seller.site.mail_to(walk.bob, containing=walk.title)
    seller.go("/desk/")
    seller.sees("1 paid order waits")
    seller.looks_right()
    seller.go("/desk/orders/")
    seller.looks_right()
    seller.page.locator("main table a").first.click()
    for amount in ("€18.50", "€1.85", "€16.65"):
        seller.sees(amount)
    seller.looks_right("order-to-send")
    seller.page.locator('input[name="carrier"]').fill("DHL")
    seller.page.locator('input[name="tracking_number"]').fill(TRACKING)
    seller.press("Mark as shipped")
    seller.sees("You have sent it.")
    seller.looks_right("order-sent")
    return seller.page.url


def the_money_is_released(seller: Visitor, order: str) -> None:
    """By the worker, who looks every minute."""
    seller.go(order)
    seller.sees_at_last("Yours, in your Stripe balance", lambda: seller.site.ring("payments.act_on_held_money"))
    seller.sees("The buyer has received it.")
    seller.looks_right("order-released")


def the_payout_arrives(seller: Visitor) -> None:
    for days in (2, 5):
        seller.site.control("advance", seconds=days * DAY)
    seller.go("/desk/payouts/")
    seller.sees_at_last("€16.65")
    seller.looks_right()
    seller.page.locator("main table a").first.click()
    seller.sees("Line by line")
    seller.sees_at_last("€1.85")
    seller.looks_right()
    there = seller.page.get_by_role("link", name="Download the CSV file").get_attribute("href")
    assert "16.65" in seller.page.request.get(f"{seller.site.web}{there}").text()


def the_seller_reads_the_statement(seller: Visitor) -> None:
    """What stands where, and all that came and went."""
    seller.go("/desk/money/")
    seller.sees("Where it is")
    seller.looks_right()
    seller.go("/desk/money/eur/available/")
    assert seller.page.locator("main tbody tr").count() == 2
    for amount in ("€16.65", "−€16.65", "€0.00"):
        seller.sees(amount)
    seller.looks_right("statement")


# --- The marketplace -------------------------------------------------------------------------------------------------


def the_admin_sees_everything(admin: Visitor, walk: Walk, number: str) -> None:
    for path in (
        f"/admin/orders/purchase/?q={number}",
        f"/admin/payments/payment/?q={number}",
        f"/admin/customers/customer/?q={walk.alice}",
        "/admin/gateway/operation/?q=checkout",
        "/admin/inbox/stripeevent/?q=checkout.session.completed",
        "/admin/ledger/posting/?q=charge",
        "/admin/accounts/seller/?q=Bench",
        "/admin/payments/payout/",
    ):
        admin.go(path)
        assert admin.page.locator("#result_list tbody tr").count() >= 1, path
        admin.page.locator("#result_list tbody th a").first.click()
        admin.page.locator("#content h1").first.wait_for()


def last_part(visitor: Visitor) -> str:
    """What the address of the open page ends in."""
    return visitor.page.url.rstrip("/").rsplit("/", 1)[-1]


def photo() -> bytes:
    """A small picture, as a camera would send it."""
    out = io.BytesIO()
    Image.new("RGB", (640, 800), "#b58863").save(out, "JPEG")
    return out.getvalue()
