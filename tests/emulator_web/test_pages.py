"""People on the hosted pages, in a real browser on a phone, without JavaScript."""

import re
import urllib.error
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Page, expect

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


def fill_card(page: Page, number: str) -> None:
    page.get_by_label("E-mail").fill("kim@example.com")
    page.locator("input[name=number]").fill(number)
    page.locator("input[name=exp]").fill("12 / 34")
    page.locator("input[name=cvc]").fill("123")
    page.locator("input[name=name]").fill("Kim Buyer")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def test_a_declined_card_is_explained_in_place_and_another_one_pays(emulator: Running, shop: Shop, page: Page) -> None:
    session = open_session(emulator.client, shop)
    page.goto(session.url or "")
    expect(page.get_by_role("heading", level=1)).to_contain_text("72.90 EUR")
    fill_card(page, "4000 0000 0000 0002")
    press(page, "Pay 72.90 EUR")
    expect(page.get_by_role("alert")).to_contain_text("declined")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was charged")
    expect(page.locator("input[name=email]")).to_have_value("kim@example.com")

    page.locator("input[name=number]").fill("4242 4242 4242 4242")
    press(page, "Pay 72.90 EUR")

    page.wait_for_url(f"{shop.url}/paid?session={session.id}")
    paid = emulator.client.v1.checkout.sessions.retrieve(session.id)
    assert (paid.status, paid.payment_status) == ("complete", "paid")
    assert len(wait_for(lambda: shop.events("checkout.session.completed"))) == 1


def test_choosing_a_test_card_fills_the_form_and_keeps_the_e_mail(emulator: Running, shop: Shop, page: Page) -> None:
    session = open_session(emulator.client, shop)
    page.goto(session.url or "")
    page.get_by_label("E-mail").fill("kim@example.com")

    page.get_by_role("button", name=re.compile("4242 4242 4242 4242")).click()

    expect(page.locator("input[name=number]")).to_have_value("4242 4242 4242 4242")
    expect(page.locator("input[name=email]")).to_have_value("kim@example.com")
    press(page, "Pay 72.90 EUR")
    page.wait_for_url(f"{shop.url}/paid?session={session.id}")


def test_pressing_enter_pays_rather_than_filling_in_a_test_card(emulator: Running, shop: Shop, page: Page) -> None:
    session = open_session(emulator.client, shop)
    page.goto(session.url or "")
    fill_card(page, "4242424242424242")

    page.locator("input[name=name]").press("Enter")

    page.wait_for_url(f"{shop.url}/paid?session={session.id}")


