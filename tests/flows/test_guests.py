"""Buying without an account: the order by the link from the mail, and the account that finds it later."""

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.guests import open_guest
from accounts.models import User
from customers.models import Address, Customer
from customers.profiles import customer_for
from kit.clock import fixed_at, now
from kit.limits import may
from kit.models import Mail
from orders import progress
from orders.models import Basket, Purchase
from orders.placing import CannotPlace, OpenPurchase, frozen_address, place
from payments.models import Share
from payments.views.checkout import MOST_GUESTS
from tests.factories import UserFactory
from tests.world import World

pytestmark = pytest.mark.django_db

EMAIL = "gina@example.org"
ADDRESS = {
    "new-name": "Gina Guest",
    "new-line1": "Torstraße 1",
    "new-postal_code": "10119",
    "new-city": "Berlin",
    "new-country": "DE",
}


def order(client: Client, email: str = EMAIL, **changes: str) -> Any:
    """Fill in the checkout page as a guest and press the button."""
    page = client.get("/checkout/")
    form = page.context["form"]
    given = {field.html_name: field.value() for field in form.hidden_fields() if field.name != "currency"}
    currency = page.context["sections"][0].currency
    return client.post("/checkout/", {**given, "currency": currency, "email": email, **ADDRESS, **changes})


def bought(world: World, client: Client | None = None, email: str = EMAIL, **listing: Any) -> Purchase:
    """A guest paid for something of Bob's."""
    client = client or Client()
    thing = listing.pop("of", None) or world.listing(**listing)
    client.post("/basket/add/", {"listing": thing.pk, "quantity": 1})
    answer = order(client, email)
    assert answer.status_code == 303, answer.content.decode()[:3000]
    purchase = Purchase.objects.latest("pk")
    world.pay(str(purchase.payments.get().session_id))
    world.settle()
    purchase.refresh_from_db()
    return purchase


def link_in(mail: Mail) -> str:
    """The address of the guest's link in a mail, without the host."""
    found = re.search(r"https?://[^/]+(/guest/\S+)", mail.text)
    assert found is not None, mail.text
    return found[1]


def without_chance(page: str) -> str:
    """A page without what differs each time it is shown."""
    return re.sub(r'(csrfmiddlewaretoken" value|nonce|datetime|title|id|aria-labelledby)="[^"]*"', "", page)


def newest_mail(to: str = EMAIL) -> Mail:
    return Mail.objects.filter(to=to).latest("pk")


def test_a_guest_buys_and_opens_the_order_from_the_mail_in_another_browser(world: World):
    here = Client()
    purchase = bought(world, here)
    own = here.get(f"/orders/{purchase.number}/")
    elsewhere = Client()
    shut = elsewhere.get(f"/orders/{purchase.number}/")

    opened = elsewhere.get(link_in(newest_mail()), follow=True)

    assert purchase.status == "paid"
    assert own.status_code == 200
    assert shut.headers["Location"].startswith("/accounts/login/")
    assert opened.redirect_chain[-1][0] == f"/orders/{purchase.number}/"
    assert "You ordered without an account" in opened.content.decode()
    assert elsewhere.get(f"/receipts/{purchase.number}/").status_code == 200
    assert elsewhere.get(f"/receipts/{purchase.number}.pdf").status_code == 200
    assert purchase.facts.account_id == ""
    assert not User.objects.filter(email=EMAIL).exists(), "a guest is nobody who could sign in"


def test_a_guest_receives_and_opens_a_case_through_the_link(world: World):
    purchase = bought(world)
    sold = purchase.orders.get()
    progress.fulfil(sold, at=now(), actor="seller", reason="Sent.")
    guest = Client()
    guest.get(link_in(newest_mail()))

    asked = guest.get(f"/orders/{purchase.number}/received/{sold.number}/")
    case = guest.post(
        f"/cases/new/{purchase.number}/{sold.number}/",
        {"reason": "damaged", "text": "It is torn at the seam.", "amount": "10.00"},
    )
    guest.post(f"/orders/{purchase.number}/received/{sold.number}/")

    sold.refresh_from_db()
    share = Share.objects.get(order=sold)
    opened = share.cases.get()
    assert asked.status_code == 200
    assert case.headers["Location"] == f"/cases/{opened.number}/"
    assert guest.get(f"/cases/{opened.number}/").status_code == 200
    assert opened.opened_by == purchase.customer.user
    assert sold.status == "delivered"
    assert Client().get(f"/cases/{opened.number}/").status_code == 302


