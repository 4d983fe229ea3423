"""Every page, at both widths and in both schemes: no accessibility violation, no sideways scrolling."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.emulator_web.support import (
    Running,
    Shop,
    get_json,
    onboarding_link,
    open_seller,
    open_session,
    post_json,
    wait_for,
)

pytestmark = pytest.mark.browser

# Both widths and both schemes; test_tokens.py computes the contrast of every pair of colours.
SIZES = [(360, "light"), (1440, "dark")]


@pytest.fixture(scope="module", params=SIZES, ids=lambda size: f"{size[0]}-{size[1]}")
def screen(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    context.set_default_timeout(8_000)
    yield context.new_page()
    context.close()


def complaints(page: Page) -> list[str]:
    """What axe finds and how far the page is too wide."""
    found = [f"{rule['id']}: {rule['nodes'][0]['target']}" for rule in Axe().run(page).response["violations"]]
    too_wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return found + ([f"{too_wide} px too wide"] if too_wide > 0 else [])


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def test_the_payment_pages_are_in_order(emulator: Running, shop: Shop, screen: Page) -> None:
    session = open_session(emulator.client, shop)
    screen.goto(session.url or "")
    plain = complaints(screen)
    press(screen, "Pay 72.90 EUR")
    with_error = complaints(screen)
    screen.get_by_role("button", name="4000 0000 0000 0002").click()
    press(screen, "Pay 72.90 EUR")
    declined = complaints(screen)
    screen.get_by_role("button", name="4000 0025 0000 3155").click()
    press(screen, "Pay 72.90 EUR")
    authentication = complaints(screen)
    post_json(f"{emulator.url}/_emulator/advance", {"seconds": 25 * 3600})
    screen.goto(session.url or "")
    expired = complaints(screen)

    assert (plain, with_error, declined, authentication, expired) == ([], [], [], [], [])


def test_the_onboarding_pages_are_in_order(emulator: Running, shop: Shop, screen: Page) -> None:
    account, link = open_seller(emulator.client, shop)
    screen.goto(link)
    found = {}
    for step in ("business", "person", "bank"):
        found[step] = complaints(screen)
        press(screen, "Save and continue")
        found[f"{step} with errors"] = complaints(screen)
        press(screen, "Use test data")
        press(screen, "Save and continue")
    found["review"] = complaints(screen)
    press(screen, "Agree and finish")
    post_json(f"{emulator.url}/_emulator/accounts/{account}/require", {"what": "document"})
    screen.goto(onboarding_link(emulator.client, shop, account))
    found["document"] = complaints(screen)

    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    assert len(found) == 8


def test_the_dashboard_and_the_panel_are_in_order(emulator: Running, shop: Shop, screen: Page) -> None:
    account, _link = open_seller(emulator.client, shop)
    post_json(f"{emulator.url}/_emulator/accounts/{account}/complete_onboarding")
    destination = {"application_fee_amount": 729, "transfer_data": {"destination": account}}
    session = open_session(emulator.client, shop, payment_intent_data=destination)
    post_json(f"{emulator.url}/_emulator/sessions/{session.id}/pay", {"email": "kim@example.com"})
    post_json(f"{emulator.url}/_emulator/advance", {"seconds": 2 * 86400})
    charge = emulator.client.v1.checkout.sessions.retrieve(session.id).payment_intent
    dispute = post_json(f"{emulator.url}/_emulator/charges/{charge}/dispute", {"inquiry": True})["dispute"]
    waiting = open_session(emulator.client, shop)
    post_json(f"{emulator.url}/_emulator/sessions/{waiting.id}/pay", {"iban": "DE08370400440532013003"})
    post_json(f"{emulator.url}/_emulator/faults", {"kind": "delay", "match": "POST /v1/transfers", "seconds": 1})
    wait_for(lambda: shop.events("checkout.session.completed"))
    event = get_json(f"{emulator.url}/_emulator/events?type=checkout.session.completed")["data"][0]["id"]
    paths = [
        emulator.client.v1.accounts.login_links.create(account).url.removeprefix(emulator.url),
        f"/c/pay/{session.id}",
        f"/c/pay/{waiting.id}",
        open_session(emulator.client, shop, allowed_payment_method_types=["sepa_debit"]).url.removeprefix(emulator.url),
        "/_emulator/",
        "/_emulator/panel/objects",
        "/_emulator/panel/objects/charge",
        f"/_emulator/panel/object/{session.id}",
        f"/_emulator/panel/object/{waiting.id}",
        f"/_emulator/panel/object/{account}",
        f"/_emulator/panel/object/{dispute}",
        "/_emulator/panel/objects?id=cs_",
        "/_emulator/panel/ledger",
        "/_emulator/panel/ledger/platform",
        f"/_emulator/panel/ledger/{account}",
        "/_emulator/panel/events",
        f"/_emulator/panel/events/{event}",
        "/_emulator/panel/faults",
        "/_emulator/panel/faults?kind=webhook_duplicate",
        "/_emulator/panel/requests",
        "/_emulator/panel/requests?status=5xx",
        "/_emulator/sign-in",
    ]
    found = {}
    for path in paths:
        screen.goto(emulator.url + path)
        found[path] = complaints(screen)

    assert found == {path: [] for path in paths}


def test_the_pages_of_saved_cards_and_the_bank_are_in_order(emulator: Running, shop: Shop, screen: Page) -> None:
    client = emulator.client
    customer = client.v1.customers.create({"email": "kim@example.com"}).id
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    client.v1.payment_methods.update(card.id, {"allow_redisplay": "always"})
    coupon = client.v1.coupons.create({"percent_off": 10})
    options = {"customer": customer, "saved_payment_method_options": {"payment_method_save": "enabled"}}
    paying = open_session(client, shop, discounts=[{"coupon": coupon.id}], **options)
    setup = client.v1.checkout.sessions.create(
        {"mode": "setup", "currency": "eur", "customer": customer, "success_url": f"{shop.url}/saved"}
    )
    token = "pm_card_authenticationRequired"
    keeping = client.v1.setup_intents.create({"customer": customer, "payment_method": token, "confirm": True})
    held = client.v1.payment_intents.create(
        {"amount": 900, "currency": "eur", "payment_method": token, "confirm": True}
    )
    paths = [paying.url, setup.url, *(f"{emulator.url}/c/authenticate/{one.id}" for one in (keeping, held))]
    found = {}
    for path in paths:
        screen.goto(path or "")
        found[path] = complaints(screen)

    assert found == {path: [] for path in paths}
