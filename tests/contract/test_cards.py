"""Customers and the cards they keep."""

from typing import Any

import pytest
import stripe

from emulator import hosted
from tests.contract.marks import needs, source
from tests.contract.target import Target, refused, why

BACK = "https://shop.example/back"


def customer(target: Target) -> str:
    return target.v1.customers.create({"email": "bob@example.org"}).id


def kept(target: Target, owner: str, card: str = "pm_card_visa") -> str:
    return target.v1.payment_methods.attach(card, {"customer": owner}).id


@source("library")
def test_a_customer_is_changed_field_by_field_and_emptied_by_an_empty_text(target: Target) -> None:
    address: Any = {"city": "Jena", "country": "DE"}
    made = target.v1.customers.create({"name": "Bob", "address": address, "metadata": {"a": "1"}})

    changed = target.v1.customers.update(made.id, {"address": "", "phone": "+4930123456"})

    assert made.address.city == "Jena"
    assert (changed.name, changed.phone, changed.address) == ("Bob", "+4930123456", None)
    assert changed.metadata.to_dict() == {"a": "1"}


@source("docs")
def test_a_deleted_customer_is_remembered_as_deleted(target: Target) -> None:
    id = customer(target)

    target.v1.customers.delete(id)

    assert target.v1.customers.retrieve(id).deleted is True
    assert refused(target.v1.customers.update, id, {"name": "Eve"}).http_status in (400, 404)
    assert refused(target.pay, customer=id).http_status == 400


@source("docs")
def test_customers_are_found_by_their_email_address(target: Target) -> None:
    email = f"{target.unique('bob')}@example.org"
    made = target.v1.customers.create({"email": email}).id

    assert [one.id for one in target.v1.customers.list({"email": email}).data] == [made]


@source("docs")
def test_an_email_address_looks_like_one(target: Target) -> None:
    assert why(refused(target.v1.customers.create, {"email": "bob"})) == (400, "email_invalid", "email")


@source("docs")
def test_a_kept_card_is_the_customers_until_it_is_detached(target: Target) -> None:
    owner = customer(target)
    card = kept(target, owner)
    before = [one.id for one in target.v1.customers.payment_methods.list(owner).data]

    detached = target.v1.payment_methods.detach(card)

    assert before == [card]
    assert detached.customer is None
    assert target.v1.customers.payment_methods.list(owner).data == []
    assert refused(target.v1.payment_methods.attach, card, {"customer": owner}).http_status == 400


@source("docs")
def test_a_kept_card_pays_only_with_its_customer(target: Target) -> None:
    owner = customer(target)
    card = kept(target, owner)

    assert refused(target.pay, payment_method=card).http_status == 400
    assert refused(target.pay, payment_method=card, customer=customer(target)).http_status == 400
    assert target.pay(payment_method=card, customer=owner).status == "succeeded"


@source("docs")
def test_a_card_that_nobody_keeps_pays_once(target: Target) -> None:
    params: Any = {"type": "card", "card": {"token": "tok_visa"}}
    card = target.v1.payment_methods.create(params).id
    target.pay(payment_method=card)

    assert refused(target.pay, payment_method=card).http_status == 400


@source("docs")
def test_a_payment_can_keep_its_card(target: Target) -> None:
    owner = customer(target)

    target.pay(customer=owner, setup_future_usage="off_session")

    assert len(target.v1.customers.payment_methods.list(owner).data) == 1


@source("docs")
def test_a_card_that_declines_later_can_be_kept_and_pays_nothing(target: Target) -> None:
    owner = customer(target)
    card = kept(target, owner, "pm_card_chargeCustomerFail")

    error = refused(target.pay, payment_method=card, customer=owner)

    assert (error.http_status, error.code) == (402, "card_declined")


@source("docs")
def test_a_card_that_declines_cannot_be_kept(target: Target) -> None:
    error = refused(kept, target, customer(target), "pm_card_chargeDeclined")

    assert isinstance(error, stripe.CardError)


@source("docs")
def test_the_same_number_has_the_same_fingerprint(target: Target) -> None:
    owner = customer(target)
    ids = [kept(target, owner), kept(target, owner), kept(target, owner, "pm_card_mastercard")]

    prints = [target.v1.payment_methods.retrieve(id).card.fingerprint for id in ids]

    assert prints[0] == prints[1] != prints[2]