def test_an_old_link_opens_nothing_and_a_new_one_is_sent(world: World):
    purchase = bought(world)
    link = link_in(newest_mail())
    guest = Client()
    with fixed_at(now() + timedelta(days=31)):
        old = guest.get(link)
        sent = guest.post(f"{link}renew/")
        guest.post(f"{link}renew/")
        mail = newest_mail()
        new = guest.get(link_in(mail))

    assert old.status_code == 410
    assert "too old" in old.content.decode()
    assert sent.status_code == 200
    assert Mail.objects.filter(key__startswith="guest-link:").count() == 1, "twice within the hour is one mail"
    assert new.headers["Location"] == f"/orders/{purchase.number}/"


@pytest.mark.parametrize("token", ["x", "ABC.99999999999:forged", "%00", "ABC"])
def test_a_made_up_link_opens_nothing(client: Client, token: str):
    answer = client.get(f"/guest/{token}/")

    assert answer.status_code == 404


def test_a_link_leads_to_pages_of_ours_alone(world: World):
    link = link_in_of(bought(world))

    for elsewhere in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"):
        assert Client().get(link, {"to": elsewhere}).headers["Location"].startswith("/orders/")


def link_in_of(purchase: Purchase) -> str:
    return link_in(newest_mail(purchase.customer.user.email))


def test_one_guests_link_shows_nothing_of_another(world: World):
    first = bought(world)
    second = bought(world, email="mallory@example.org", of=first.orders.get().lines.get().listing)
    mallory = Client()
    mallory.get(link_in_of(second))
    sold = first.orders.get()

    pages = [
        f"/orders/{first.number}/",
        f"/orders/{first.number}/status/",
        f"/orders/{first.number}/received/{sold.number}/",
        f"/receipts/{first.number}/",
        f"/receipts/{first.number}.pdf",
        f"/cases/new/{first.number}/{sold.number}/",
        f"/orders/{first.number}/milestones/{sold.number}/",
        f"/checkout/{first.number}/cancelled/",
    ]
    assert mallory.get(f"/orders/{second.number}/").status_code == 200
    assert {path: mallory.get(path).status_code for path in pages} == dict.fromkeys(pages, 302)
    charlie, _customer = world.buyer("charlie@example.org")
    assert {path: charlie.get(path).status_code for path in pages} == dict.fromkeys(pages, 404)


def test_the_same_address_in_another_browser_is_another_guest(world: World):
    first = bought(world)

    second = bought(world, of=first.orders.get().lines.get().listing)

    assert first.customer_id != second.customer_id
    assert second.customer.addresses.count() == 1


def test_somebody_who_signs_up_with_the_address_finds_the_order(world: World):
    purchase = bought(world)
    unconfirmed, gina = Client(), UserFactory(email="other@example.org")
    EmailAddress.objects.create(user=gina, email=EMAIL, verified=False)
    unconfirmed.force_login(gina)
    before = unconfirmed.get("/orders/").content.decode()

    EmailAddress.objects.filter(user=gina).update(verified=True)
    after = unconfirmed.get("/orders/").content.decode()
    again = unconfirmed.get("/orders/").content.decode()

    purchase.refresh_from_db()
    assert purchase.number not in before
    assert purchase.number in after
    assert "An order you placed without an account is here now." in after
    assert "is here now" not in again
    assert purchase.customer.user_id == gina.pk
    assert unconfirmed.get(f"/orders/{purchase.number}/").status_code == 200
    # The old link says no more than that there is an account.
    assert Client().get(link_in(newest_mail()), follow=True).redirect_chain[-1][0].startswith("/accounts/login/")


