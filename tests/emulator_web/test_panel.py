"""The operator at the panel, in a real browser on a phone, without JavaScript; and the same actions as JSON."""

import re
import urllib.error
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from emulator.fault_kinds import CATALOGUE
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


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def paid_intent(emulator: Running, shop: Shop, **payer: Any) -> str:
    session = open_session(emulator.client, shop)
    post_json(f"{emulator.url}/_emulator/sessions/{session.id}/pay", {"email": "kim@example.com", **payer})
    return str(emulator.client.v1.checkout.sessions.retrieve(session.id).payment_intent)


def refused(url: str, body: dict[str, Any]) -> int:
    with pytest.raises(urllib.error.HTTPError) as problem:
        post_json(url, body)
    problem.value.close()
    return int(problem.value.code)


def test_a_dispute_is_opened_and_won_by_buttons(emulator: Running, shop: Shop, page: Page) -> None:
    intent = paid_intent(emulator, shop)
    page.goto(f"{emulator.url}/_emulator/panel/object/{intent}")
    page.get_by_text("Open a dispute").first.click()
    page.get_by_label("Reason").select_option("product_not_received")
    page.get_by_label("Amount in minor units").fill("2000")
    press(page, "Open a dispute")
    expect(page.get_by_role("status")).to_contain_text("Open a dispute")

    dispute = emulator.client.v1.disputes.list({"payment_intent": intent}).data[0]
    page.goto(f"{emulator.url}/_emulator/panel/object/{dispute.id}")
    for step in ("under_review", "won"):
        page.locator("summary").click()
        page.get_by_label("It becomes").select_option(step)
        press(page, "Move the dispute")

    # A decided dispute can still be appealed.
    expect(page.get_by_text("What can happen to it")).to_be_visible()
    assert (dispute.amount, dispute.reason) == (2_000, "product_not_received")
    assert emulator.client.v1.disputes.retrieve(dispute.id).status == "won"
    assert wait_for(lambda: shop.events("charge.dispute.closed"))


def test_what_cannot_be_done_is_said_beside_the_form_with_what_was_typed(
    emulator: Running, shop: Shop, page: Page
) -> None:
    intent = paid_intent(emulator, shop)
    address = f"{emulator.url}/_emulator/panel/object/{intent}"
    page.goto(address)
    page.get_by_text("Open a dispute").first.click()
    page.get_by_label("Amount in minor units").fill("999999")
    press(page, "Open a dispute")

    expect(page.get_by_role("alert")).to_contain_text("from 1 to 7290")
    expect(page.get_by_label("Amount in minor units")).to_have_value("999999")


def test_an_object_shows_its_ledger_rows_and_its_events(emulator: Running, shop: Shop, page: Page) -> None:
    intent = paid_intent(emulator, shop)

    page.goto(f"{emulator.url}/_emulator/panel/object/{intent}")

    expect(page.get_by_role("region", name="Table of ledger rows")).to_contain_text("72.90 EUR")
    expect(page.get_by_role("region", name="Table of events")).to_contain_text("payment_intent.succeeded")


def test_an_object_is_found_by_a_part_of_its_id(emulator: Running, shop: Shop, page: Page) -> None:
    intent, other = paid_intent(emulator, shop), paid_intent(emulator, shop)
    page.goto(f"{emulator.url}/_emulator/panel/objects")
    page.get_by_label("Id, or a part of it").fill("pi_")
    press(page, "Find objects")
    expect(page.get_by_role("link", name=re.compile("^pi_"))).to_have_text([other, intent])

    page.get_by_label("Id, or a part of it").fill(intent[-9:])
    press(page, "Find objects")
    expect(page.get_by_role("heading", level=1)).to_have_text(intent)

    page.goto(f"{emulator.url}/_emulator/panel/objects?id=100%25_nothing")
    expect(page.get_by_text("No object has this in its id.")).to_be_visible()


def test_the_clock_moves_a_month_or_to_a_day_and_never_back(emulator: Running, shop: Shop, page: Page) -> None:
    before = get_json(f"{emulator.url}/_emulator/clock")["now"]
    page.goto(f"{emulator.url}/_emulator/")
    press(page, "Move 1 month")
    expect(page.get_by_role("heading", name="What happened on the way")).to_be_visible()
    after = get_json(f"{emulator.url}/_emulator/clock")["now"]

    page.get_by_label("Or to the start of a day").fill("2001-01-01")
    press(page, "Move to this day")

    expect(page.get_by_text("Choose a day after today's")).to_be_visible()
    assert 30 * 86_400 <= after - before < 30 * 86_400 + 60


