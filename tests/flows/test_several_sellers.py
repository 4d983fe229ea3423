"""One basket, several sellers, several currencies: one payment a currency, the money held for each order."""

import pytest
from django.test import Client

from accounts.models import ConnectedAccount, Seller
from catalog.models import Listing
from gateway import client as gateway
from kit.mail import Mail
from ledger.journal import balance
from ledger.models import Account, Entry
from orders.models import BasketLine, Order, Purchase
from payments.models import Payment
from tests.factories import ListingFactory
from tests.world import World

pytestmark = pytest.mark.django_db


def three_shops(world: World) -> list[Seller]:
    return [world.seller(name, email=f"{name.lower()}@example.org") for name in ("Bob", "Cora", "Dora")]


def into_basket(client: Client, *listings: Listing) -> None:
    for listing in listings:
        client.post("/basket/add/", {"listing": listing.pk, "quantity": 1})


def pay(world: World, purchase: Purchase) -> None:
    world.pay(str(purchase.payments.get().session_id))
    world.settle()


def test_three_sellers_are_paid_by_one_payment_and_each_orders_money_is_held(world: World) -> None:
    shops = three_shops(world)
    things = [ListingFactory(seller=shop, price=price) for shop, price in zip(shops, (10000, 2500, 333), strict=True)]
    client, _alice = world.buyer()
    into_basket(client, *things)

    assert world.press_pay(client).status_code == 303
    purchase = Purchase.objects.get()
    pay(world, purchase)

    payment = Payment.objects.get()
    orders = list(purchase.orders.order_by("pk"))
    fee = balance(Account.PROCESSING_FEES, "", "eur")
    assert (payment.status, payment.amount, payment.fee, payment.destination) == ("paid", 12833, 1283, None)
    assert [(order.status, order.funds_flow, order.seller) for order in orders] == [
        ("paid", "held", shop) for shop in shops
    ]
    assert [balance(Account.ORDER_HELD, order.number, "eur") for order in orders] == [-10000, -2500, -333]
    assert fee > 0
    assert balance(Account.PLATFORM_CASH, "", "eur") == 12833 - fee
    assert Entry.objects.values("posting").distinct().count() == 1
    assert world.stripe_total() == {"eur": 12833 - fee}
    assert [world.stripe_total(str(world.account_of(shop).stripe_id)) for shop in shops] == [{}, {}, {}]
    assert [share.gross for share in payment.shares.order_by("pk")] == [10000, 2500, 333]


def test_the_mail_says_what_each_shop_gets_and_the_total_of_all(world: World) -> None:
    things = [
        ListingFactory(seller=shop, price=price) for shop, price in zip(three_shops(world), (100, 20, 3), strict=True)
    ]
    client, _alice = world.buyer()
    into_basket(client, *things)
    world.press_pay(client)

    pay(world, Purchase.objects.get())

    letter = Mail.objects.get(key__startswith="order-paid-buyer")
    for part in (letter.text, letter.html):
        assert [part.count(f"Sum for {shop}") for shop in ("Bob", "Cora", "Dora")] == [1, 1, 1]
        assert part.count("Total") == 1
        assert "€1.23" in part.split("Total")[1]


def test_stripes_page_names_the_shop_of_each_line_and_the_charge_its_group(world: World) -> None:
    bob, cora, _dora = three_shops(world)
    client, _alice = world.buyer()
    into_basket(client, ListingFactory(seller=bob, title="Bowl"), ListingFactory(seller=cora, title="Print"))

    world.press_pay(client)

    purchase = Purchase.objects.get()
    session = str(purchase.payments.get().session_id)
    lines = gateway.get(f"/v1/checkout/sessions/{session}/line_items", {})["data"]
    assert [line["description"] for line in lines] == ["Bowl · Bob", "Print · Cora"]
    pay(world, purchase)
    (charge,) = gateway.get("/v1/charges", {"limit": 10})["data"]
    assert (charge["transfer_group"], charge["transfer_data"], charge["application_fee_amount"]) == (
        purchase.number,
        None,
        None,
    )


