"""Paid, cancelled, fulfilled: each once, and never the one after the other."""

from datetime import timedelta

import pytest
from django.conf import LazySettings

from accounts.models import Seller, User
from catalog.models import Listing, Reservation
from kit.clock import now
from kit.models import Mail
from kit.transitions import IllegalMove
from orders import progress
from orders.models import Basket, Order, Purchase, Status
from tests.factories import ListingFactory, MembershipFactory, UserFactory
from tests.unit.orders.conftest import Place, fill, open_shop


@pytest.fixture
def placed(basket: Basket, bowl: Listing, place: Place) -> Purchase:
    """Two of the five bowls."""
    fill(basket, (bowl, 2))
    return place()


def pay(purchase: Purchase) -> bool:
    return progress.mark_paid(purchase, at=now(), actor="worker", reason="Stripe confirmed the payment.")


def cancel(purchase: Purchase) -> bool:
    return progress.cancel(purchase, at=now(), actor="sweeper", reason="It was not paid in time.")


def fulfil(order: Order) -> bool:
    return progress.fulfil(order, at=now(), actor="bob@example.org", reason="The seller says it was shipped.")


def test_paid_marks_the_orders_sells_the_stock_and_keeps_the_history(placed: Purchase, bowl: Listing) -> None:
    assert pay(placed)

    order = placed.orders.get()
    bowl.refresh_from_db()
    assert (placed.status, order.status) == (Status.PAID, Status.PAID)
    assert order.paid_at is not None
    assert order.lines.get().reservation.status == Reservation.Status.SOLD
    assert bowl.available == 3
    assert [(move.from_status, move.to_status, move.actor) for move in placed.moves.all()] == [
        ("awaiting_payment", "paid", "worker")
    ]


def test_only_what_was_bought_leaves_the_basket(placed: Purchase, basket: Basket, bowl: Listing) -> None:
    fill(basket, (bowl, 1), (ListingFactory(seller=bowl.seller, title="Cup"), 1))

    pay(placed)

    assert {line.listing.title: line.quantity for line in basket.lines.all()} == {"Grey bowl": 1, "Cup": 1}


def test_a_basket_reduced_while_paying_is_emptied(placed: Purchase, basket: Basket) -> None:
    basket.lines.update(quantity=1)

    pay(placed)

    assert not basket.lines.exists()


def test_paid_twice_changes_and_tells_once(placed: Purchase) -> None:
    assert pay(placed)
    stale = Purchase.objects.get(pk=placed.pk)
    stale.status = Status.AWAITING_PAYMENT

    assert not pay(stale)

    assert placed.moves.count() == 1
    assert Mail.objects.count() == 2


def test_f30_cancelling_twice_gives_the_stock_back_once(placed: Purchase, bowl: Listing) -> None:
    stale = Purchase.objects.get(pk=placed.pk)

    assert cancel(placed)
    assert not cancel(stale)

    bowl.refresh_from_db()
    assert bowl.available == 5
    assert placed.orders.get().status == Status.CANCELLED


def test_f27_a_cancelled_purchase_is_never_paid(placed: Purchase, bowl: Listing) -> None:
    stale = Purchase.objects.get(pk=placed.pk)
    cancel(placed)

    with pytest.raises(IllegalMove):
        pay(stale)

    bowl.refresh_from_db()
    placed.refresh_from_db()
    assert (placed.status, bowl.available) == (Status.CANCELLED, 5)
    assert not Mail.objects.exists()


def test_a_paid_purchase_is_never_cancelled(placed: Purchase, bowl: Listing) -> None:
    pay(placed)

    with pytest.raises(IllegalMove):
        cancel(placed)

    bowl.refresh_from_db()
    assert bowl.available == 3


def test_the_buyer_gets_a_mail_with_what_was_bought_and_where_it_goes(placed: Purchase) -> None:
    pay(placed)

    mail = Mail.objects.get(to="alice@example.org")
    assert mail.subject == f"Your order {placed.number} is paid"
    for text in (mail.text, mail.html):
        assert "2 × Grey bowl" in text
        assert "€48.00" in text
        assert "10119 Berlin" in text
        assert f"/orders/{placed.number}/" in text