def test_the_page_does_not_tell_of_an_account_but_the_mail_does(world: World):
    thing = world.listing(available=9)
    stranger = bought(world, of=thing)
    said_to_strangers = newest_mail()
    world.buyer("alice@example.org")
    known = bought(world, email="alice@example.org", of=thing)

    pages = []
    for purchase in (stranger, known):
        browser = Client()
        answer = browser.get(link_in_of(purchase), follow=True).content.decode()
        for private in (purchase.number, purchase.orders.get().number, purchase.customer.user.email):
            answer = answer.replace(private, "·")
        pages.append(without_chance(answer))
    assert pages[0] == pages[1]
    assert "has an account here" not in said_to_strangers.text
    assert "has an account here" in newest_mail("alice@example.org").text
    assert known.customer.user.is_guest


def test_a_guest_who_corrects_the_address_pays_for_nobody_else(world: World):
    client = Client()
    client.post("/basket/add/", {"listing": world.listing().pk, "quantity": 1})
    order(client, "gnia@example.org")
    wrong = Purchase.objects.get()

    answer = order(client)

    wrong.refresh_from_db()
    right = Purchase.objects.latest("pk")
    assert answer.status_code == 303
    assert (wrong.status, right.status) == ("cancelled", "awaiting_payment")
    assert right.customer.user.email == EMAIL
    world.pay(str(right.payments.get().session_id))
    world.settle()
    right.refresh_from_db()
    assert right.status == "paid"
    assert "is empty" in client.get("/basket/").content.decode()


def test_a_guest_says_who_they_are_and_where_it_goes(world: World):
    client = Client()
    client.post("/basket/add/", {"listing": world.listing().pk, "quantity": 1})

    page = order(client, "no address", **{"new-city": ""})

    assert page.status_code == 422
    assert "Enter an e-mail address like name@example.org." in page.content.decode()
    assert not Purchase.objects.exists()
    assert not User.everybody.filter(is_guest=True).exists()


def test_the_checkout_shows_the_form_of_a_country_and_keeps_what_was_typed(world: World):
    client = Client()
    client.post("/basket/add/", {"listing": world.listing().pk, "quantity": 1})

    page = client.post("/checkout/", {"email": EMAIL, **ADDRESS, "new-country": "US", "country_only": "1"})

    shown = page.content.decode()
    assert page.status_code == 200
    assert "ZIP code" in shown
    assert "There is a problem" not in shown
    assert all(typed in shown for typed in (EMAIL, "Gina Guest", "Torstraße 1"))


def test_a_guest_who_signs_in_keeps_the_basket_and_pays_once(world: World):
    client = Client()
    client.post("/basket/add/", {"listing": world.listing().pk, "quantity": 2})
    order(client)
    _signed_in, customer = world.buyer()

    client.force_login(customer.user)
    client.get("/basket/")

    assert customer.basket.lines.get().quantity == 2


def test_finding_an_order_tells_nothing_and_is_limited(world: World, client: Client):
    purchase = bought(world)
    right = client.post("/guest/find/", {"email": EMAIL.upper(), "number": f" {purchase.number.lower()} "})
    wrong = client.post("/guest/find/", {"email": "x@example.org", "number": purchase.number})

    letters = Mail.objects.filter(key__startswith="guest-link:").count()
    for _try in range(9):
        last = client.post("/guest/find/", {"email": "x@example.org", "number": purchase.number})

    assert without_chance(right.content.decode()) == without_chance(wrong.content.decode())
    assert letters == 1
    assert last.status_code == 429


def test_a_session_that_ended_at_the_checkout_loses_nothing(world: World):
    client, customer = world.buyer()
    client.post("/basket/add/", {"listing": world.listing().pk, "quantity": 1})
    page = client.get("/checkout/")
    form = page.context["form"]
    given = {field.html_name: field.value() for field in form.hidden_fields() if field.name != "currency"}
    client.logout()

    sent = client.post(
        "/checkout/", {**given, "currency": "eur", "address": "new", **ADDRESS, "new-line1": "Half-typed Street 9"}
    )
    client.force_login(customer.user)
    again = client.get("/checkout/")

    assert sent.headers["Location"] == "/accounts/login/?next=/checkout/"
    assert "Half-typed Street 9" in again.content.decode()
    assert again.context["form"]["address"].value() == "new"
    assert Address.objects.filter(customer=customer).count() == 1
    assert Customer.objects.filter(user__is_guest=True).count() == 0


