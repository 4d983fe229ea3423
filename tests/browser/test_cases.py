"""Something is wrong with an order: a case with a photo, an offer, a counter-offer, and the split both agreed on.

The buyer begins on the phone and ends at a desk, the seller the other way round; nothing is wrong on any page at any
width (tests/browser/looking.py); afterwards the books are right.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from dev.services import ROOT
from tests.browser.site import Site, Visitor
from tests.casework import photo

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RING, OWNER, BUYER = "Plain ring", "otto@demo.example", "buyer@demo.example"
AGREED = "Both sides agreed."


def test_a_case_ends_in_the_split_both_agreed_on(site: Site, tmp_path: Path) -> None:
    picture = tmp_path / "scratch.jpg"
    picture.write_bytes(photo().read())
    with site.somebody(BUYER, "phone") as buyer, site.somebody(OWNER, "desktop") as seller:
        buys_a_ring(buyer)
        case = opens_a_case(buyer, picture)
        offers_a_third(seller, case)
        buyer.moves_to("desktop")
        seller.moves_to("phone")
        counters(buyer, case)
        accepts_twice(seller, case)
        reads_the_end(buyer, case)
    the_books_are_right(site)


def test_a_case_is_opened_with_the_keyboard_and_without_javascript(site: Site) -> None:
    with site.somebody(BUYER, "desktop", scripts=False) as buyer:
        buys_a_ring(buyer)
        buyer.follow("Something is wrong?")
        buyer.page.get_by_label("I want to send it back").focus()
        buyer.page.keyboard.press("Space")
        buyer.page.get_by_label("Tell the shop what happened").fill("It is too large for my finger.")
        buyer.page.get_by_label("How much do you want back?").press("Enter")

        buyer.sees("Waits for the seller")
        buyer.moves_to("phone")
        buyer.page.get_by_text("Make an offer", exact=True).click()
        buyer.page.get_by_label("or percent of what was paid").fill("101")
        buyer.page.get_by_label("or percent of what was paid").press("Enter")
        expect(buyer.page.locator("#offer_percent")).to_have_attribute("aria-invalid", "true")
        buyer.looks_right()


def buys_a_ring(buyer: Visitor) -> None:
    """It is on the way to the order's page, paid."""
    buyer.go(f"/browse/?q={RING.replace(' ', '+')}")
    buyer.follow(re.compile(f"^{RING}"))
    buyer.press("Add to basket")
    buyer.go("/checkout/")
    buyer.press(re.compile("^Continue to pay"))
    expect(buyer.page.locator('input[name="number"]')).to_be_visible(timeout=20_000)
    buyer.pay("4242 4242 4242 4242")
    expect(buyer.page).to_have_url(re.compile(r"/orders/\w+/"), timeout=20_000)
    # Without scripts the page does not look again by itself.
    buyer.sees_at_last("Total, paid")


def opens_a_case(buyer: Visitor, picture: Path) -> str:
    """First wrongly, then with a photo. The case's number."""
    buyer.looks_right()
    buyer.follow("Something is wrong?")
    buyer.sees("What happens then")
    buyer.looks_right()
    buyer.press("Open a case")
    buyer.sees("There are 2 problems with what you entered")
    buyer.looks_right()
    buyer.page.get_by_label("It is damaged or does not work").check()
    buyer.page.get_by_label("Tell the shop what happened").fill("It has a deep scratch.")
    buyer.page.locator("input[type=file]").set_input_files(str(picture))
    buyer.press("Open a case")
    buyer.sees(re.compile("has to answer"))
    expect(buyer.page.get_by_alt_text("Photo 1, shown by You")).to_be_visible()
    buyer.looks_right()
    return buyer.page.url.rstrip("/").rsplit("/", 1)[-1]


def offers_a_third(seller: Visitor, case: str) -> None:
    seller.go("/desk/")
    seller.sees(re.compile("waits? for your answer"))
    seller.looks_right()
    seller.go("/desk/cases/")
    seller.looks_right()
    seller.follow(case)
    seller.sees("It has a deep scratch.")
    expect(seller.page.get_by_alt_text(re.compile("Photo 1"))).to_be_visible()
    seller.looks_right()
    seller.page.locator("summary", has_text="Offer something else").click()
    seller.page.get_by_label("or percent of what was paid").fill("30")
    seller.page.get_by_label("Why this would be right").fill("It can be polished.")
    seller.press("Make this offer")
    seller.sees("Your offer stands")
    seller.looks_right()


def counters(buyer: Visitor, case: str) -> None:
    buyer.go(f"/cases/{case}/")
    buyer.sees("It can be polished.")
    buyer.follow("See what accepting does")
    buyer.sees("keeps of what you paid")
    buyer.looks_right()
    buyer.follow("Back to the case")
    buyer.page.locator("summary", has_text="Offer something else").click()
    buyer.page.get_by_label("or percent of what was paid").fill("60")
    buyer.press("Make this offer")
    buyer.sees("Waits for the seller")


def accepts_twice(seller: Visitor, case: str) -> None:
    """A nervous finger on the button that moves the money."""
    seller.go(f"/desk/cases/{case}/")
    seller.follow("See what accepting does")
    seller.sees("What this does")
    seller.looks_right()
    seller.page.get_by_role("button", name=re.compile("^Accept: ")).dblclick()
    expect(seller.page).to_have_url(re.compile(rf"/desk/cases/{case}/$"), timeout=20_000)
    seller.sees(AGREED)
    seller.looks_right()


def reads_the_end(buyer: Visitor, case: str) -> None:
    buyer.go(f"/cases/{case}/")
    buyer.sees(AGREED)
    buyer.sees("Went back by this case")
    buyer.looks_right()
    buyer.go("/cases/")
    buyer.sees(case)
    buyer.looks_right()
    letter = buyer.site.mail_to(BUYER, containing=f"Case {case} is closed: both sides agreed")
    assert "goes back to the buyer" in letter


def the_books_are_right(site: Site) -> None:
    command = [sys.executable, "manage.py", "ledger_verify"]
    done = subprocess.run(command, cwd=ROOT, env=site.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