def test_each_owner_of_the_shop_gets_a_mail_with_the_fee_and_the_share(placed: Purchase, shop: Seller) -> None:
    MembershipFactory(seller=shop, user=UserFactory(email="bea@example.org"))
    MembershipFactory(seller=shop, user=UserFactory(email="helper@example.org"), role="staff")

    pay(placed)

    order = placed.orders.get()
    mails = Mail.objects.exclude(to="alice@example.org")
    assert {mail.to for mail in mails} == {"bob@example.org", "bea@example.org"}
    text = mails[0].text
    assert "Paid by the buyer: €48.00" in text
    assert "Our fee: −€4.80" in text
    assert "Your share: €43.20" in text
    assert f"/desk/orders/{order.number}/" in text


def test_mail_text_is_not_written_for_browsers(basket: Basket, shop: Seller, place: Place) -> None:
    fill(basket, (ListingFactory(seller=shop, title="Salt & <pepper>"), 1))
    pay(place())

    mail = Mail.objects.get(to="alice@example.org")

    assert "Salt & <pepper>" in mail.text
    assert "Salt &amp; &lt;pepper&gt;" in mail.html


def test_fulfilling_tells_the_buyer_once(placed: Purchase) -> None:
    pay(placed)
    order = placed.orders.get()

    assert fulfil(order)
    assert not fulfil(Order.objects.get(pk=order.pk))

    mail = Mail.objects.get(key=f"order-fulfilled-buyer:{order.pk}")
    assert (mail.to, mail.subject) == ("alice@example.org", f"Your order {placed.number} is on its way")
    assert "Bob’s Bowls has sent your order" in mail.text


def test_what_is_not_shipped_is_handed_over(basket: Basket, shop: Seller, place: Place) -> None:
    fill(basket, (ListingFactory(seller=shop, delivery="pickup"), 1))
    purchase = place()
    pay(purchase)

    fulfil(purchase.orders.get())

    mail = Mail.objects.latest("pk")
    assert mail.subject == f"Your order {purchase.number} was handed over"
    assert "It goes to" not in mail.text


def test_an_unpaid_order_is_not_fulfilled(placed: Purchase, bob: User) -> None:
    with pytest.raises(IllegalMove):
        fulfil(placed.orders.get())


def deliver(order: Order, said_by: str = "buyer") -> bool:
    return progress.deliver(order, at=now(), actor="alice@example.org", reason="It is here.", said_by=said_by)


def cancel_paid(order: Order) -> bool:
    return progress.cancel_paid(order, at=now(), actor="sweeper", reason="It was not sent in time.")


@pytest.fixture
def paid(placed: Purchase) -> Order:
    pay(placed)
    return placed.orders.get()


def test_a_paid_order_is_to_be_sent_within_the_agreed_days(placed: Purchase, settings: LazySettings) -> None:
    settings.SHIP_WITHIN_DAYS = 3

    pay(placed)

    order = placed.orders.get()
    assert order.ship_by - order.paid_at == timedelta(days=3)


def test_how_to_follow_the_parcel_is_kept_and_told(paid: Order) -> None:
    progress.fulfil(
        paid, at=now(), actor="bob@example.org", reason="Sent.", carrier="DHL", tracking_number="00340434161094"
    )

    paid.refresh_from_db()
    mail = Mail.objects.get(key=f"order-fulfilled-buyer:{paid.pk}")
    assert (paid.carrier, paid.tracking_number) == ("DHL", "00340434161094")
    assert paid.fulfilled_at is not None
    assert "DHL 00340434161094" in mail.text
    assert "DHL 00340434161094" in mail.html


def test_what_is_handed_over_is_delivered_by_the_sellers_word(basket: Basket, shop: Seller, place: Place) -> None:
    fill(basket, (ListingFactory(seller=shop, delivery="digital"), 1))
    purchase = place()
    pay(purchase)
    order = purchase.orders.get()

    assert fulfil(order)
    assert not fulfil(order)

    order.refresh_from_db()
    assert (order.status, order.delivered_by, order.delivered_at) == ("delivered", "seller", order.fulfilled_at)
    assert [move.to_status for move in order.moves.all()] == ["paid", "fulfilled", "delivered"]
    assert Mail.objects.filter(to="alice@example.org").count() == 2


