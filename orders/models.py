"""Baskets, purchases and orders. A purchase groups the orders of one payment; an order is one seller's part of it."""

from __future__ import annotations

import secrets
import uuid
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.countries import country_name, percentage
from accounts.models import Seller
from catalog.models import Category, Listing, Reservation
from customers.models import Customer
from kit.money import Money
from kit.transitions import MoveRecord, MoveTable

# Without letters and digits that are read wrongly over the telephone.
NUMBER_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def new_number() -> str:
    """A number people can read to each other, which tells nothing about how much is sold here."""
    return "".join(secrets.choice(NUMBER_ALPHABET) for _position in range(10))


class Basket(models.Model):
    """What somebody means to buy: found by the customer when signed in, by a token in the session before."""

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="basket")
    updated_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Basket {self.pk}"


class BasketLine(models.Model):
    """Some units of one listing in a basket."""

    basket = models.ForeignKey(Basket, on_delete=models.CASCADE, related_name="lines")
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveIntegerField(default=1)
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(fields=["basket", "listing"], name="one_line_per_listing"),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=1, quantity__lte=99), name="basket_quantity_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.listing}"


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


class OrderLine(models.Model):
    """One listing in an order, as it was offered at that moment. Amounts are minor units of the order's currency."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="+")
    reservation = models.OneToOneField(Reservation, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=140)
    delivery = models.CharField(max_length=16, choices=Listing.Delivery.choices)
    unit_price = models.BigIntegerField()
    quantity = models.PositiveIntegerField()
    amount = models.BigIntegerField()
    fee = models.BigIntegerField()
    # The rule the fee comes from, in the words it had at the sale: rules change, what was agreed does not.
    fee_rule = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount=models.F("unit_price") * models.F("quantity")), name="order_line_adds_up"
            ),
            models.CheckConstraint(
                condition=models.Q(fee__gte=0) & models.Q(fee__lte=models.F("amount")), name="order_line_fee_in_amount"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.title}"

    @property
    def money(self) -> Money:
        """What the buyer pays for the line."""
        return Money(self.amount, self.order.currency)

    @property
    def unit_money(self) -> Money:
        """What one costs."""
        return Money(self.unit_price, self.order.currency)

    @property
    def fee_money(self) -> Money:
        """The line's part of the order's fee."""
        return Money(self.fee, self.order.currency)


class FeeRule(models.Model):
    """What the platform keeps of a sale, in basis points of each line: for everything, or for a category, a seller, or
    a seller's things in a category. The most specific rule counts (orders.fees).

    `minimum` and `cap` are for one line, in minor units of `currency`; a rule with a currency is for that one only.
    """

    seller = models.ForeignKey(
        Seller, on_delete=models.CASCADE, null=True, blank=True, related_name="fee_rules",
        help_text=_("Leave empty for all sellers."),
    )  # fmt: skip
    category = models.ForeignKey(
        Category, on_delete=models.CASCADE, null=True, blank=True, related_name="fee_rules",
        help_text=_("Leave empty for all categories."),
    )  # fmt: skip
    basis_points = models.PositiveIntegerField(
        validators=[MaxValueValidator(10_000)], help_text=_("Hundredths of a percent: 1000 is 10%.")
    )
    currency = models.CharField(
        max_length=3, blank=True, help_text=_("Like eur. Leave empty for all; needed for a least or a most.")
    )
    minimum = models.BigIntegerField(_("at least"), null=True, blank=True)
    cap = models.BigIntegerField(_("at most"), null=True, blank=True)
    valid_from = models.DateTimeField(default=timezone.now)
    valid_until = models.DateTimeField(null=True, blank=True, help_text=_("Leave empty for no end."))
    note = models.CharField(max_length=200, blank=True, help_text=_("Why, for colleagues."))

    class Meta:
        ordering = ("-pk",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(basis_points__gte=0, basis_points__lte=10_000), name="fee_rule_is_a_part"
            ),
            models.CheckConstraint(
                condition=(models.Q(minimum=None) | models.Q(minimum__gte=0))
                & (models.Q(cap=None) | models.Q(cap__gte=0))
                & (models.Q(minimum=None) | models.Q(cap=None) | models.Q(minimum__lte=models.F("cap"))),
                name="fee_rule_least_below_most",
            ),
            models.CheckConstraint(
                condition=models.Q(minimum=None, cap=None) | ~models.Q(currency=""), name="fee_rule_names_its_currency"
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until=None) | models.Q(valid_until__gt=models.F("valid_from")),
                name="fee_rule_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        whose = [str(part) for part in (self.seller, self.category) if part is not None]
        return " · ".join([percentage(self.basis_points), *whose])

    def clean(self) -> None:
        """What the constraints hold, said at the field it is about."""
        wrong: dict[str, object] = {}
        if self.currency and self.currency not in settings.MARKETPLACE_CURRENCIES:
            wrong["currency"] = _("Prices here are in %(list)s.") % {"list": ", ".join(settings.MARKETPLACE_CURRENCIES)}
        elif not self.currency and (self.minimum is not None or self.cap is not None):
            wrong["currency"] = _("Say in which currency the amounts below are.")
        if self.minimum is not None and self.cap is not None and self.cap < self.minimum:
            wrong["cap"] = _("The most cannot be less than the least.")
        if self.valid_until is not None and self.valid_from is not None and self.valid_until <= self.valid_from:
            wrong["valid_until"] = _("It has to end after it begins.")
        if wrong:
            raise ValidationError({field: str(words) for field, words in wrong.items()})