def test_a_guest_who_comes_back_days_later_sees_only_the_new_order(world: World):
    client = Client()
    thing = world.listing(available=9)
    first = bought(world, client, of=thing)
    with fixed_at(now() + timedelta(days=2)):
        client.post("/basket/add/", {"listing": thing.pk, "quantity": 1})

        page = client.get("/checkout/").content.decode()
        order(client)
        second = Purchase.objects.latest("pk")

        assert EMAIL not in page, "somebody else may sit at this browser by now"
        assert "Torstraße" not in page
        assert client.get(f"/orders/{second.number}/").status_code == 200
        assert client.get(f"/orders/{first.number}/").status_code == 302


def test_a_guest_who_presses_the_button_twice_is_one_guest_with_one_order(world: World):
    client = Client()
    client.post("/basket/add/", {"listing": world.listing().pk, "quantity": 1})
    before = set(client.session.keys())
    order(client)
    session = client.session
    for name in set(session.keys()) - before:
        # The second press was on its way before the answer to the first one was.
        del session[name]
    session.save()

    again = order(client)

    purchase = Purchase.objects.get()
    assert again.status_code == 303
    assert purchase.status == "awaiting_payment"
    assert User.everybody.filter(is_guest=True).count() == 1
    assert client.get(f"/orders/{purchase.number}/").status_code == 200


def test_a_basket_that_went_to_another_guest_is_not_ordered_for_the_first(world: World):
    client = Client()
    client.post("/basket/add/", {"listing": world.listing().pk, "quantity": 1})
    order(client)
    purchase = Purchase.objects.get()
    basket, address = purchase.basket, purchase.customer.addresses.get()
    assert basket is not None
    facts = {"currency": "eur", "placed_from": None, "at": now()}
    other = customer_for(open_guest("other@example.org"))
    theirs = Address.objects.create(**frozen_address(address), customer=other)  # type: ignore[arg-type]
    Basket.objects.filter(pk=basket.pk).update(customer=other)
    stale, basket = basket, Basket.objects.get(pk=basket.pk)

    with pytest.raises(CannotPlace):
        place(customer=purchase.customer, basket=stale, address=address, **facts)
    with pytest.raises(OpenPurchase):
        place(customer=other, basket=basket, address=theirs, **facts)


def test_a_guest_who_signs_in_while_paying_does_not_find_their_own_basket_sold_out(world: World):
    client = Client()
    client.post("/basket/add/", {"listing": world.listing(available=1).pk, "quantity": 1})
    order(client)
    waiting = Purchase.objects.get()
    _signed_in, customer = world.buyer()

    client.force_login(customer.user)
    basket = client.get("/basket/").content.decode()

    waiting.refresh_from_db()
    assert waiting.basket == customer.basket
    assert "sold out" not in basket.lower()


def test_nobody_holds_back_the_stock_as_ever_new_guests(world: World):
    thing = world.listing(available=99)
    for number in range(MOST_GUESTS):
        assert may("guest-checkout", "127.0.0.1", most=MOST_GUESTS, seconds=3600), number
    client = Client()
    client.post("/basket/add/", {"listing": thing.pk, "quantity": 1})

    answer = order(client)

    assert answer.status_code == 429
    assert not Purchase.objects.exists()


@pytest.mark.parametrize("letters", [190, 250, 310])
def test_an_address_of_hundreds_of_letters_is_refused_at_its_field(world: World, letters: int):
    client = Client()
    client.post("/basket/add/", {"listing": world.listing().pk, "quantity": 1})
    long = "g@" + ".".join(["x" * 60] * 6)[: letters - 6] + ".org"

    answer = order(client, long)

    assert answer.status_code == 422
    assert answer.context["form"].errors["email"]
    assert not Purchase.objects.exists()


def test_what_a_guest_does_is_not_written_down_as_done_by_whose_address_they_typed(world: World):
    UserFactory(email="dana@example.org", is_staff=True)
    client = Client()
    purchase = bought(world, client, email="dana@example.org")
    found = purchase.orders.get()
    progress.fulfil(found, at=now(), actor="bob", reason="Sent.")

    client.post(f"/orders/{purchase.number}/received/{found.number}/")

    found.refresh_from_db()
    assert found.status == "delivered"
    assert found.moves.latest("pk").actor == "dana@example.org (guest)"