def test_the_buyers_word_is_told_to_the_seller_once(paid: Order) -> None:
    fulfil(paid)

    assert deliver(paid)
    assert not deliver(Order.objects.get(pk=paid.pk), "carrier")

    paid.refresh_from_db()
    mail = Mail.objects.get(key__startswith=f"order-delivered-seller:{paid.pk}")
    assert (paid.status, paid.delivered_by, mail.to) == ("delivered", "buyer", "bob@example.org")
    assert "€43.20" in mail.text
    assert not Mail.objects.filter(key__startswith="order-delivered-buyer").exists()


@pytest.mark.parametrize(("said_by", "who"), [("carrier", "The carrier says"), ("seller", "Bob’s Bowls says")])
def test_anybody_elses_word_is_told_to_the_buyer(paid: Order, said_by: str, who: str) -> None:
    fulfil(paid)

    deliver(paid, said_by)

    mail = Mail.objects.get(key=f"order-delivered-buyer:{paid.pk}")
    assert mail.to == "alice@example.org"
    assert who in mail.text


def test_nobody_else_can_have_said_that_it_arrived(paid: Order) -> None:
    fulfil(paid)

    with pytest.raises(ValueError, match="postman"):
        deliver(paid, "postman")


def test_what_was_not_sent_cannot_arrive(paid: Order) -> None:
    with pytest.raises(IllegalMove):
        deliver(paid)


def test_f30_cancelling_a_paid_order_twice_gives_its_stock_back_once(paid: Order, bowl: Listing) -> None:
    stale = Order.objects.get(pk=paid.pk)

    assert cancel_paid(paid)
    assert not cancel_paid(stale)

    bowl.refresh_from_db()
    paid.purchase.refresh_from_db()
    assert bowl.available == 5
    assert paid.lines.get().reservation.status == Reservation.Status.RETURNED
    assert (paid.status, paid.purchase.status) == (Status.CANCELLED, Status.PAID)


def test_both_sides_are_told_that_a_paid_order_was_cancelled(paid: Order) -> None:
    cancel_paid(paid)

    buyers = Mail.objects.get(key=f"order-cancelled-buyer:{paid.pk}")
    sellers = Mail.objects.get(key__startswith=f"order-cancelled-seller:{paid.pk}")
    assert "You get €48.00 back" in buyers.text
    assert "It was not sent in time." in buyers.text
    assert "do not send it" in sellers.subject


def test_cancelling_one_shops_part_leaves_the_others(basket: Basket, bowl: Listing, place: Place) -> None:
    fill(basket, (bowl, 1), (ListingFactory(seller=open_shop("Cora Prints")), 1))
    purchase = place()
    pay(purchase)
    bobs, coras = purchase.orders.order_by("pk")

    cancel_paid(bobs)

    coras.refresh_from_db()
    purchase.refresh_from_db()
    assert (coras.status, purchase.status) == (Status.PAID, Status.PAID)


@pytest.mark.parametrize("before", ["unpaid", "sent", "cancelled before it was paid"])
def test_what_is_not_paid_or_is_sent_already_is_not_cancelled_like_that(
    placed: Purchase, bowl: Listing, before: str
) -> None:
    if before == "sent":
        pay(placed)
        fulfil(placed.orders.get())
    elif before != "unpaid":
        cancel(placed)
    available = Listing.objects.get(pk=bowl.pk).available

    with pytest.raises(IllegalMove):
        cancel_paid(placed.orders.get())

    assert Listing.objects.get(pk=bowl.pk).available == available


def test_a_pickup_shop_does_not_learn_where_the_other_shops_parcel_goes(
    basket: Basket, bowl: Listing, place: Place
) -> None:
    cora = open_shop("Cora Prints", owner=UserFactory(email="cora@example.org"))
    fill(basket, (bowl, 1), (ListingFactory(seller=cora, delivery="pickup"), 1))

    pay(place())

    assert "10119 Berlin" in Mail.objects.get(to="bob@example.org").text
    assert "10119 Berlin" not in Mail.objects.get(to="cora@example.org").text