def test_every_kind_of_fault_has_a_form_and_can_be_planned(emulator: Running, page: Page) -> None:
    for kind, about in CATALOGUE.items():
        page.goto(f"{emulator.url}/_emulator/panel/faults?kind={kind}")
        for name in about.params:
            expect(page.locator(f"[name=p-{name}]")).to_be_visible()
        press(page, "Plan this fault")

    planned = get_json(f"{emulator.url}/_emulator/faults")["data"]
    press(page, "Clear all faults")

    assert [fault["kind"] for fault in planned] == list(CATALOGUE)
    assert get_json(f"{emulator.url}/_emulator/faults")["data"] == []


def test_a_fault_keeps_the_parameters_given_and_refuses_others(emulator: Running, page: Page) -> None:
    page.goto(f"{emulator.url}/_emulator/panel/faults?kind=error_before")
    page.locator("[name=p-status]").fill("a lot")
    press(page, "Plan this fault")
    expect(page.get_by_role("alert")).to_contain_text("a lot is not a number.")

    page.locator("[name=p-status]").fill("429")
    page.locator("[name=p-should_retry]").select_option("true")
    press(page, "Plan this fault")

    assert get_json(f"{emulator.url}/_emulator/faults")["data"][0]["params"] == {"status": 429, "should_retry": True}


def test_requests_are_filtered_by_their_answer(emulator: Running, page: Page) -> None:
    emulator.client.v1.balance.retrieve()
    with pytest.raises(Exception, match="No such"):
        emulator.client.v1.charges.retrieve("ch_nothing")

    page.goto(f"{emulator.url}/_emulator/panel/requests?status=4xx")

    expect(page.get_by_text("GET /v1/charges/ch_nothing")).to_be_visible()
    expect(page.get_by_text("GET /v1/balance")).to_have_count(0)
    listed = get_json(f"{emulator.url}/_emulator/requests?status=404")["data"]
    assert [row["path"] for row in listed] == ["/v1/charges/ch_nothing"]


def test_every_action_is_a_control_of_its_own(emulator: Running, shop: Shop) -> None:
    account, _link = open_seller(emulator.client, shop)
    control = f"{emulator.url}/_emulator"
    post_json(f"{control}/accounts/{account}/complete_onboarding")
    intent = paid_intent(emulator, shop, iban="DE08370400440532013003", name="Kim")

    answers = [
        post_json(f"{control}/sessions/{intent}/settle", {"outcome": "succeeded"}),
        post_json(f"{control}/charges/{intent}/dispute", {"inquiry": True, "amount": 500})["dispute"][:3],
        post_json(f"{control}/accounts/{account}/require", {"what": "phone", "days": 1}),
        post_json(f"{control}/accounts/{account}/lose_capability", {"capability": "payouts"}),
        post_json(f"{control}/accounts/{account}/disable", {"reason": "listed"}),
        post_json(f"{control}/accounts/{account}/restore"),
        post_json(f"{control}/accounts/{account}/fund", {"amount": 700}),
        post_json(f"{control}/accounts/{account}/drain", {"amount": 200}),
        post_json(f"{control}/accounts/{account}/deauthorise"),
    ]

    assert answers == [
        {"status": "succeeded"},
        "du_",
        {"account": account},
        {"capability": "payouts"},
        {"disabled_reason": "listed"},
        {"transfers": "active"},
        {"available": 700},
        {"available": 500},
        {"account": account},
    ]
    calls = {row["call"] for row in get_json(f"{control}/actions")["data"]}
    assert "POST /_emulator/accounts/<id>/deauthorise" in calls
    assert wait_for(lambda: shop.events("account.application.deauthorized"))


def test_controls_refuse_what_makes_no_sense(emulator: Running, shop: Shop) -> None:
    control = f"{emulator.url}/_emulator"

    codes = [
        refused(f"{control}/accounts/acct_none/disable", {}),
        refused(f"{control}/accounts/platform/explode", {}),
        refused(f"{control}/accounts/platform/fund", {"amount": "lots"}),
        refused(f"{control}/accounts/platform/fund", {"amount": -1}),
    ]

    assert codes == [404, 404, 400, 409]


