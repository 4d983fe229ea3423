"""The profile in sections, mirrored to Stripe, and what happens when both sides changed."""

import re

import pytest
from django.test import Client

from accounts.models import User
from customers import heard, mirror, profiles
from customers.models import Customer
from emulator.core import Emulator
from gateway import operations
from gateway.models import Operation
from kit import clock, faults
from tests.unit.customers.test_mirror import ProcessDied, die

URL = "/account/"


def at_stripe(emulator: Emulator, customer: Customer) -> dict:
    return emulator.store.get(str(customer.stripe_id)).body


def changed_at_stripe(emulator: Emulator, customer: Customer, **fields: str) -> None:
    """Somebody changes the Customer in the Dashboard, and we hear of it."""
    with emulator.visit() as ctx:
        row = ctx.must(str(customer.stripe_id))
        row.body.update(fields)
        ctx.save(row)
    heard.refresh(customer)
    customer.refresh_from_db()


@pytest.fixture
def known(buyer: Customer, stripe_emulator: Emulator) -> Customer:
    """A buyer Stripe knows."""
    mirror.ensure_stripe_customer(buyer, "alice@example.com")
    return Customer.objects.select_related("user").get(pk=buyer.pk)


def test_a_visitor_signs_in_first(client: Client, db):
    answer = client.get(URL)

    assert answer.status_code == 302
    assert answer.headers["Location"].endswith(f"?next={URL}")


def test_a_buyer_sees_their_name(browser: Client):
    page = browser.get(URL)

    assert page.status_code == 200
    assert "Alice Archer" in page.content.decode()
    assert page.headers["Cache-Control"] == "no-store, private"


def test_each_section_is_saved_on_its_own(browser: Client, alice: User):
    browser.post(URL, {"section": "name", "name": "Alice A. Archer"})
    browser.post(URL, {"section": "phone", "phone": "+49 30  901820"})
    browser.post(URL, {"section": "timezone", "timezone": "Asia/Tokyo"})
    answer = browser.post(URL, {"section": "language", "language": "de"})

    alice.refresh_from_db()
    assert (alice.full_name, alice.language, alice.timezone) == ("Alice A. Archer", "de", "Asia/Tokyo")
    assert Customer.objects.get(user=alice).phone == "+49 30 901820"
    assert answer.cookies["django_language"].value == "de"


@pytest.mark.parametrize(
    ("section", "value"),
    [("phone", "call me"), ("language", "tlh"), ("timezone", "../../etc/passwd"), ("timezone", "Mars/Olympus")],
)
def test_what_cannot_be_is_refused_at_its_field(browser: Client, section: str, value: str):
    page = browser.post(URL, {"section": section, section: value})

    assert page.status_code == 422
    assert page.context["sections"][section].errors


def test_a_section_that_is_none_is_not_found(browser: Client):
    assert browser.post(URL, {"section": "is_staff", "is_staff": "on"}).status_code == 404


def test_staff_rights_cannot_be_posted(browser: Client, alice: User):
    browser.post(URL, {"section": "name", "name": "Alice", "is_staff": "on", "email": "dana@example.com"})

    alice.refresh_from_db()
    assert (alice.is_staff, alice.email) == (False, "alice@example.com")


def test_dates_are_shown_in_the_persons_time_zone(browser: Client, alice: User):
    alice.timezone = "Pacific/Kiritimati"
    alice.save()

    page = browser.get("/account/")

    assert page.status_code == 200
    assert str(page.context["request"].user.timezone) == "Pacific/Kiritimati"


def test_a_name_of_200_letters_from_right_to_left_survives(browser: Client, alice: User):
    name = "محمد " * 39 + "عليּ"

    browser.post(URL, {"section": "name", "name": name})

    alice.refresh_from_db()
    assert alice.full_name == name.strip()
    assert name.strip() in browser.get(URL).content.decode()


