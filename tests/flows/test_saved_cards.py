"""Cards saved on Stripe's page, chosen, removed, and changed at Stripe behind our back."""

from typing import Any

import pytest
from django.test import Client

from customers import heard
from customers.models import Customer, SavedPaymentMethod
from emulator import hosted
from gateway import operations, reads
from gateway.models import Operation
from tests.world import CARD, World

pytestmark = pytest.mark.django_db

CARDS = "/account/cards/"
ATTEMPT = "5b1f8f5e-9a52-4f0e-9c8e-3a3f4d1f2a10"


def save_a_card(world: World, client: Client, number: str = CARD, attempt: str = ATTEMPT) -> str:
    """Press the button, fill in Stripe's page, come back; the address of Stripe's page."""
    answer = client.post(f"{CARDS}add/", {"attempt": attempt})
    assert answer.status_code == 303, answer.content
    page = answer.headers["Location"]
    outcome = world.pay(page.rpartition("/")[2], number)
    assert outcome.redirect_url
    back = outcome.redirect_url.partition("//")[2].partition("/")[2]
    assert client.get(f"/{back}").headers["Location"] == CARDS
    return page


@pytest.fixture
def alice(world: World) -> tuple[Client, Customer]:
    return world.buyer()


def test_a_buyer_saves_a_card_and_it_waits_for_no_event(world: World, alice: tuple[Client, Customer]):
    client, customer = alice
    empty = client.get(CARDS).content.decode()

    save_a_card(world, client)

    [saved] = customer.payment_methods.all()
    page = client.get(CARDS).content.decode()
    assert "No cards yet" in empty
    assert (saved.brand, saved.last4, saved.exp_month, saved.exp_year) == ("visa", "4242", 12, 2040)
    assert "Visa ending in 4242" in page
    assert "12/2040" in page
    world.settle()
    assert not [event for event in world.events() if event["type"] == "payment_intent.created"]
    assert customer.payment_methods.count() == 1


def test_pressing_twice_opens_one_page(world: World, alice: tuple[Client, Customer]):
    client, _customer = alice
    first = client.post(f"{CARDS}add/", {"attempt": ATTEMPT}).headers["Location"]

    second = client.post(f"{CARDS}add/", {"attempt": ATTEMPT}).headers["Location"]

    assert first == second


def test_a_default_is_chosen_and_a_card_removed_by_operations(world: World, alice: tuple[Client, Customer]):
    client, customer = alice
    save_a_card(world, client)
    save_a_card(world, client, "5555555555554444", "5b1f8f5e-9a52-4f0e-9c8e-3a3f4d1f2a11")
    visa, other = (customer.payment_methods.get(last4=end) for end in ("4242", "4444"))

    client.post(f"{CARDS}{visa.pk}/default/")
    asked = client.get(f"{CARDS}{other.pk}/remove/").content.decode()
    client.post(f"{CARDS}{other.pk}/remove/")

    customer.refresh_from_db()
    assert "Remove Mastercard ending in 4444?" in asked
    assert [(one.last4, one.is_default) for one in customer.payment_methods.all()] == [("4242", True)]
    assert reads.customer(str(customer.stripe_id)).default_method == visa.stripe_id
    done = Operation.objects.exclude(name__in=["customer.create", "checkout.session.create"])
    assert sorted(done.values_list("name", "status")) == [
        ("customer.default_method", "succeeded"),
        ("payment_method.detach", "succeeded"),
    ]


def test_what_is_changed_at_stripe_comes_back(world: World, alice: tuple[Client, Customer]):
    client, customer = alice
    save_a_card(world, client)
    world.settle()
    saved = customer.payment_methods.get()

    world.in_the_dashboard(f"POST /v1/payment_methods/{saved.stripe_id}", {"card": {"exp_month": 1, "exp_year": 2027}})
    world.settle()
    renewed = customer.payment_methods.get()
    world.in_the_dashboard(f"POST /v1/payment_methods/{saved.stripe_id}/detach", {})
    world.settle()

    assert (renewed.exp_month, renewed.exp_year) == (1, 2027)
    assert not customer.payment_methods.exists()
    assert "No cards yet" in client.get(CARDS).content.decode()


def test_a_saved_card_is_offered_when_paying(world: World, alice: tuple[Client, Customer]):
    client, customer = alice
    save_a_card(world, client)
    saved = customer.payment_methods.get()

    purchase = world.check_out(client, world.listing())
    outcome = hosted.checkout_pay_saved(world.emulator, str(purchase.payments.get().session_id), card=saved.stripe_id)
    world.settle()

    purchase.refresh_from_db()
    assert outcome.kind == "paid"
    assert purchase.status == "paid"


def test_a_card_ticked_on_the_payment_page_is_in_the_list(world: World, alice: tuple[Client, Customer]):
    client, customer = alice
    purchase = world.check_out(client, world.listing())

    hosted.checkout_pay(
        world.emulator,
        str(purchase.payments.get().session_id),
        number=CARD,
        exp_month="12",
        exp_year="2040",
        cvc="123",
        email="alice@example.org",
        save=True,
    )
    world.settle()

    assert customer.payment_methods.get().last4 == "4242"


def test_a_silent_stripe_changes_nothing_and_is_told_later(world: World, alice: tuple[Client, Customer]):
    client, customer = alice
    save_a_card(world, client)
    saved = customer.payment_methods.get()
    world.emulator.faults.add("lost_response", match=f"POST /v1/payment_methods/{saved.stripe_id}/detach")

    page = client.post(f"{CARDS}{saved.pk}/remove/", follow=True).content.decode()
    world.finish()

    assert "Stripe is not answering just now" in page
    assert not customer.payment_methods.exists()


def test_an_answer_older_than_the_one_kept_changes_nothing(world: World, alice: tuple[Client, Customer]):
    client, customer = alice
    save_a_card(world, client)
    removed = customer.payment_methods.get()
    customer.refresh_from_db()
    late = heard.fetch(str(customer.stripe_id))
    client.post(f"{CARDS}{removed.pk}/remove/")

    heard.apply(late)

    assert not SavedPaymentMethod.objects.exists()


def test_a_customer_deleted_at_stripe_is_made_anew(world: World, alice: tuple[Client, Customer]):
    client, customer = alice
    save_a_card(world, client)
    customer.refresh_from_db()
    before = customer.stripe_id
    emulator_delete(world, str(before))
    world.settle()

    purchase = world.check_out(client, world.listing())

    customer.refresh_from_db()
    assert customer.stripe_id not in (None, before)
    assert purchase.payments.get().status == "open"
    assert not customer.payment_methods.exists()


def emulator_delete(world: World, stripe_id: str) -> None:
    """Somebody deletes the Customer in the Dashboard."""
    answer: Any = world.emulator.handle(
        "DELETE", f"/v1/customers/{stripe_id}", {"Authorization": f"Bearer {world.emulator.secret_key}"}, b""
    )
    assert answer.status == 200, answer.body


@pytest.mark.parametrize("page", ["default", "remove"])
def test_another_buyers_card_is_not_there(world: World, alice: tuple[Client, Customer], page: str):
    client, customer = alice
    save_a_card(world, client)
    saved = customer.payment_methods.get()
    charlie, _other = world.buyer("charlie@example.org")

    answer = charlie.post(f"{CARDS}{saved.pk}/{page}/")

    assert answer.status_code == 404
    assert "4242" not in charlie.get(CARDS).content.decode()
    assert customer.payment_methods.count() == 1
    assert operations.latest(f"payment_method.detach:{customer.pk}:1") is None
