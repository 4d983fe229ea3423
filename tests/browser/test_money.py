"""A basket of three sellers, and what becomes of its money: released, refunded in part, refunded after the payout.

Staff see each consequence before they click, and press the button twice; every party reads the same story in their
words. On phone and desktop, with accessibility and the browser's console clean on every page.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests import agreement
from tests.browser.site import SIZES, Site, Visitor

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


@dataclass(frozen=True)
class Case:
    """Whose order meets which fate. They change places: a debt made on the phone is met again on the desktop."""

    size: str
    released: str
    in_part: str
    owing: str


CASES = [
    Case("phone", released="otto@demo.example", in_part="paper@demo.example", owing="seller@demo.example"),
    Case("desktop", released="seller@demo.example", in_part="paper@demo.example", owing="otto@demo.example"),
]


def test_a_second_person_decides_what_waits(site: Site) -> None:
    """Before the others: a request is outdated as soon as anything about its order or its seller's debt changes."""
    with staff(site, "desktop") as asker:
        asker.go("/admin/")
        asker.follow(re.compile("Somebody else has to approve what you asked for"))
        asker.page.wait_for_url("**/approve/")
        asker.sees("Another member of staff has to approve it.")
        asker.looks_right()
        waiting = asker.page.url

    with staff(site, "phone", email="second@demo.example") as second:
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


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.size)
def test_three_orders_of_one_payment_go_three_ways(site: Site, case: Case) -> None:
    with site.visitor(case.size) as buyer, staff(site, case.size) as admin:
        number = buy_of_three_shops(buyer, f"carol-{case.size}@example.org")
        shares = shares_of(admin, number)

        for email in (case.released, case.owing):
            the_seller_sends_it(site, case.size, email, shares[email])
        staff_release(admin, shares[case.released])
        staff_refund_in_part(admin, shares[case.in_part])
        staff_release(admin, shares[case.owing])
        the_payout_leaves(site, admin, shares[case.owing])
        staff_refund_what_is_gone(admin, shares[case.owing])

        the_buyer_reads_three_stories(buyer, number)
    the_sellers_read_theirs(site, case, shares)
    agreement.check_demo(site)


def test_money_is_decided_with_the_keyboard_and_without_javascript(site: Site) -> None:
    context = site.browser.new_context(viewport=SIZES["phone"], java_script_enabled=False)  # type: ignore[arg-type]
    admin = Visitor(site, context.new_page(), [])
    login = site.login("admin")
    admin.sign_in(login["email"], login["password"], "/admin/")
    admin.go("/admin/payments/share/?kept=free")
    admin.page.locator("#result_list tbody th a").first.click()
    admin.follow(re.compile("^Hold back"))

    admin.page.get_by_label("Why").focus()
    admin.page.keyboard.type("The seller’s shop looks copied.")
    admin.page.get_by_label("Until").press("Enter")
    admin.sees("What this does")
    admin.page.locator("[name=confirm]").press("Enter")

    admin.page.wait_for_url("**/change/")
    admin.sees("Held back: the marketplace is checking it")
    context.close()


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
    assert money.get_by_text("It went to the seller").count() == 2
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


@contextmanager
def staff(site: Site, size: str, email: str = "admin@demo.example") -> Iterator[Visitor]:
    """Somebody of the marketplace, signed in to the admin."""
    with site.visitor(size) as visitor:
        visitor.sign_in(email, site.login("admin")["password"], "/admin/")
        yield visitor


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
    for _attempt in range(60):
        admin.go(share)
        if admin.page.get_by_text("In the payout of").count():
            return
        admin.page.wait_for_timeout(500)
    admin.sees("In the payout of")


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


def the_seller_sends_it(site: Site, size: str, email: str, share: str) -> None:
    with site.visitor(size) as seller:
        seller.sign_in(email, site.login("seller")["password"])
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


def the_sellers_read_theirs(site: Site, case: Case, shares: dict[str, str]) -> None:
    words = {
        case.released: "The buyer paid; your share",
        case.in_part: "Your part of a refund to the buyer",
        case.owing: "you owe us: it is kept back from what is released to you next.",
    }
    for email, told in words.items():
        with site.visitor(case.size) as seller:
            seller.sign_in(email, site.login("seller")["password"])
            order_page(seller, SHOPS[email])
            seller.sees(re.compile(re.escape(told)))
            seller.looks_right()
            seller.go("/desk/")
            if email == case.owing:
                seller.sees(re.compile("You owe the marketplace"))
            seller.looks_right()
            seller.go("/desk/payouts/")
            seller.looks_right()
