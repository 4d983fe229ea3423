"""A basket of three sellers, and what becomes of its money: released, refunded in part, refunded after the payout.

Staff see each consequence before they click, and press the button twice; every party reads the same story in their
words. Everybody works on the phone and at a desk by turns; on each page nothing is wrong at any width
(tests/browser/looking.py).
"""

import re

import pytest
from playwright.sync_api import expect

from tests import agreement
from tests.browser.site import Site, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "a long enough password"
DAY = 86_400
# One thing of each of the demo's shops, of which there are many.
CANDLE, RING, CLOUDS = "Beeswax candle", "Plain ring", "A year of clouds"
SHOPS = {"seller@demo.example": CANDLE, "otto@demo.example": RING, "paper@demo.example": CLOUDS}
SHOP_NAMES = {
    "seller@demo.example": "Selma’s Studio",
    "otto@demo.example": "Otto & Daughters",
    "paper@demo.example": "Paper Weather",
}


# Whose order meets which fate.
RELEASED, IN_PART, OWING = "otto@demo.example", "paper@demo.example", "seller@demo.example"
BUYER, STAFF = "carol@example.org", "admin@demo.example"


def test_a_second_person_decides_what_waits(site: Site) -> None:
    """Before the others: a request is outdated as soon as anything about its order or its seller's debt changes."""
    with site.somebody(STAFF, "desktop") as asker:
        asker.go("/admin/")
        asker.follow(re.compile("Somebody else has to approve what you asked for"))
        asker.page.wait_for_url("**/approve/")
        asker.sees("Another member of staff has to approve it.")
        asker.looks_right()
        waiting = asker.page.url

    with site.somebody("second@demo.example", "phone") as second:
        second.go("/admin/")
        second.looks_right()
        second.follow(re.compile("Approve or decline: Refund, €553.00"))
        second.page.wait_for_url(waiting)
        second.sees("The carrier lost the parcel.")
        second.looks_right()
        second.page.locator("[name=approve]").dblclick()
        second.page.wait_for_url("**/change/")
        second.go(waiting)
        second.sees("How it ended: carried out.")
        second.go("/admin/")
        assert second.page.get_by_text("Approve or decline: Refund, €553.00").count() == 0


def test_three_orders_of_one_payment_go_three_ways(site: Site) -> None:
    with site.visitor("phone") as buyer, site.somebody(STAFF, "desktop") as admin:
        number = buy_of_three_shops(buyer, BUYER)
        shares = shares_of(admin, number)

        the_seller_sends_it(site, "phone", RELEASED)
        the_seller_sends_it(site, "desktop", OWING)
        staff_release(admin, shares[RELEASED])
        admin.moves_to("phone")
        staff_refund_in_part(admin, shares[IN_PART])
        staff_release(admin, shares[OWING])
        admin.moves_to("desktop")
        the_payout_leaves(site, admin, shares[OWING])
        staff_refund_what_is_gone(admin, shares[OWING])

        buyer.moves_to("desktop")
        the_buyer_reads_three_stories(buyer, number)
    the_sellers_read_theirs(site)
    agreement.check_demo(site)


def test_money_is_decided_with_the_keyboard_and_without_javascript(site: Site) -> None:
    with site.somebody(STAFF, "phone", scripts=False) as admin:
        admin.go("/admin/payments/share/?kept=free")
        admin.page.locator("#result_list tbody th a").first.click()
        admin.follow(re.compile("^Hold back"))

        admin.page.get_by_label("Why").focus()
        admin.page.keyboard.type("The seller’s shop looks copied.")
        admin.page.get_by_label("Until").press("Enter")
        admin.sees("What this does")
        admin.looks_right()
        admin.page.locator("[name=confirm]").press("Enter")

        admin.page.wait_for_url("**/change/")
        admin.sees("Held back: the marketplace is checking it")


# --- The buyer --------------------------------------------------------------------------------------------------------


def buy_of_three_shops(buyer: Visitor, email: str) -> str:
    """Sign up, one thing of each shop into the basket, one payment for all. The number of the purchase."""
    buyer.go("/accounts/signup/")
    buyer.sign_up(email, PASSWORD)
    for thing in SHOPS.values():
        buyer.go(f"/browse/?q={thing.replace(' ', '+')}")
        buyer.follow(re.compile(f"^{thing}"))
        buyer.press("Add to basket")
    buyer.go("/basket/")
    for shop in SHOP_NAMES.values():
        buyer.sees(shop)
    buyer.looks_right()
    buyer.follow("Check out")
    facts = {"name": "Carol Example", "line1": "Torstraße 1", "postal_code": "10119", "city": "Berlin"}
    for name, value in facts.items():
        buyer.page.locator(f'input[name="new-{name}"]').fill(value)
    buyer.page.locator('select[name="new-country"]').select_option("DE")
    buyer.looks_right()
    buyer.press("Continue to pay €110.00")
    buyer.page.wait_for_url(f"{buyer.site.emulator}/**")
    buyer.pay("4242 4242 4242 4242")
    buyer.page.wait_for_url(f"{buyer.site.web}/orders/**")
    buyer.sees("Total, paid")
    assert buyer.page.get_by_text("Held until it is sent and you have it").count() == 3
    buyer.looks_right()
    return buyer.page.url.rstrip("/").rsplit("/", 1)[-1]


