"""One purchase, from the button to the bank."""

import pytest
from django.core import mail as outbox

from inbox.models import StripeEvent
from kit.mail import send_waiting
from ledger.journal import balance
from ledger.models import Account, Entry
from orders.models import Order, Purchase
from payments.models import Payment, Payout
from tests.world import DECLINED, World

pytestmark = pytest.mark.django_db


def payment_of(purchase: Purchase) -> Payment:
    return purchase.payments.latest("pk")


def test_a_thing_handed_over_is_paid_to_the_seller_at_once_and_told_to_both_sides(world: World) -> None:
    listing = world.listing(price=10000, delivery="pickup")
    client, _alice = world.buyer()

    purchase = world.check_out(client, listing)
    world.pay(str(payment_of(purchase).session_id))
    world.settle()
    send_waiting()

    order = Order.objects.get(purchase=purchase)
    account = str(world.account_of(listing.seller).stripe_id)
    assert order.status == "paid"
    assert payment_of(purchase).status == "paid"
    assert order.fee == 1000
    assert balance(Account.PLATFORM_CASH, "", "eur") == 1000 - 320
    assert balance(Account.PROCESSING_FEES, "", "eur") == 320
    assert balance(Account.SELLER_CASH, account, "eur") == 9000
    assert balance(Account.SELLER_PAYABLE, str(listing.seller_id), "eur") == -9000
    assert balance(Account.FEE_REVENUE, "", "eur") == -1000
    assert balance(Account.ORDER_HELD, order.number, "eur") == 0
    assert {mail.to[0] for mail in outbox.outbox} >= {"alice@example.org", "bob@example.org"}
    listing.refresh_from_db()
    assert listing.available == 4


def test_the_money_for_a_shipped_thing_is_held(world: World) -> None:
    listing = world.listing(price=10000)
    client, _alice = world.buyer()

    purchase = world.check_out(client, listing)
    world.pay(str(payment_of(purchase).session_id))
    world.settle()

    order = Order.objects.get(purchase=purchase)
    account = str(world.account_of(listing.seller).stripe_id)
    assert (order.status, order.funds_flow, payment_of(purchase).destination) == ("paid", "held", None)
    assert balance(Account.PLATFORM_CASH, "", "eur") == 10000 - 320
    assert balance(Account.PROCESSING_FEES, "", "eur") == 320
    assert balance(Account.ORDER_HELD, order.number, "eur") == -10000
    assert balance(Account.SELLER_CASH, account, "eur") == 0
    assert world.stripe_total(account) == {}


@pytest.mark.parametrize("delivery", ["shipped", "pickup"])
def test_the_books_agree_with_stripes_balances(world: World, delivery: str) -> None:
    listing = world.listing(price=10000, delivery=delivery)
    client, _alice = world.buyer()
    purchase = world.check_out(client, listing, quantity=2)
    world.pay(str(payment_of(purchase).session_id))
    world.settle()

    account = str(world.account_of(listing.seller).stripe_id)
    assert world.stripe_total() == {"eur": balance(Account.PLATFORM_CASH, "", "eur")}
    assert world.stripe_total(account).get("eur", 0) == balance(Account.SELLER_CASH, account, "eur")


def test_a_declined_card_charges_nothing_and_can_be_tried_again(world: World) -> None:
    client, _alice = world.buyer()
    purchase = world.check_out(client, world.listing())

    declined = world.pay(str(payment_of(purchase).session_id), DECLINED)
    world.settle()
    assert declined.kind == "declined"
    assert Purchase.objects.get().status == "awaiting_payment"
    assert not Entry.objects.exists()

    world.pay(str(payment_of(purchase).session_id))
    world.settle()
    assert Purchase.objects.get().status == "paid"


def test_turning_back_leaves_the_basket_as_it_was(world: World) -> None:
    client, _alice = world.buyer()
    purchase = world.check_out(client, world.listing())

    answer = client.get(f"/checkout/{purchase.number}/cancelled/", follow=True)

    assert answer.redirect_chain[-1][0] == "/basket/"
    assert "Nothing was charged" in answer.content.decode()
    assert purchase.basket.lines.count() == 1


def test_an_unpaid_page_expires_and_the_stock_comes_back(world: World) -> None:
    client, _alice = world.buyer()
    listing = world.listing(available=1)
    purchase = world.check_out(client, listing)
    listing.refresh_from_db()
    assert listing.available == 0

    with world.later(minutes=60):
        world.settle()

    listing.refresh_from_db()
    purchase.refresh_from_db()
    assert (purchase.status, listing.available) == ("cancelled", 1)