def test_stripe_is_told_what_changed_and_nothing_else(browser: Client, known: Customer, stripe_emulator: Emulator):
    browser.post(URL, {"section": "name", "name": "Alice Example"})
    browser.post(URL, {"section": "phone", "phone": "+49 30 901820"})
    browser.post(URL, {"section": "language", "language": "de"})

    told = [row.request for row in Operation.objects.filter(name="customer.update").order_by("pk")]
    assert told == [{"name": "Alice Example"}, {"phone": "+4930901820"}, {"preferred_locales": ["de"]}]
    assert at_stripe(stripe_emulator, known)["name"] == "Alice Example"
    assert at_stripe(stripe_emulator, known)["preferred_locales"] == ["de"]


def test_the_default_addresses_are_at_stripe_too_and_go_with_the_last_one(
    browser: Client, known: Customer, stripe_emulator: Emulator
):
    home = {"name": "Alice", "line1": "Torstr. 1", "postal_code": "10119", "city": "Berlin", "country": "DE"}
    work = {**home, "line1": "Invalidenstr. 2", "is_billing_default": "on"}
    browser.post("/account/addresses/new/", home)
    browser.post("/account/addresses/new/", work)
    browser.get(URL)
    both = at_stripe(stripe_emulator, known)
    shown = (both["shipping"]["address"]["line1"], both["address"]["line1"])

    for address in known.addresses.all():
        browser.post(f"/account/addresses/{address.pk}/delete/")
    browser.get(URL)

    assert shown == ("Torstr. 1", "Invalidenstr. 2")
    assert (at_stripe(stripe_emulator, known)["shipping"], at_stripe(stripe_emulator, known)["address"]) == (None, None)
    assert not Operation.objects.exclude(status__in=["succeeded"]).exists()


def test_f22_a_crash_after_saving_is_finished_by_the_sweeper(known: Customer, stripe_emulator: Emulator):
    with faults.armed("operation.claimed", die), pytest.raises(ProcessDied):
        profiles.save_section(known, "name", "Alice Example", actor="alice")

    with clock.fixed_at(clock.now() + operations.LEASE * 3):
        operations.finish_due()
    known.refresh_from_db()
    heard.refresh(known)

    known.refresh_from_db()
    assert at_stripe(stripe_emulator, known)["name"] == "Alice Example"
    assert known.agreed["name"] == "Alice Example"


def test_a_name_changed_at_stripe_alone_comes_back(known: Customer, alice: User, stripe_emulator: Emulator):
    changed_at_stripe(stripe_emulator, known, name="Alice Miller")

    alice.refresh_from_db()
    assert alice.full_name == "Alice Miller"
    assert heard.differences(Customer.objects.select_related("user").get()) == []


def test_an_address_changed_at_stripe_never_becomes_a_sign_in_by_itself(
    browser: Client, known: Customer, alice: User, stripe_emulator: Emulator
):
    changed_at_stripe(stripe_emulator, known, email="mallory@example.com")

    alice.refresh_from_db()
    page = browser.get(URL).content.decode()
    assert alice.email == "alice@example.com"
    assert "Your e-mail address was changed at Stripe" in page
    assert at_stripe(stripe_emulator, known)["email"] == "mallory@example.com", "not overwritten before the choice"


@pytest.mark.parametrize(("keep", "name"), [("ours", "Alice Here"), ("theirs", "Alice There")])
def test_changed_on_both_sides_the_buyer_chooses(
    browser: Client, known: Customer, alice: User, stripe_emulator: Emulator, keep: str, name: str
):
    User.objects.filter(pk=alice.pk).update(full_name="Alice Here")
    changed_at_stripe(stripe_emulator, known, name="Alice There")
    page = browser.get(URL).content.decode()

    browser.post(f"{URL}choose/", {"field": "name", "theirs": "Alice There", "keep": keep})

    alice.refresh_from_db()
    assert "Alice Here" in page
    assert "Alice There" in page
    assert alice.full_name == name
    assert at_stripe(stripe_emulator, known)["name"] == name
    assert heard.differences(Customer.objects.select_related("user").get()) == []


