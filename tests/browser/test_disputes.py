"""What a buyer's bank asks, from the first event to its verdict: chargebacks won and lost after the payout, an inquiry
that a refund ends, a fraud warning that a rule refunds.

Staff work in the admin, the seller on their desk. Where a chargeback is won, buyer and seller have phones and staff sit
at a desk; where it is lost it is the other way round; in the short walks staff change over half way. On each page
nothing is wrong at any width (tests/browser/looking.py). Afterwards Stripe's balances and our books are the same, to
the minor unit, for the marketplace and every seller.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from tests import agreement
from tests.browser.site import Site, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PRINT, SHOP, OWNER = "Cumulus, small print", "Paper Weather", "paper@demo.example"
BUYER, STAFF = "buyer@demo.example", "admin@demo.example"
# What is paid with this card is available at once, and can leave for the seller's bank.
AVAILABLE_AT_ONCE, ORDINARY = "4000 0000 0000 0077", "4242 4242 4242 4242"
HELD, PACKS, RULES = "payments.act_on_held_money", "evidence.follow_packs", "disputes.act_by_rules"
QUEUE = "/admin/payments/dispute/"
HOUR = 3600


@dataclass(frozen=True)
class Sold:
    """A purchase of one order that was paid, and its payment at Stripe."""

    purchase: str
    charge: str


@pytest.mark.parametrize(("verdict", "size", "of_staff"), [("won", "phone", "desktop"), ("lost", "desktop", "phone")])
def test_a_chargeback_after_the_payout_is_answered_and_decided(
    site: Site, verdict: str, size: str, of_staff: str
) -> None:
    with site.somebody(BUYER, size) as buyer:
        sold = buys(buyer, AVAILABLE_AT_ONCE)
    with site.somebody(OWNER, size) as seller:
        order = sends_it(seller)
        with site.somebody(STAFF, of_staff) as admin:
            pays_the_seller(admin, sold)
            the_bank_takes_it_back(site, admin, sold)
            seller_tells_their_side(seller, order)
            staff_put_the_answer_together(admin)
            staff_send_it_once(admin)
            the_bank_decides(site, admin, sold, verdict)
        seller_reads_the_end(seller, order, verdict)
    agreement.check_demo(site)


def test_an_inquiry_is_closed_by_a_refund(site: Site) -> None:
    with site.somebody(BUYER, "phone") as buyer:
        sold = buys(buyer, ORDINARY)
    with site.somebody(STAFF, "phone") as admin:
        site.control(f"charges/{sold.charge}/dispute", reason="product_unacceptable", inquiry=True)
        opens_the_case(admin, sold)
        admin.sees(re.compile("Answer it, or refund the buyer"))
        admin.looks_right()
        admin.follow(re.compile("^Refund order"))
        admin.moves_to("desktop")
        admin.page.locator("[name=reason]").fill("They are right: it is creased.")
        admin.press("Show what it does")
        admin.page.get_by_role("button", name="Refund €34.00 to the buyer").dblclick()
        expect(admin.page).to_have_url(re.compile(r"/change/$"), timeout=20_000)
        finds(admin, sold, "The inquiry is closed. No money was taken.", "won")
        admin.looks_right()
    agreement.check_demo(site)


def test_a_fraud_warning_is_refunded_by_a_rule(site: Site) -> None:
    with site.somebody(BUYER, "desktop") as buyer:
        sold = buys(buyer, ORDINARY)
    with site.somebody(STAFF, "desktop") as admin, the_rule_is_on(admin):
        site.control(f"charges/{sold.charge}/fraud_warning", fraud_type="made_with_stolen_card")
        opens_the_warning(site, admin, sold)
        admin.sees(re.compile("goes back to the buyer by itself"))
        admin.looks_right()
        admin.moves_to("phone")
        site.control("advance", seconds=HOUR + 60)
        admin.sees_at_last("Nothing to do: refunded.", lambda: site.ring(RULES))
        admin.looks_right()
        admin.page.locator("#content-main a[href*='/payments/share/']").first.click()
        admin.sees("Everything went back to the buyer. Nothing is held.")
    agreement.check_demo(site)


# --- people ---


def buys(buyer: Visitor, card: str) -> Sold:
    buyer.go(f"/browse/?q={PRINT.partition(',')[0]}")
    buyer.follow(re.compile(PRINT))
    buyer.press("Add to basket")
    buyer.go("/checkout/")
    buyer.press(re.compile("^Continue to pay"))
    expect(buyer.page.locator('input[name="number"]')).to_be_visible(timeout=20_000)
    buyer.pay(card)
    expect(buyer.page).to_have_url(re.compile(r"/orders/\w+/"), timeout=20_000)
    buyer.sees("Total, paid")
    newest = buyer.site.at_stripe("charges?limit=1")["data"][0]
    return Sold(buyer.page.url.rstrip("/").rsplit("/", 1)[-1], newest["id"])


def sends_it(seller: Visitor) -> str:
    """The number of their newest order, which is on its way now."""
    seller.go("/desk/orders/")
    seller.page.locator("main tbody tr").filter(has_text=PRINT).locator("a").first.click()
    seller.page.locator('input[name="carrier"]').fill("An Post")
    seller.page.locator('input[name="tracking_number"]').fill("CE123456789IE")
    seller.press("Mark as shipped")
    seller.sees("You have sent it.")
    return seller.page.url.rstrip("/").rsplit("/", 1)[-1]


def seller_tells_their_side(seller: Visitor, order: str) -> None:
    seller.go("/desk/disputes/")
    seller.looks_right()
    seller.follow(re.compile(order))
    seller.looks_right()
    seller.page.get_by_label("What happened, in your own words?").fill("I sent it the next morning; here is the slip.")
    seller.press("Send your words to us")
    seller.sees("I sent it the next morning")
    slip = BytesIO()
    Image.new("RGB", (320, 200), "white").save(slip, "PNG")
    given = {"name": "slip.png", "mimeType": "image/png", "buffer": slip.getvalue()}
    seller.page.locator("input[type=file]").set_input_files(given)  # type: ignore[arg-type]
    seller.press("Upload file")
    seller.sees("slip.png")
    seller.looks_right()


def seller_reads_the_end(seller: Visitor, order: str, verdict: str) -> None:
    seller.go("/desk/disputes/?show=all")
    seller.follow(re.compile(order))
    seller.sees(re.compile("won" if verdict == "won" else "lost", re.IGNORECASE))
    seller.looks_right()
    seller.go("/desk/")
    if verdict == "lost":
        seller.sees(re.compile("You owe the marketplace"))


# --- staff ---


def pays_the_seller(admin: Visitor, sold: Sold) -> None:
    """Released before its time, and out of the seller's balance at once."""
    admin.go(f"/admin/payments/share/?q={sold.purchase}")
    admin.page.locator("#result_list tbody th a").first.click()
    admin.follow(re.compile("^Release to the seller"))
    admin.page.locator("[name=reason]").fill("The buyer has it.")
    admin.press("Show what it does")
    admin.press(re.compile("^Release €"))
    admin.sees("Released to the seller")
    account = admin.site.at_stripe("transfers?limit=1")["data"][0]["destination"]
    has = admin.site.at_stripe("balance", account)["available"]
    left = next(one["amount"] for one in has if one["currency"] == "eur")
    admin.site.control(f"accounts/{account}/drain", amount=left)