def test_with_the_clock_moved_the_money_is_paid_out(world: World) -> None:
    listing = world.listing(price=10000, delivery="pickup")
    client, _alice = world.buyer()
    purchase = world.check_out(client, listing)
    world.pay(str(payment_of(purchase).session_id))
    world.settle()

    with world.later(days=8):
        world.settle()

    payout = Payout.objects.get()
    account = str(world.account_of(listing.seller).stripe_id)
    assert (payout.status, payout.amount) == ("paid", 9000)
    assert balance(Account.SELLER_CASH, account, "eur") == 0
    assert balance(Account.SELLER_PAYABLE, str(listing.seller_id), "eur") == 0
    assert balance(Account.PAYOUTS_IN_TRANSIT, payout.stripe_id, "eur") == 0


def test_f01_five_parallel_copies_of_an_event_have_one_effect(world: World) -> None:
    client, _alice = world.buyer()
    purchase = world.check_out(client, world.listing())
    world.emulator.faults.add("webhook_duplicate", match="checkout.session.completed", copies=5)
    world.pay(str(payment_of(purchase).session_id))

    world.settle()

    assert StripeEvent.objects.filter(type="checkout.session.completed").count() == 1
    assert Entry.objects.filter(posting__kind="charge").count() == 3


def test_f23_the_return_page_and_the_event_settle_once(world: World) -> None:
    client, _alice = world.buyer()
    purchase = world.check_out(client, world.listing())
    session = str(payment_of(purchase).session_id)
    world.pay(session)

    answer = client.get(f"/checkout/return/?session_id={session}", follow=True)
    world.settle()

    assert answer.redirect_chain[-1][0] == f"/orders/{purchase.number}/"
    assert payment_of(purchase).moves.filter(to_status="paid").count() == 1
    assert Entry.objects.filter(posting__kind="charge").count() == 3


def test_f23_the_return_page_decides_nothing_by_itself(world: World) -> None:
    client, _alice = world.buyer()
    purchase = world.check_out(client, world.listing())

    client.get(f"/checkout/return/?session_id={payment_of(purchase).session_id}")

    purchase.refresh_from_db()
    assert purchase.status == "awaiting_payment"


def test_f24_a_return_with_somebody_elses_session_is_not_found(world: World) -> None:
    client, _alice = world.buyer()
    purchase = world.check_out(client, world.listing())
    stranger, _charlie = world.buyer("charlie@example.org")

    assert stranger.get(f"/checkout/return/?session_id={payment_of(purchase).session_id}").status_code == 404
    assert client.get("/checkout/return/?session_id=cs_test_unknown").status_code == 404
    assert client.get("/checkout/return/").status_code == 404


def test_f25_a_price_changed_after_checkout_began_changes_nothing(world: World) -> None:
    client, _alice = world.buyer()
    listing = world.listing(price=2400)
    purchase = world.check_out(client, listing)
    listing.price = 9900
    listing.save()

    world.pay(str(payment_of(purchase).session_id))
    world.settle()

    order = Order.objects.get()
    assert (order.status, order.total, payment_of(purchase).amount) == ("paid", 2400, 2400)


def test_f26_two_tabs_share_one_payment_page(world: World) -> None:
    client, _alice = world.buyer()
    world.check_out(client, world.listing())

    second = world.press_pay(client)

    assert second.status_code == 303
    assert second.headers["Location"] == Payment.objects.get().session_url
    assert Purchase.objects.count() == 1


def test_f26_a_changed_basket_closes_the_first_page(world: World) -> None:
    client, _alice = world.buyer()
    listing = world.listing()
    first = world.check_out(client, listing)
    client.post("/basket/add/", {"listing": listing.pk, "quantity": 1})

    world.press_pay(client)

    first.refresh_from_db()
    second = Purchase.objects.latest("pk")
    assert (first.status, second.status, second.total) == ("cancelled", "awaiting_payment", 4800)
    assert world.pay(str(payment_of(first).session_id)).kind == "expired"


def test_f26_paid_in_one_tab_while_the_other_changes_the_basket(world: World) -> None:
    client, _alice = world.buyer()
    listing = world.listing()
    first = world.check_out(client, listing)
    client.post("/basket/add/", {"listing": listing.pk, "quantity": 1})
    world.pay(str(payment_of(first).session_id))

    answer = world.press_pay(client)

    first.refresh_from_db()
    assert (first.status, answer.headers["Location"]) == ("paid", "/orders/")
    assert Purchase.objects.count() == 1
    assert Entry.objects.filter(posting__kind="charge").count() == 3
