"""The walk: a seller onboards, a buyer pays, everybody sees what became of the money. On phone and desktop."""

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests import agreement
from tests.browser.site import Site, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "a long enough password"
ROOT = Path(__file__).resolve().parent.parent.parent

# A product export as other shops write it: a byte order mark, quoted newlines, HTML, several rows a product.
COLUMNS = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,"
    "Variant Inventory Qty,Variant Price,Variant Requires Shipping,Image Src"
)
ROWS = """\
oak-spoon,Oak spoon,"<p>Carved from <b>one</b> piece,
oiled twice.</p>",Bob,Home and living,,true,Title,Default Title,S1,4,18.50,true,https://images.example/spoon.jpg
linen-bag,Linen bag,<p>For bread.</p>,Bob,Home and living,,true,Size,Small,B1,3,12,true,
linen-bag,,,,,,,,Large,B2,2,15,true,
"""
EXPORT = f"\ufeff{COLUMNS}\n{ROWS}"


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_from_sign_up_to_payout(site: Site, size: str, tmp_path: Path) -> None:
    bob, alice = f"bob-{size}@example.org", f"alice-{size}@example.org"

    with site.visitor(size) as seller:
        open_a_shop(seller, bob, f"Bob’s Bench {size}")
        leave_onboarding_half_way(seller)
        publishing_is_refused_meanwhile(seller, size)
        finish_onboarding(seller)
        publish_with_a_photo(seller, size)
        imported = bring_an_export(site, bob, tmp_path)
        assert "2 products of" in imported

        with site.visitor(size) as buyer:
            number = buy(buyer, alice, size)
            order = the_seller_sees_order_and_share(site, seller, bob)
            the_buyer_says_it_arrived(buyer, number)

        the_money_is_released(seller, order)
        the_payout_arrives(site, seller)

    with site.visitor("desktop") as admin:
        the_admin_sees_everything(site, admin, alice, number)
    agreement.check_demo(site)


def open_a_shop(seller: Visitor, email: str, name: str) -> None:
    seller.go("/sell/")
    seller.looks_right()
    seller.follow("Sign up to sell")
    seller.looks_right()
    seller.sign_up(email, PASSWORD)
    seller.go("/sell/")
    seller.page.locator('input[name="name"]').fill(name)
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


def publishing_is_refused_meanwhile(seller: Visitor, size: str) -> None:
    seller.go("/desk/listings/new/")
    seller.looks_right()
    seller.page.locator('input[name="title"]').fill(f"Ash stool {size}")
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


