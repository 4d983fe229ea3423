"""Onboarding against the emulator, as a browser walks it."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from accounts import guidelines, onboarding
from accounts.models import ConnectedAccount, Seller, User
from emulator import hosted
from emulator.core import Emulator
from emulator.errors import LinkDead
from gateway import operations
from gateway.models import Operation
from kit import clock, faults
from kit.models import Mail
from tests.unit.accounts.conftest import SignIn

PAGE = "/sell/onboarding/"
START = "/sell/onboarding/start/"
RETURN = "/sell/onboarding/return/"
REFRESH = "/sell/onboarding/refresh/"

BUSINESS = {
    "entity_type": "individual",
    "business_name": "",
    "business_url": "https://bob.example",
    "product_description": "Bread",
}
PERSON = {
    "given_name": "Bob", "surname": "Baker", "email": "bob@example.com", "dob_day": "1", "dob_month": "1",
    "dob_year": "1990", "line1": "Torstr. 1", "city": "Berlin", "postal_code": "10119", "country": "DE",
}  # fmt: skip
BANK = {"iban": "DE89370400440532013000"}


class ProcessDied(BaseException):
    """What kill -9 looks like from inside a test."""


def die() -> None:
    raise ProcessDied


@pytest.fixture
def browser(accepted: Seller, bob: User, sign_in: SignIn) -> Client:
    return sign_in(bob)


def press_start(browser: Client) -> str:
    """Press the button; where it leads."""
    answer = browser.post(START)
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def token_of(url: str) -> str:
    return urlsplit(url).path.rsplit("/", 1)[-1]


def fill_in(emulator: Emulator, flow: str, *steps: str) -> None:
    answers = {"business": BUSINESS, "person": PERSON, "bank": BANK, "review": {"tos": "on"}}
    for step in steps:
        assert hosted.onboarding_save(emulator, flow, step, answers[step]) == {}


def go_through(emulator: Emulator, url: str) -> str:
    """Give Stripe everything; the address it sends back to."""
    flow = hosted.onboarding_open(emulator, token_of(url))
    fill_in(emulator, flow, "business", "person", "bank", "review")
    return hosted.onboarding_finish(emulator, flow)


def accounts_at_stripe(emulator: Emulator) -> int:
    return len([row for row in emulator.store.find("v2.core.account", account=None) if row.private.get("display_name")])


def test_the_page_says_what_to_do_and_lets_its_form_lead_to_stripe(browser: Client, settings):
    page = browser.get(PAGE)

    assert "Start with Stripe" in page.content.decode()
    for origin in settings.STRIPE_HOSTED_ORIGINS:
        assert origin in page.headers["Content-Security-Policy"].split("form-action")[1].split(";")[0]


def test_no_other_page_on_the_way_lets_forms_lead_away(browser: Client, settings):
    policy = browser.get("/sell/guidelines/").headers["Content-Security-Policy"]

    assert not any(origin in policy for origin in settings.STRIPE_HOSTED_ORIGINS)


def test_starting_opens_a_recipient_account_and_leads_to_stripe(
    browser: Client, accepted: Seller, stripe_emulator: Emulator
):
    url = press_start(browser)

    account = ConnectedAccount.objects.get()
    asked = Operation.objects.get(name="account.create").request
    assert url.startswith(stripe_emulator.public_url)
    assert (account.seller, account.transfers) == (accepted, "restricted")
    assert account.started_at is not None
    assert (
        asked["configuration"]["recipient"]["capabilities"]["stripe_balance"]["stripe_transfers"]["requested"] is True
    )
    assert asked["defaults"]["responsibilities"] == {"fees_collector": "application", "losses_collector": "application"}
    assert (asked["dashboard"], asked["contact_email"], asked["identity"]["country"]) == (
        "express",
        "bob@example.com",
        "DE",
    )
    assert "merchant" not in asked["configuration"]


def test_a_link_is_minted_per_click_and_kept_nowhere(browser: Client, stripe_emulator: Emulator, caplog):
    urls = [press_start(browser), press_start(browser)]

    links = Operation.objects.filter(name="account_link.create")
    assert urls[0] != urls[1]
    assert links.count() == 2
    assert [link.response for link in links] == [None, None]
    kept = str(list(Operation.objects.values())) + caplog.text
    assert not any(token_of(url) in kept for url in urls)


def test_going_through_makes_a_seller_who_can_be_paid(browser: Client, bob: User, stripe_emulator: Emulator):
    back = go_through(stripe_emulator, press_start(browser))

    page = browser.get(urlsplit(back).path)

    assert "You are ready to sell." in page.content.decode()
    assert ConnectedAccount.objects.get().can_receive_transfers
    assert list(Mail.objects.values_list("to", "subject")) == [("bob@example.com", "Bob's Bakery is ready to sell")]
    assert browser.get("/sell/").headers["Location"] == reverse("payments:desk")


def test_the_return_decides_nothing(browser: Client, stripe_emulator: Emulator):
    press_start(browser)

    page = browser.get(RETURN)

    assert "It is your turn" in page.content.decode()
    assert not ConnectedAccount.objects.get().can_receive_transfers


def test_leaving_half_way_and_coming_back_continues_where_it_was(browser: Client, stripe_emulator: Emulator):
    flow = hosted.onboarding_open(stripe_emulator, token_of(press_start(browser)))
    fill_in(stripe_emulator, flow, "business", "person")
    back = hosted.onboarding_leave(stripe_emulator, flow)

    page = browser.get(urlsplit(back).path).content.decode()
    again = hosted.onboarding_open(stripe_emulator, token_of(press_start(browser)))

    assert "Continue at Stripe" in page
    assert "The bank account your money is paid to" in page
    assert "Your first name" not in page
    assert hosted.onboarding_view(stripe_emulator, again)["step"] == "bank"
    assert Operation.objects.filter(name="account.create").count() == 1


def test_an_expired_link_leads_to_a_fresh_one(browser: Client, stripe_emulator: Emulator):
    url = press_start(browser)
    stripe_emulator.advance(seconds=3600)
    with pytest.raises(LinkDead) as dead:
        hosted.onboarding_open(stripe_emulator, token_of(url))

    answer = browser.get(urlsplit(dead.value.refresh_url).path)

    assert answer.status_code == 303
    assert hosted.onboarding_open(stripe_emulator, token_of(answer.headers["Location"]))


def test_a_used_link_leads_to_a_fresh_one(browser: Client, stripe_emulator: Emulator):
    url = press_start(browser)
    hosted.onboarding_open(stripe_emulator, token_of(url))
    with pytest.raises(LinkDead) as dead:
        hosted.onboarding_open(stripe_emulator, token_of(url))

    answer = browser.get(urlsplit(dead.value.refresh_url).path)

    assert answer.status_code == 303
    assert hosted.onboarding_open(stripe_emulator, token_of(answer.headers["Location"]))


@pytest.mark.parametrize("address", [PAGE, RETURN, REFRESH])
def test_a_visitor_signs_in_before_anything_is_minted(
    client: Client, accepted: Seller, stripe_emulator: Emulator, address
):
    answer = client.get(address)

    assert answer.headers["Location"].startswith(reverse("account_login"))
    assert not Operation.objects.exists()


@pytest.mark.parametrize("address", [PAGE, RETURN, REFRESH])
def test_a_helpers_view_of_the_owners_onboarding_is_not_found(
    helper: User, sign_in: SignIn, stripe_emulator: Emulator, address
):
    browser = sign_in(helper)

    answers = [browser.get(address), browser.post(START)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert not Operation.objects.exists()


def test_a_stranger_never_reaches_somebody_elses_account(
    browser: Client, alice: User, sign_in: SignIn, stripe_emulator: Emulator
):
    press_start(browser)
    before = Operation.objects.count()
    stranger = sign_in(alice)

    answers = [stranger.get(PAGE), stranger.get(RETURN), stranger.get(REFRESH), stranger.post(START)]

    assert {answer.headers["Location"] for answer in answers} == {"/sell/"}
    assert Operation.objects.count() == before


def test_nothing_is_opened_before_the_guidelines_are_accepted(
    bobs_shop: Seller, bob: User, sign_in: SignIn, stripe_emulator: Emulator
):
    answer = sign_in(bob).post(START)

    assert not guidelines.has_accepted(bobs_shop)
    assert answer.headers["Location"] == reverse("accounts:guidelines")
    assert not Operation.objects.exists()


def test_following_a_refresh_address_opens_no_account(browser: Client, stripe_emulator: Emulator):
    answer = browser.get(REFRESH)

    assert answer.headers["Location"] == PAGE
    assert not Operation.objects.exists()


def test_starting_takes_a_post(browser: Client, stripe_emulator: Emulator):
    assert browser.get(START).status_code == 405


@pytest.mark.parametrize(
    "place", ["operation.claimed", "operation.answered", "operation.settled", "account.created_at_stripe"]
)
def test_f22_a_crash_on_the_way_creates_no_second_account(
    browser: Client, bob: User, stripe_emulator: Emulator, place: str
):
    with faults.armed(place, die), pytest.raises(ProcessDied):
        browser.post(START)
    assert ConnectedAccount.objects.get().stripe_id is None

    with clock.fixed_at(clock.now() + timedelta(minutes=5)):
        operations.finish_due()
        page = browser.get(PAGE).content.decode()

    account = ConnectedAccount.objects.get()
    assert account.stripe_id == Operation.objects.get(name="account.create").object_id
    assert "It is your turn" in page
    assert accounts_at_stripe(stripe_emulator) == 1


def test_f13_a_lost_answer_is_not_asked_for_again_under_another_key(browser: Client, stripe_emulator: Emulator):
    stripe_emulator.faults.add("lost_response", match="POST /v2/core/accounts")

    told = browser.post(START, follow=True).content.decode()
    url = press_start(browser)

    assert "Stripe is not answering just now. Nothing is lost" in told
    assert "Try again" in told
    assert url.startswith(stripe_emulator.public_url)
    assert Operation.objects.filter(name="account.create").count() == 1
    assert accounts_at_stripe(stripe_emulator) == 1


def test_what_stripe_refuses_is_told_and_may_be_tried_again(browser: Client, stripe_emulator: Emulator):
    stripe_emulator.faults.add(
        "error_before", match="POST /v2/core/accounts", status=400, code="invalid_fields", message="Not this country."
    )

    told = browser.post(START, follow=True).content.decode()
    press_start(browser)

    assert "Stripe did not accept this: Not this country." in told
    assert list(
        Operation.objects.filter(name="account.create").order_by("generation").values_list("status", flat=True)
    ) == [
        "failed",
        "succeeded",
    ]


def test_renaming_the_shop_meanwhile_changes_nothing_that_was_asked(
    browser: Client, accepted: Seller, stripe_emulator: Emulator
):
    with faults.armed("operation.answered", die), pytest.raises(ProcessDied):
        browser.post(START)
    Seller.objects.filter(pk=accepted.pk).update(name="Another Name")

    with clock.fixed_at(clock.now() + timedelta(minutes=5)):
        press_start(browser)

    assert Operation.objects.get(name="account.create").request["display_name"] == "Bob's Bakery"


def test_while_stripe_is_silent_the_page_shows_what_it_said_last(browser: Client, stripe_emulator: Emulator):
    press_start(browser)
    stripe_emulator.faults.add("error_before", match="GET /v2/core/accounts/.*", status=500, times=9)

    page = browser.get(PAGE).content.decode()

    assert "We could not ask Stripe just now." in page
    assert "It is your turn" in page


def test_opening_twice_opens_one_account(accepted: Seller, stripe_emulator: Emulator):
    first = onboarding.open_account(accepted, "bob@example.com")

    second = onboarding.open_account(accepted, "bob@example.com")

    assert first == second
    assert Operation.objects.count() == 1


def test_a_closed_account_is_followed_by_a_new_version(bobs_account: ConnectedAccount, stripe_emulator: Emulator):
    ConnectedAccount.objects.update(closed_at=clock.now())

    fresh = onboarding.open_account(bobs_account.seller, "bob@example.com")

    assert (fresh.version, fresh.pk != bobs_account.pk) == (2, True)
    assert fresh.stripe_id != "acct_bob"