def the_bank_takes_it_back(site: Site, admin: Visitor, sold: Sold) -> None:
    """What the seller does not have any more is short, and would be their debt."""
    site.control(f"charges/{sold.charge}/dispute", reason="product_not_received")
    opens_the_case(admin, sold)
    admin.sees_at_last("The seller did not have", lambda: site.ring(HELD))
    admin.sees("Of that, their debt")
    admin.looks_right()


def opens_the_case(admin: Visitor, sold: Sold) -> None:
    """From the queue, where it is once its event is handled."""
    admin.go(f"{QUEUE}?q={sold.purchase}")
    found = listed(admin)
    admin.looks_right()
    found.click()
    admin.sees(re.compile("^Dispute about order"))
    if admin.page.get_by_role("button", name="Gather the evidence").count():
        admin.press("Gather the evidence")
    admin.sees("What the bank wants to see")


def listed(admin: Visitor) -> Locator:
    """The one row of a list, once it is there."""
    row = admin.page.locator("#result_list tbody th a")
    admin.looks_until(row)
    return row


def staff_put_the_answer_together(admin: Visitor) -> None:
    """They read the seller's words, choose the slip, and see exactly what goes."""
    admin.page.reload()
    admin.sees("I sent it the next morning")
    admin.looks_right()
    admin.page.locator(".desk__decisions").get_by_role("link", name="Complete the evidence").click()
    admin.page.get_by_label("Other words to the bank").wait_for()
    admin.looks_right()
    slip = admin.page.locator(".evidence__file").filter(has_text="slip.png")
    slip.locator("select").select_option("shipping_documentation")
    words = admin.page.get_by_label("How the refund policy was shown")
    if not words.is_visible():
        admin.page.locator("summary", has_text="Fields this bank does not ask for").click()
    words.fill("It stood above the button that places the order.")
    admin.press("Save the evidence")
    admin.sees("Saved.")
    admin.follow("See what the bank will read")
    admin.sees("It stood above the button that places the order.")
    admin.sees("CE123456789IE")
    admin.sees(re.compile("One document of 2 files"))
    admin.looks_right()