def test_two_currencies_are_two_payments_and_the_second_waits_in_the_basket(world: World) -> None:
    bob, cora, _dora = three_shops(world)
    bowl = ListingFactory(seller=bob, price=2400)
    poster = ListingFactory(seller=cora, price=3200, currency="usd")
    client, _alice = world.buyer()
    into_basket(client, bowl, poster)

    assert world.press_pay(client, "eur").status_code == 303
    pay(world, Purchase.objects.get(currency="eur"))
    assert [line.listing for line in BasketLine.objects.all()] == [poster]
    assert world.press_pay(client, "usd").status_code == 303
    pay(world, Purchase.objects.get(currency="usd"))

    held = {order.currency: balance(Account.ORDER_HELD, order.number, order.currency) for order in Order.objects.all()}
    assert held == {"eur": -2400, "usd": -3200}
    assert set(Payment.objects.values_list("status", flat=True)) == {"paid"}
    assert not BasketLine.objects.exists()


def test_f26_both_currencies_may_have_a_page_open_at_once(world: World) -> None:
    bob, cora, _dora = three_shops(world)
    client, _alice = world.buyer()
    into_basket(client, ListingFactory(seller=bob), ListingFactory(seller=cora, currency="usd"))

    first, other, again = (world.press_pay(client, currency) for currency in ("eur", "usd", "eur"))

    assert first.headers["Location"] == again.headers["Location"] != other.headers["Location"]
    assert sorted(Purchase.objects.values_list("currency", "status")) == [
        ("eur", "awaiting_payment"),
        ("usd", "awaiting_payment"),
    ]


def test_after_the_first_payment_the_buyer_is_told_of_the_rest(world: World) -> None:
    bob, cora, _dora = three_shops(world)
    client, _alice = world.buyer()
    into_basket(client, ListingFactory(seller=bob), ListingFactory(seller=cora, currency="usd"))
    world.press_pay(client, "eur")
    session = str(Payment.objects.get().session_id)
    world.pay(session)

    answer = client.get(f"/checkout/return/?session_id={session}", follow=True)

    assert "There is more in your basket to pay for." in answer.content.decode()


def test_if_one_of_the_sellers_cannot_be_paid_by_then_nothing_is_charged(world: World) -> None:
    bob, cora, _dora = three_shops(world)
    client, _alice = world.buyer()
    into_basket(client, ListingFactory(seller=bob), ListingFactory(seller=cora))
    world.emulator.faults.add("error_before", match="POST /v1/customers", status=503)
    world.press_pay(client)
    ConnectedAccount.objects.filter(seller=cora).update(transfers="restricted")

    answer = client.post(f"/checkout/{Purchase.objects.get().number}/pay/", follow=True)

    assert "Cora cannot receive payments at the moment. Nothing was charged." in answer.content.decode()
    assert not Payment.objects.exists()


def test_a_seller_restricted_while_the_buyer_pays_does_not_stop_the_payment(world: World) -> None:
    bob, cora, _dora = three_shops(world)
    client, _alice = world.buyer()
    into_basket(client, ListingFactory(seller=bob), ListingFactory(seller=cora))
    world.press_pay(client)
    ConnectedAccount.objects.filter(seller=cora).update(transfers="restricted")

    pay(world, Purchase.objects.get())

    assert set(Order.objects.values_list("status", flat=True)) == {"paid"}


def test_an_unpaid_page_puts_every_sellers_things_back(world: World) -> None:
    things = [ListingFactory(seller=shop, available=1) for shop in three_shops(world)]
    client, _alice = world.buyer()
    into_basket(client, *things)
    world.press_pay(client)

    with world.later(minutes=60):
        world.settle()

    assert not Entry.objects.exists()
    assert set(Order.objects.values_list("status", flat=True)) == {"cancelled"}
    assert [Listing.objects.get(pk=thing.pk).available for thing in things] == [1, 1, 1]


def test_a_currency_whose_things_were_sold_meanwhile_leads_back_to_the_basket(world: World) -> None:
    bob, cora, _dora = three_shops(world)
    poster = ListingFactory(seller=cora, currency="usd", available=1)
    client, _alice = world.buyer()
    into_basket(client, ListingFactory(seller=bob), poster)
    Listing.objects.filter(pk=poster.pk).update(available=0)

    answer = world.press_pay(client, "usd")

    assert answer.headers["Location"] == "/basket/"
    assert not Purchase.objects.exists()