@pytest.mark.parametrize(
    ("field", "value"),
    [("number", "4111 1111 1111 1111"), ("exp", "12 / 20"), ("exp", "soon"), ("cvc", ""), ("email", "kim")],
)
def test_a_wrong_entry_is_named_beside_its_field(
    emulator: Running, shop: Shop, page: Page, field: str, value: str
) -> None:
    session = open_session(emulator.client, shop)
    page.goto(session.url or "")
    fill_card(page, "4242 4242 4242 4242")
    page.locator(f"input[name={field}]").fill(value)

    press(page, "Pay 72.90 EUR")

    expect(page.locator(f"input[name={field}]")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was charged")
    assert emulator.client.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_three_d_secure_refused_then_completed(emulator: Running, shop: Shop, page: Page) -> None:
    session = open_session(emulator.client, shop)
    page.goto(session.url or "")
    fill_card(page, "4000 0025 0000 3155")
    press(page, "Pay 72.90 EUR")
    press(page, "Fail authentication")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was charged")

    fill_card(page, "4000 0025 0000 3155")
    press(page, "Pay 72.90 EUR")
    press(page, "Complete authentication")

    page.wait_for_url(f"{shop.url}/paid?session={session.id}")
    assert emulator.client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_the_way_back_leads_to_the_basket(emulator: Running, shop: Shop, page: Page) -> None:
    session = open_session(emulator.client, shop)
    page.goto(session.url or "")

    page.get_by_role("link", name="Back to").click()

    page.wait_for_url(f"{shop.url}/basket")


def test_a_paid_page_says_so_and_leads_on(emulator: Running, shop: Shop, page: Page) -> None:
    session = open_session(emulator.client, shop)
    post_json(f"{emulator.url}/_emulator/sessions/{session.id}/pay")

    page.goto(session.url or f"{emulator.url}/c/pay/{session.id}")

    expect(page.get_by_role("heading", level=1)).to_have_text("Already paid")
    page.get_by_role("link", name="Go on to").click()
    page.wait_for_url(f"{shop.url}/paid?session={session.id}")


def test_an_expired_page_says_nothing_was_charged(emulator: Running, shop: Shop, page: Page) -> None:
    session = open_session(emulator.client, shop)
    post_json(f"{emulator.url}/_emulator/advance", {"seconds": 25 * 3600})

    page.goto(session.url or "")

    expect(page.get_by_role("heading", level=1)).to_have_text("This payment page has expired")
    expect(page.get_by_role("main")).to_contain_text("Nothing was charged")


def test_a_session_that_never_was_is_not_found(emulator: Running) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{emulator.url}/c/pay/cs_test_never", timeout=5)
    caught.value.close()

    assert caught.value.code == 404


def finish_onboarding(page: Page) -> None:
    for _step in ("business", "person", "bank"):
        press(page, "Use test data")
        press(page, "Save and continue")
    press(page, "Agree and finish")


def transfers_status(emulator: Running, account: str) -> str:
    found: Any = emulator.client.v2.core.accounts.retrieve(account, params={"include": ["configuration.recipient"]})
    return str(found.configuration.recipient.capabilities.stripe_balance.stripe_transfers.status)


def test_onboarding_with_test_data_makes_transfers_active(emulator: Running, shop: Shop, page: Page) -> None:
    account, link = open_seller(emulator.client, shop)
    assert transfers_status(emulator, account) != "active"

    page.goto(link)
    finish_onboarding(page)

    page.wait_for_url(f"{shop.url}/return")
    assert transfers_status(emulator, account) == "active"
    assert wait_for(lambda: shop.events("account.updated"))[0].event["account"] == account


def test_leaving_half_way_keeps_what_was_saved_and_a_new_link_goes_on(
    emulator: Running, shop: Shop, page: Page
) -> None:
    account, link = open_seller(emulator.client, shop)
    page.goto(link)
    press(page, "Use test data")
    press(page, "Save and continue")
    press(page, "Leave unfinished")
    page.wait_for_url(f"{shop.url}/return")
    assert transfers_status(emulator, account) != "active"

    page.goto(onboarding_link(emulator.client, shop, account))

    expect(page.locator("[aria-current=step]")).to_have_text("Person")
    for _step in ("person", "bank"):
        press(page, "Use test data")
        press(page, "Save and continue")
    press(page, "Agree and finish")
    page.wait_for_url(f"{shop.url}/return")
    assert transfers_status(emulator, account) == "active"


def test_an_earlier_step_can_be_changed_from_the_review(emulator: Running, shop: Shop, page: Page) -> None:
    _account, link = open_seller(emulator.client, shop)
    page.goto(link)
    for _step in ("business", "person", "bank"):
        press(page, "Use test data")
        press(page, "Save and continue")

    page.get_by_role("link", name=re.compile("Change.*Business")).click()
    page.locator("input[name=product_description]").fill("Oak spoons")
    press(page, "Save and continue")

    expect(page.get_by_role("main")).to_contain_text("Oak spoons")


def test_an_empty_step_is_not_saved(emulator: Running, shop: Shop, page: Page) -> None:
    _account, link = open_seller(emulator.client, shop)
    page.goto(link)
    press(page, "Use test data")
    press(page, "Save and continue")

    for name in ("given_name", "surname", "dob_year"):
        page.locator(f"input[name={name}]").fill("")
    press(page, "Save and continue")

    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved")
    expect(page.locator("input[name=given_name]")).to_have_attribute("aria-invalid", "true")


def test_a_used_onboarding_link_sends_the_person_back_for_a_new_one(emulator: Running, shop: Shop, page: Page) -> None:
    _account, link = open_seller(emulator.client, shop)
    page.goto(link)

    page.goto(link)

    page.wait_for_url(f"{shop.url}/refresh")


def test_an_expired_onboarding_link_sends_the_person_back_for_a_new_one(
    emulator: Running, shop: Shop, page: Page
) -> None:
    _account, link = open_seller(emulator.client, shop)
    post_json(f"{emulator.url}/_emulator/advance", {"seconds": 3600})

    page.goto(link)

    page.wait_for_url(f"{shop.url}/refresh")


def seller_with_a_sale(emulator: Running, shop: Shop) -> str:
    account, _link = open_seller(emulator.client, shop)
    post_json(f"{emulator.url}/_emulator/accounts/{account}/complete_onboarding")
    session = open_session(
        emulator.client,
        shop,
        payment_intent_data={"application_fee_amount": 729, "transfer_data": {"destination": account}},
    )
    post_json(f"{emulator.url}/_emulator/sessions/{session.id}/pay", {"email": "kim@example.com"})
    return account


def test_the_express_dashboard_shows_balance_and_payouts_once(emulator: Running, shop: Shop, page: Page) -> None:
    account = seller_with_a_sale(emulator, shop)
    link = emulator.client.v1.accounts.login_links.create(account)

    page.goto(link.url)

    expect(page.get_by_role("main")).to_contain_text("65.61 EUR")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(link.url, timeout=5)
    caught.value.close()
    assert caught.value.code == 410


def test_the_panel_moves_the_clock_and_says_what_happened(emulator: Running, shop: Shop, page: Page) -> None:
    seller_with_a_sale(emulator, shop)
    page.goto(f"{emulator.url}/_emulator/")

    press(page, "Move 2 days")

    expect(page.get_by_role("main")).to_contain_text("payout.created")
    # The offset is whole seconds against a running clock, so the move itself may cost one.
    assert get_json(f"{emulator.url}/_emulator/clock")["offset_seconds"] >= 2 * 86400 - 1


def test_the_panel_leads_from_an_account_to_each_row_and_its_object(emulator: Running, shop: Shop, page: Page) -> None:
    seller_with_a_sale(emulator, shop)
    page.goto(f"{emulator.url}/_emulator/panel/ledger")
    page.get_by_role("link", name="Birch Pottery").click()
    expect(page.get_by_role("main")).to_contain_text("72.90 EUR")
    expect(page.get_by_role("row", name="payment")).to_contain_text("65.61 EUR")

    page.get_by_role("link", name=re.compile("^py_")).first.click()

    expect(page.locator("pre")).to_contain_text('"amount": 7290')


def test_the_panel_sends_an_event_again(emulator: Running, shop: Shop, page: Page) -> None:
    seller_with_a_sale(emulator, shop)
    wait_for(lambda: shop.events("checkout.session.completed"))
    page.goto(f"{emulator.url}/_emulator/panel/events?type=checkout.session.completed")
    page.get_by_role("link", name="checkout.session.completed").click()

    press(page, "Send again")

    wait_for(lambda: len(shop.events("checkout.session.completed")) == 2)


def test_the_panel_plans_a_fault_and_clears_it(emulator: Running, page: Page) -> None:
    page.goto(f"{emulator.url}/_emulator/panel/faults")
    page.get_by_label("Kind").select_option("delay")
    press(page, "Choose this kind")
    page.get_by_label("Which calls").fill("POST /v1/customers")
    page.get_by_label("Seconds").fill("1")
    press(page, "Plan this fault")
    assert get_json(f"{emulator.url}/_emulator/faults")["data"][0]["params"] == {"seconds": 1}

    press(page, "Clear all faults")

    assert get_json(f"{emulator.url}/_emulator/faults")["data"] == []


@pytest.mark.parametrize(
    ("button", "status"),
    [("Complete authentication", "succeeded"), ("Fail authentication", "requires_payment_method")],
)
def test_a_payment_confirmed_over_the_api_is_authenticated_on_the_banks_page(
    emulator: Running, shop: Shop, page: Page, button: str, status: str
) -> None:
    intent = emulator.client.v1.payment_intents.create(
        {
            "amount": 2_500,
            "currency": "eur",
            "payment_method": "pm_card_threeDSecure2Required",
            "confirm": True,
            "return_url": f"{shop.url}/paid",
        }
    )
    page.goto(intent.next_action.redirect_to_url.url)
    expect(page.get_by_role("main")).to_contain_text("25.00 EUR")

    press(page, button)

    page.wait_for_url(re.compile(f"^{re.escape(shop.url)}/paid"))
    assert emulator.client.v1.payment_intents.retrieve(intent.id).status == status


def test_an_authentication_that_was_answered_says_so_when_it_is_opened_again(emulator: Running, page: Page) -> None:
    intent = emulator.client.v1.payment_intents.create(
        {"amount": 2_500, "currency": "eur", "payment_method": "pm_card_threeDSecure2Required", "confirm": True}
    )
    address = intent.next_action["use_stripe_sdk"]["stripe_js"]
    page.goto(address)
    press(page, "Complete authentication")
    expect(page.get_by_role("heading", level=1)).to_have_text("Payment confirmed")

    with pytest.raises(urllib.error.HTTPError, match="409") as again:
        urllib.request.urlopen(address)

    assert "Nothing to confirm" in again.value.read().decode()


def test_a_card_is_saved_without_paying_and_pays_the_next_order_at_a_click(
    emulator: Running, shop: Shop, page: Page
) -> None:
    customer = emulator.client.v1.customers.create({"email": "kim@example.com"}).id
    setup = emulator.client.v1.checkout.sessions.create(
        {
            "mode": "setup",
            "currency": "eur",
            "customer": customer,
            "payment_method_data": {"allow_redisplay": "always"},
            "success_url": f"{shop.url}/saved",
        }
    )
    page.goto(setup.url or "")
    fill_card(page, "4000 0000 0000 3220")
    press(page, "Save card")
    expect(page.get_by_role("heading", level=1)).to_have_text("Save this card?")
    press(page, "Complete authentication")
    page.wait_for_url(f"{shop.url}/saved")

    session = open_session(emulator.client, shop, customer=customer)
    page.goto(session.url or "")
    press(page, "Pay with Visa ending in 3220")
    press(page, "Complete authentication")

    page.wait_for_url(f"{shop.url}/paid?session={session.id}")
    assert emulator.client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_a_ticked_card_is_shown_again_and_an_unticked_one_is_not(emulator: Running, shop: Shop, page: Page) -> None:
    customer = emulator.client.v1.customers.create({"email": "kim@example.com"}).id
    options = {"customer": customer, "saved_payment_method_options": {"payment_method_save": "enabled"}}
    for number, ticked in (("5555 5555 5555 4444", True), ("4242 4242 4242 4242", False)):
        page.goto(open_session(emulator.client, shop, **options).url or "")
        page.get_by_label("Save this card").set_checked(ticked)
        page.get_by_role("button", name=number).click()
        press(page, "Pay 72.90 EUR")
        page.wait_for_url(re.compile(f"^{re.escape(shop.url)}/paid"))

    page.goto(open_session(emulator.client, shop, **options).url or "")

    expect(page.get_by_role("button", name=re.compile("^Pay with "))).to_contain_text(["Mastercard ending in 4444"])