def staff_send_it_once(admin: Visitor) -> None:
    """A nervous finger on what cannot be taken back."""
    admin.press("Submit the evidence about €34.00")
    admin.sees("Write down why.")
    admin.looks_right()
    admin.page.locator("[name=reason]").fill("The carrier says that it was delivered.")
    admin.page.get_by_role("button", name="Submit the evidence about €34.00").dblclick()
    expect(admin.page).to_have_url(re.compile(r"/dispute/\d+/change/$"), timeout=20_000)
    admin.sees(re.compile("The evidence is with the bank|That is done already"))
    # The second press may be answered before the first one is through with Stripe.
    admin.sees_at_last("The bank has our answer and decides.")
    admin.looks_right()


def the_bank_decides(site: Site, admin: Visitor, sold: Sold, verdict: str) -> None:
    found = site.at_stripe(f"disputes?charge={sold.charge}")["data"][0]
    assert (found["evidence_details"]["submission_count"], found["status"]) == (1, "under_review")
    site.control(f"disputes/{found['id']}/move", to=verdict)
    words = "It is won: the money came back" if verdict == "won" else "It is lost: the buyer has the money."
    finds(admin, sold, words, verdict)
    admin.looks_right()
    admin.go(f"/admin/payments/share/?q={sold.purchase}")
    admin.page.locator("#result_list tbody th a").first.click()
    if verdict == "won":
        # What could be fetched back goes to the seller again; they had kept the rest.
        admin.sees_at_last("Released to the seller", lambda: site.ring(HELD))
        assert admin.page.get_by_text("owes us").count() == 0
    else:
        admin.sees("The seller owes us, on all orders")
    admin.looks_right()


def finds(admin: Visitor, sold: Sold, words: str, which: str) -> None:
    """The case page says so once the event is handled, and the queue has it under its new name."""
    admin.go(f"{QUEUE}?q={sold.purchase}&show=all")
    admin.page.locator("#result_list tbody th a").click()
    admin.sees_at_last(words)
    page = admin.page.url
    admin.go(f"{QUEUE}?q={sold.purchase}&show={which}")
    expect(admin.page.locator("#result_list tbody tr")).to_have_count(1)
    admin.go(page)


@contextmanager
def the_rule_is_on(admin: Visitor) -> Iterator[None]:
    """Staff switch it on in the admin, and off again."""
    says(admin, "on")
    admin.looks_right()
    yield
    says(admin, "off")


def says(admin: Visitor, mode: str) -> None:
    admin.go("/admin/disputes/rule/")
    admin.follow(re.compile("after a fraud warning"))
    admin.page.get_by_label("The rule is").select_option(mode)
    admin.page.locator("[name=why]").fill("A refund costs less than a dispute.")
    admin.press("Change the rule")
    admin.sees("The rule says so from now on")


def opens_the_warning(site: Site, admin: Visitor, sold: Sold) -> None:
    admin.go(f"/admin/disputes/fraudwarning/?q={sold.charge}")
    listed(admin).click()
    admin.sees_at_last("by itself", lambda: site.ring(RULES))