def the_buyer_reads_three_stories(buyer: Visitor, number: str) -> None:
    buyer.go(f"/orders/{number}/")
    money = buyer.page.locator("section:has(> #your-money)")
    assert money.get_by_text("You paid", exact=True).count() == 3
    assert money.get_by_text("It went to the shop").count() == 2
    assert money.get_by_text("Held until it is sent and you have it").count() == 1
    assert money.get_by_text(re.compile("A refund is on its way to you|Refunded to the card")).count() == 2
    buyer.looks_right()
    buyer.follow("See the receipt")
    buyer.page.wait_for_url("**/receipts/*/")
    buyer.sees("Paid in the end")
    buyer.looks_right()
    pdf = buyer.page.request.get(f"{buyer.site.web}/receipts/{number}.pdf")
    assert pdf.body().startswith(b"%PDF-")


# --- Staff ------------------------------------------------------------------------------------------------------------


def shares_of(admin: Visitor, number: str) -> dict[str, str]:
    """The admin's page of each order's money, by the seller's address."""
    admin.go(f"/admin/payments/share/?q={number}")
    admin.looks_right()
    rows = admin.page.locator("#result_list tbody tr")
    assert rows.count() == 3
    found = {}
    for email, shop in SHOP_NAMES.items():
        link = rows.filter(has_text=shop).locator("th a").get_attribute("href")
        assert link is not None
        found[email] = link.partition("?")[0]
    return found


def ask(admin: Visitor, share: str, decision: str, **fields: str) -> None:
    """Open a decision's page from the order's money, and fill it in."""
    admin.go(share)
    admin.looks_right()
    admin.follow(re.compile(f"^{decision}"))
    admin.page.wait_for_url("**/decide/**")
    admin.looks_right()
    for name, value in fields.items():
        control = admin.page.locator(f"[name={name}]")
        if name in ("why", "policy"):
            control.select_option(value)
        else:
            control.fill(value)
    admin.press("Show what it does")


def confirm_twice(admin: Visitor, button: str | re.Pattern[str]) -> None:
    """A nervous finger: the button is pressed twice before the answer comes."""
    admin.sees("What this does")
    admin.looks_right()
    admin.page.get_by_role("button", name=button).dblclick()
    # Not `wait_for_url`: it fails when the second press calls off the way the first one was on.
    expect(admin.page).to_have_url(re.compile(r"/change/$"), timeout=20_000)
    admin.page.get_by_text(re.compile("^(Done|That is done already)")).first.wait_for()


def rows_of(admin: Visitor, share: str, title: str) -> int:
    """How many releases or refunds the order has."""
    admin.go(share)
    return admin.page.get_by_role("region", name=title).locator("tbody tr").count()


def staff_release(admin: Visitor, share: str) -> None:
    ask(admin, share, "Release to the seller", reason="The seller has shown the carrier’s receipt.")
    admin.sees("gets what was held for them")
    confirm_twice(admin, re.compile("^Release €"))
    assert rows_of(admin, share, "Releases") == 1
    admin.sees("Released to the seller")
    admin.looks_right()


def staff_refund_in_part(admin: Visitor, share: str) -> None:
    ask(admin, share, "Refund the buyer", amount="6.005", reason="")
    for name in ("amount", "reason"):
        assert admin.page.locator(f"[name={name}]").get_attribute("aria-invalid") == "true"
    admin.sees("EUR has 2 decimals")
    admin.sees("Write down why.")
    admin.looks_right()
    ask(admin, share, "Refund the buyer", amount="26.01", reason="A corner is bent.")
    admin.sees("At most €26.00 is left.")
    ask(admin, share, "Refund the buyer", amount="6.00", why="not_as_described", reason="A corner is bent.")
    confirm_twice(admin, "Refund €6.00 to the buyer")
    assert rows_of(admin, share, "Refunds") == 1
    admin.sees("−€6.00")
    admin.looks_right()


def the_payout_leaves(site: Site, admin: Visitor, share: str) -> None:
    """Two days until the money is available and leaves. No later, or other releases would pay the debt to come."""
    site.control("advance", seconds=2 * DAY)
    admin.go(share)
    admin.sees_at_last("In the payout of")


def staff_refund_what_is_gone(admin: Visitor, share: str) -> None:
    """The seller was paid out: the buyer gets everything back, and the seller owes it."""
    ask(admin, share, "Refund the buyer", why="not_received", reason="The parcel came back to the seller.")
    admin.sees("It becomes their debt")
    admin.sees("owes the marketplace")
    confirm_twice(admin, re.compile("^Refund €"))
    assert rows_of(admin, share, "Refunds") == 1
    admin.sees("The seller owes us, on all orders")
    admin.looks_right()


# --- The sellers ------------------------------------------------------------------------------------------------------


def the_seller_sends_it(site: Site, size: str, email: str) -> None:
    with site.somebody(email, size) as seller:
        order_page(seller, SHOPS[email])
        seller.page.locator('input[name="carrier"]').fill("DHL")
        seller.press("Mark as shipped")
        seller.sees("You have sent it.")
        seller.looks_right()


def order_page(seller: Visitor, thing: str) -> None:
    """The newest order of this thing."""
    seller.go("/desk/orders/?show=all")
    seller.looks_right()
    seller.page.locator("main tbody tr").filter(has_text=thing).locator("a").first.click()
    seller.page.wait_for_url("**/desk/orders/*/")


def the_sellers_read_theirs(site: Site) -> None:
    words = {
        RELEASED: ("desktop", "The buyer paid; your share"),
        IN_PART: ("phone", "Your part of a refund to the buyer"),
        OWING: ("phone", "you owe us: it is kept back from what is released to you next."),
    }
    for email, (size, told) in words.items():
        with site.somebody(email, size) as seller:
            order_page(seller, SHOPS[email])
            seller.sees(re.compile(re.escape(told)))
            seller.looks_right()
            seller.go("/desk/")
            if email == OWING:
                seller.sees(re.compile("You owe the marketplace"))
            seller.looks_right()
            seller.go("/desk/payouts/")
            seller.looks_right()