def test_a_form_without_its_token_changes_nothing(emulator: Running, shop: Shop) -> None:
    account, _link = open_seller(emulator.client, shop)
    request = urllib.request.Request(
        f"{emulator.url}/_emulator/panel/object/{account}", data=b"do=accounts/disable&reason=listed"
    )

    with pytest.raises(urllib.error.HTTPError) as problem:
        urllib.request.urlopen(request)

    problem.value.close()
    assert problem.value.code == 403
    requirements = emulator.client.v1.accounts.retrieve(account).requirements
    assert requirements
    assert requirements.disabled_reason != "listed"


def test_a_buyer_chooses_direct_debit_and_the_operator_lets_it_fail(emulator: Running, shop: Shop, page: Page) -> None:
    session = open_session(emulator.client, shop)
    page.goto(session.url or "")
    expect(page.get_by_label("IBAN")).to_be_hidden()
    page.get_by_label("SEPA Direct Debit").check()
    expect(page.get_by_label("Card number")).to_be_hidden()
    page.get_by_label("E-mail").fill("kim@example.com")
    page.get_by_role("button", name="DE08 3704").click()
    expect(page.get_by_label("E-mail")).to_have_value("kim@example.com")
    press(page, "Pay 72.90 EUR")
    page.wait_for_url(f"{shop.url}/paid?session={session.id}")
    page.goto(f"{emulator.url}/c/pay/{session.id}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Payment on its way")

    page.goto(f"{emulator.url}/_emulator/panel/object/{session.id}")
    page.locator("summary").click()
    page.get_by_label("Outcome").select_option("failed")
    press(page, "Settle the payment")

    page.goto(f"{emulator.url}/c/pay/{session.id}")
    expect(page.get_by_role("heading", level=1)).to_have_text("The bank did not pay")
    assert wait_for(lambda: shop.events("checkout.session.async_payment_failed"))


def test_a_wrong_iban_is_named_beside_its_field(emulator: Running, shop: Shop, page: Page) -> None:
    session = open_session(emulator.client, shop, allowed_payment_method_types=["sepa_debit"])
    page.goto(session.url or "")
    page.get_by_label("E-mail").fill("kim@example.com")
    page.get_by_label("IBAN").fill("DE12 5001 0517 0648 4898 90")

    press(page, "Pay 72.90 EUR")

    expect(page.get_by_label("IBAN")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("alert")).to_contain_text("test IBANs")


def test_a_seller_is_asked_for_a_document_until_one_can_be_read(emulator: Running, shop: Shop, page: Page) -> None:
    account, _link = open_seller(emulator.client, shop)
    control = f"{emulator.url}/_emulator/accounts/{account}"
    post_json(f"{control}/complete_onboarding")
    post_json(f"{control}/require", {"what": "document", "days": 0})
    page.goto(onboarding_link(emulator.client, shop, account))
    expect(page.get_by_role("heading", level=1)).to_have_text("Identity document")
    page.get_by_label("Identity document").select_option("unreadable")
    press(page, "Save and continue")
    expect(page.get_by_role("alert")).to_contain_text("cannot be read")

    page.get_by_label("Identity document").select_option("readable")
    press(page, "Save and continue")
    press(page, "Agree and finish")

    page.wait_for_url(f"{shop.url}/return")
    assert emulator.client.v1.accounts.retrieve(account).payouts_enabled


def test_older_events_and_ledger_rows_are_a_page_away(emulator: Running, shop: Shop, page: Page) -> None:
    for _ in range(26):
        emulator.client.v1.payment_intents.create(
            {"amount": 900, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}
        )
    for _ in range(25):
        post_json(f"{emulator.url}/_emulator/accounts/platform/fund", {"amount": 100})
    page.goto(f"{emulator.url}/_emulator/panel/ledger/platform")
    expect(page.locator("tbody tr")).to_have_count(50)
    page.get_by_role("link", name="Older ones").click()
    expect(page.locator("tbody tr")).to_have_count(1)

    page.goto(f"{emulator.url}/_emulator/panel/events?type=payment_intent.succeeded")

    expect(page.locator("tbody tr")).to_have_count(26)
    page.goto(f"{emulator.url}/_emulator/panel/events")
    page.get_by_role("link", name="Older ones").click()
    expect(page.locator("tbody tr")).to_have_count(50)