def test_a_choice_between_what_has_changed_again_is_not_taken(
    browser: Client, known: Customer, alice: User, stripe_emulator: Emulator
):
    User.objects.filter(pk=alice.pk).update(full_name="Alice Here")
    changed_at_stripe(stripe_emulator, known, name="Alice There")

    browser.post(f"{URL}choose/", {"field": "name", "theirs": "Alice Elsewhere", "keep": "theirs"})

    alice.refresh_from_db()
    assert alice.full_name == "Alice Here"


def test_an_address_confirmed_meanwhile_reaches_stripe_without_a_visit(
    known: Customer, alice: User, stripe_emulator: Emulator
):
    User.objects.filter(pk=alice.pk).update(email="alice@new.example")

    looked_at = profiles.tell_stripe_new_addresses()

    assert looked_at == 1
    assert at_stripe(stripe_emulator, known)["email"] == "alice@new.example"
    assert profiles.tell_stripe_new_addresses() == 0


def test_addresses_stripe_refuses_keep_nobody_elses_waiting(
    known: Customer, alice: User, charlie: User, stripe_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(profiles, "BATCH", 1)
    other = Customer.objects.create(user=charlie)
    mirror.ensure_stripe_customer(other, "charlie@example.com")
    User.objects.filter(pk=alice.pk).update(email="alice@odd.example")
    User.objects.filter(pk=charlie.pk).update(email="charlie@new.example")
    stripe_emulator.faults.add(
        "error_before", match=f"POST /v1/customers/{known.stripe_id}", status=400, code="x", message="No.", times=9
    )

    for _hour in range(2):
        profiles.tell_stripe_new_addresses()

    assert at_stripe(stripe_emulator, other)["email"] == "charlie@new.example"


def test_a_refused_change_is_saved_here_and_said(browser: Client, known: Customer, stripe_emulator: Emulator):
    stripe_emulator.faults.add(
        "error_before", match=f"POST /v1/customers/{known.stripe_id}", status=400, code="x", message="Too odd."
    )

    page = browser.post(URL, {"section": "name", "name": "Ålice"}, follow=True).content.decode()

    assert "Too odd." in page
    assert "It is saved here." in page


def test_what_was_typed_when_the_session_ended_is_there_after_signing_in(alice: User, client: Client):
    sent = client.post(URL, {"section": "name", "name": "Alice Half-typed"})
    assert sent.headers["Location"] == f"/accounts/login/?next={URL}"

    client.force_login(alice)
    page = client.get(URL)
    again = client.get(URL).content.decode()

    alice.refresh_from_db()
    assert "Alice Half-typed" in page.content.decode()
    assert "not saved yet" in page.content.decode()
    assert "Alice Half-typed" not in again
    assert alice.full_name == "Alice Archer"


@pytest.mark.parametrize("form", [URL, f"{URL}addresses/new/"])
def test_what_one_person_typed_is_shown_to_nobody_else(alice: User, charlie: User, browser: Client, form: str):
    page = browser.get(form).content.decode()
    mark = re.search(r'name="typed_by" value="(\w+)"', page)
    assert mark is not None
    browser.logout()
    given = {"section": "name", "name": "Alice Half-typed", "typed_by": mark[1]}

    browser.post(form, given)
    browser.force_login(charlie)
    charlies = browser.get(form).content.decode()
    browser.logout()
    browser.post(form, given)
    browser.force_login(alice)

    assert "Alice Half-typed" not in charlies
    assert "Alice Half-typed" in browser.get(form).content.decode()


def test_a_change_that_was_refused_is_not_asked_again_by_looking_at_the_page(
    browser: Client, known: Customer, stripe_emulator: Emulator
):
    stripe_emulator.faults.add(
        "error_before", match=f"POST /v1/customers/{known.stripe_id}", status=400, code="x", message="No.", times=9
    )
    browser.post(URL, {"section": "name", "name": "Ålice"})
    asked = Operation.objects.filter(name="customer.update").count()

    browser.get(URL)
    browser.get(URL)
    User.objects.filter(pk=known.user_id).update(email="alice@odd.example")
    for _hour in range(3):
        profiles.tell_stripe_new_addresses()

    assert Operation.objects.filter(name="customer.update").count() == asked + 1
