"""Purchases and orders. A purchase groups the orders of one payment; an order is one seller's part of it."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.countries import country_name
from accounts.models import Seller
from customers.models import Customer
from kit.money import Money
from kit.transitions import MoveRecord, MoveTable
from orders.models.basket import Basket

# Without letters and digits that are read wrongly over the telephone.
NUMBER_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def new_number() -> str:
    """A number people can read to each other, which tells nothing about how much is sold here."""
    return "".join(secrets.choice(NUMBER_ALPHABET) for _position in range(10))


class Status(models.TextChoices):
    """Where an order, and the purchase it belongs to, stands."""

    AWAITING_PAYMENT = "awaiting_payment", _("Awaiting payment")
    PAID = "paid", _("Paid")
    FULFILLED = "fulfilled", _("Sent or handed over")
    DELIVERED = "delivered", _("With the buyer")
    CANCELLED = "cancelled", _("Cancelled")


class FundsFlow(models.TextChoices):
    """How the money reaches the seller (docs/money-flow.md)."""

    DESTINATION = "destination", _("Paid to the seller at once")
    HELD = "held", _("Held until delivery")


class DeliveredBy(models.TextChoices):
    """Who said that an order is with its buyer."""

    BUYER = "buyer", _("the buyer")
    SELLER = "seller", _("the seller")
    CARRIER = "carrier", _("the carrier")


class Purchase(models.Model):
    """One checkout of one buyer: the orders that one payment pays. Prices are frozen here (fault F25)."""

    MOVES: ClassVar[MoveTable] = {
        Status.AWAITING_PAYMENT: frozenset({Status.PAID, Status.CANCELLED}),
        Status.PAID: frozenset(),
        Status.CANCELLED: frozenset(),
    }
    HISTORY: ClassVar[type[PurchaseMove]]

    number = models.CharField(max_length=12, unique=True, default=new_number, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="purchases")
    basket = models.ForeignKey(Basket, on_delete=models.SET_NULL, null=True, related_name="purchases")
    # What was in the basket when it was placed; the same basket placed twice is the same purchase (fault F34).
    basket_hash = models.CharField(max_length=64)
    status = models.CharField(max_length=24, choices=Status.choices, default=Status.AWAITING_PAYMENT)
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    address = models.JSONField(null=True, blank=True, help_text=_("Where to send it, as given at checkout."))
    placed_at = models.DateTimeField()
    placed_from = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        verbose_name = _("purchase")
        verbose_name_plural = _("purchases")
        constraints = [
            models.CheckConstraint(condition=models.Q(total__gt=0), name="purchase_total_positive"),
            # One payment for each currency of a basket, so one open purchase for each.
            models.UniqueConstraint(
                fields=["basket", "currency"],
                condition=models.Q(status="awaiting_payment"),
                name="one_open_purchase_per_basket",
            ),
        ]
        indexes = [models.Index(fields=["customer", "-id"], name="purchase_of_customer")]

    def __str__(self) -> str:
        return self.number

    @property
    def money(self) -> Money:
        """What the buyer pays."""
        return Money(self.total, self.currency)

    @property
    def address_lines(self) -> list[str]:
        """The address as it is written on a parcel; nothing when nothing is shipped."""
        if not self.address:
            return []
        given = {key: str(value) for key, value in self.address.items() if value}
        town = " ".join(given[part] for part in ("postal_code", "city", "region") if part in given)
        lines = [given.get(part, "") for part in ("name", "line1", "line2")]
        return [line for line in (*lines, town, country_name(given.get("country", ""))) if line]


class PurchaseMove(MoveRecord):
    """History of a purchase's status."""

    subject = models.ForeignKey(Purchase, on_delete=models.CASCADE, related_name="moves")


Purchase.HISTORY = PurchaseMove


class Order(models.Model):
    """One seller's part of a purchase. `total` and `fee` are minor units of `currency`, frozen when it was placed."""

    MOVES: ClassVar[MoveTable] = {
        Status.AWAITING_PAYMENT: frozenset({Status.PAID, Status.CANCELLED}),
        Status.PAID: frozenset({Status.FULFILLED, Status.CANCELLED}),
        Status.FULFILLED: frozenset({Status.DELIVERED}),
        Status.DELIVERED: frozenset(),
        Status.CANCELLED: frozenset(),
    }
    HISTORY: ClassVar[type[OrderMove]]

    number = models.CharField(max_length=12, unique=True, default=new_number, editable=False)
    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="orders")
    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="orders")
    status = models.CharField(max_length=24, choices=Status.choices, default=Status.AWAITING_PAYMENT)
    funds_flow = models.CharField(max_length=16, choices=FundsFlow.choices, default=FundsFlow.DESTINATION)
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    fee = models.BigIntegerField()
    placed_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    # Until when the seller has to send it or hand it over; set when it is paid.
    ship_by = models.DateTimeField(null=True, blank=True)
    fulfilled_at = models.DateTimeField(null=True, blank=True)
    carrier = models.CharField(max_length=80, blank=True)
    tracking_number = models.CharField(max_length=100, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    delivered_by = models.CharField(max_length=16, choices=DeliveredBy.choices, blank=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(total__gt=0) & models.Q(fee__gte=0) & models.Q(fee__lte=models.F("total")),
                name="order_fee_within_total",
            ),
            models.UniqueConstraint(fields=["purchase", "seller"], name="one_order_per_seller_and_purchase"),
            models.CheckConstraint(
                condition=~models.Q(status="delivered")
                | (models.Q(delivered_at__isnull=False) & ~models.Q(delivered_by="")),
                name="order_delivered_says_when_and_by_whom",
            ),
        ]
        indexes = [
            models.Index(fields=["seller", "-id"], name="order_of_seller"),
            # What is to be sent stays few, however many were sent: the seller's to-do list never walks through those.
            models.Index(fields=["seller", "-id"], name="order_to_do_of_seller", condition=models.Q(status="paid")),
            models.Index(fields=["ship_by"], name="order_to_ship_by", condition=models.Q(status="paid")),
            # Carriers name parcels, not orders.
            models.Index(fields=["tracking_number"], name="order_of_parcel"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def money(self) -> Money:
        """What the buyer pays for this seller's part."""
        return Money(self.total, self.currency)

    @property
    def fee_money(self) -> Money:
        """The platform's fee on it."""
        return Money(self.fee, self.currency)

    @property
    def seller_money(self) -> Money:
        """What is left for the seller."""
        return self.money - self.fee_money


class OrderMove(MoveRecord):
    """History of an order's status."""

    subject = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="moves")


Order.HISTORY = OrderMove