def publish_with_a_photo(seller: Visitor, size: str) -> None:
    seller.go("/desk/listings/")
    seller.looks_right()
    seller.follow(f"Ash stool {size}")
    seller.page.locator('input[type="file"]').set_input_files(
        {"name": "stool.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )
    seller.page.locator("button", has_text="Add photos").click()
    seller.page.locator("main img").first.wait_for()
    seller.page.locator('input[type="file"]').set_input_files(
        {"name": "stool.png", "mimeType": "image/png", "buffer": b"this is no picture"}
    )
    seller.page.locator("button", has_text="Add photos").click()
    seller.page.locator(".form-errors, .field__error, .errorlist, [role=alert]").first.wait_for()
    seller.press("Publish listing")
    seller.sees("Buyers can find and buy this.")
    seller.looks_right()


def bring_an_export(site: Site, email: str, folder: Path) -> str:
    """What a seller with another shop's product file does, from the shell."""
    export = folder / "export.csv"
    export.write_text(EXPORT, encoding="utf-8")
    command = [sys.executable, "manage.py", "import_listings", email, str(export), "--confirm", "--publish"]
    done = subprocess.run(command, cwd=ROOT, env=site.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def buy(buyer: Visitor, email: str, size: str) -> str:
    """Browse, fill the basket, sign up on the way, pay; a declined card first. The number of the purchase."""
    buyer.go("/browse/?q=oak+spoon")
    buyer.looks_right()
    buyer.follow(re.compile("Oak spoon"))
    buyer.looks_right()
    buyer.press("Add to basket")
    buyer.go("/basket/")
    buyer.sees("Oak spoon")
    buyer.looks_right()
    buyer.follow("Check out")
    buyer.sees("You need no account")
    buyer.looks_right()
    buyer.go("/accounts/signup/")
    buyer.sign_up(email, PASSWORD)
    buyer.go("/checkout/")
    buyer.sees("Oak spoon")
    buyer.looks_right()
    fill_address(buyer)
    buyer.press(re.compile("Continue to pay"))
    buyer.page.wait_for_url(f"{buyer.site.emulator}/**")
    buyer.follow(re.compile("back|cancel", re.IGNORECASE))
    buyer.page.wait_for_url("**/basket/")
    buyer.sees("Nothing was charged")
    buyer.follow("Check out")
    buyer.press(re.compile("Continue to pay"))
    buyer.page.wait_for_url(f"{buyer.site.emulator}/**")
    buyer.pay("4000 0000 0000 0002")
    buyer.page.get_by_role("alert").first.wait_for()
    buyer.pay("4242 4242 4242 4242")
    buyer.page.wait_for_url(f"{buyer.site.web}/orders/**")
    buyer.sees("Total, paid")
    buyer.looks_right()
    assert "is paid" in buyer.site.mail_to(email, containing="Oak spoon")
    return buyer.page.url.rstrip("/").rsplit("/", 1)[-1]


def fill_address(buyer: Visitor) -> None:
    facts = {"name": "Alice Example", "line1": "Torstraße 1", "postal_code": "1011", "city": "Berlin"}
    for name, value in facts.items():
        buyer.page.locator(f'input[name="new-{name}"]').fill(value)
    buyer.page.locator('select[name="new-country"]').select_option("DE")
    buyer.press(re.compile("Continue to pay"))
    buyer.page.locator("#error_summary, .form-errors").first.wait_for()
    buyer.looks_right()
    buyer.page.locator('input[name="new-postal_code"]').fill("10119")


def the_seller_sees_order_and_share(site: Site, seller: Visitor, email: str) -> str:
    """And sends it, with how to follow it. The address of the order's page."""
    site.mail_to(email, containing="Oak spoon")
    seller.go("/desk/")
    seller.sees("1 paid order waits")
    seller.looks_right()
    seller.go("/desk/orders/")
    seller.looks_right()
    seller.page.locator("main table a").first.click()
    seller.sees("€18.50")
    seller.sees("€1.85")
    seller.sees("€16.65")
    seller.looks_right()
    seller.page.locator('input[name="carrier"]').fill("DHL")
    seller.page.locator('input[name="tracking_number"]').fill("00340434161094022115")
    seller.press("Mark as shipped")
    seller.sees("You have sent it.")
    seller.looks_right()
    return seller.page.url


def the_buyer_says_it_arrived(buyer: Visitor, number: str) -> None:
    buyer.go(f"/orders/{number}/")
    buyer.sees("00340434161094022115")
    buyer.looks_right()
    buyer.follow("I received it")
    buyer.sees("Until now we hold the €18.50 you paid.")
    buyer.looks_right()
    buyer.press("I received it")
    buyer.sees("Thank you. We have told")
    buyer.looks_right()


def the_money_is_released(seller: Visitor, order: str) -> None:
    """By the worker, within a minute or so."""
    for _attempt in range(90):
        seller.page.goto(order)
        if seller.page.get_by_text("Yours, in your Stripe balance").count():
            break
        seller.page.wait_for_timeout(1000)
    seller.sees("The buyer has received it.")
    seller.sees("Yours, in your Stripe balance")
    seller.looks_right()


def the_payout_arrives(site: Site, seller: Visitor) -> None:
    site.control("advance", seconds=2 * 86_400)
    site.control("advance", seconds=5 * 86_400)
    for _attempt in range(40):
        seller.go("/desk/payouts/")
        if seller.page.get_by_text("€16.65").count():
            break
        seller.page.wait_for_timeout(500)
    seller.sees("€16.65")
    seller.looks_right()


def the_admin_sees_everything(site: Site, admin: Visitor, buyer: str, number: str) -> None:
    login = site.login("admin")
    admin.sign_in(login["email"], login["password"], "/admin/")
    for path in (
        f"/admin/orders/purchase/?q={number}",
        f"/admin/payments/payment/?q={number}",
        f"/admin/customers/customer/?q={buyer}",
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


def photo() -> bytes:
    """A small picture, as a camera would send it."""
    out = io.BytesIO()
    Image.new("RGB", (640, 800), "#b58863").save(out, "JPEG")
    return out.getvalue()