@source("library")
def test_whether_a_card_is_shown_again_is_unspecified_until_said(target: Target) -> None:
    card = kept(target, customer(target))

    before = target.v1.payment_methods.retrieve(card).allow_redisplay
    after = target.v1.payment_methods.update(card, {"allow_redisplay": "always"}).allow_redisplay

    assert (before, after) == ("unspecified", "always")


@source("docs")
def test_only_a_kept_card_is_the_default_one(target: Target) -> None:
    owner = customer(target)
    mine, other = kept(target, owner), kept(target, customer(target))

    chosen = target.v1.customers.update(owner, {"invoice_settings": {"default_payment_method": mine}})
    error = refused(target.v1.customers.update, owner, {"invoice_settings": {"default_payment_method": other}})

    assert chosen.invoice_settings.default_payment_method == mine
    assert error.http_status == 400


@source("docs")
def test_a_real_looking_number_is_refused(target: Target) -> None:
    card: Any = {"number": "4539578763621486", "exp_month": 12, "exp_year": 2040, "cvc": "123"}

    error = refused(target.v1.payment_methods.create, {"type": "card", "card": card})

    assert error.http_status == 402


@source("docs")
@pytest.mark.parametrize(
    ("month", "year", "code"), [(13, 2040, "invalid_expiry_month"), (1, 2020, "invalid_expiry_year")]
)
def test_an_expiry_date_is_in_the_future(target: Target, month: int, year: int, code: str) -> None:
    card: Any = {"number": "4242424242424242", "exp_month": month, "exp_year": year, "cvc": "123"}

    assert refused(target.v1.payment_methods.create, {"type": "card", "card": card}).code == code


# --- setup intents --------------------------------------------------------------------------------------------


def set_up(target: Target, owner: str, card: str = "pm_card_visa", **more: Any) -> stripe.SetupIntent:
    params: Any = {"customer": owner, "payment_method": card, "confirm": True, "return_url": BACK}
    return target.v1.setup_intents.create({**params, **more})


@source("docs")
def test_a_confirmed_setup_keeps_the_card_for_off_session_use(target: Target) -> None:
    owner = customer(target)

    intent = set_up(target, owner)

    assert (intent.status, intent.usage) == ("succeeded", "off_session")
    assert target.v1.payment_methods.retrieve(str(intent.payment_method)).customer == owner
    assert target.told(intent.id, "setup_intent.succeeded")


@source("docs")
def test_a_setup_with_a_declining_card_fails_and_says_why(target: Target) -> None:
    error = refused(set_up, target, customer(target), "pm_card_chargeDeclined")

    assert (error.http_status, error.code) == (402, "card_declined")
    assert error.error.setup_intent["status"] == "requires_payment_method"


@source("docs")
def test_a_setup_may_ask_for_3d_secure_and_keeps_nothing_until_then(target: Target) -> None:
    owner = customer(target)

    intent = set_up(target, owner, "pm_card_authenticationRequiredOnSetup")

    assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")
    assert target.v1.customers.payment_methods.list(owner).data == []


@source("docs")
@needs("pages")
def test_a_card_set_up_with_3d_secure_pays_later_without_it(target: Target) -> None:
    owner = customer(target)
    intent = set_up(target, owner, "pm_card_authenticationRequiredOnSetup")

    hosted.intent_authenticate(target.em("pages"), intent.id, succeed=True)

    card = str(target.v1.setup_intents.retrieve(intent.id).payment_method)
    assert target.pay(customer=owner, payment_method=card, off_session=True).status == "succeeded"


@source("docs")
def test_a_canceled_setup_stays_canceled(target: Target) -> None:
    intent = target.v1.setup_intents.create({"customer": customer(target)})

    canceled = target.v1.setup_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})

    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    error = refused(target.v1.setup_intents.confirm, intent.id, {"payment_method": "pm_card_visa"})
    assert error.code == "setup_intent_unexpected_state"


@source("docs")
def test_setups_are_found_by_customer(target: Target) -> None:
    owner = customer(target)
    made = [set_up(target, owner).id for _ in range(2)]

    assert [one.id for one in target.v1.setup_intents.list({"customer": owner}).data] == made[::-1]
