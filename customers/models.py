"""Buyers: their profile, their addresses, how they pay, and their mirror at Stripe."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Customer(models.Model):
    """A buyer's profile. `stripe_id` is empty until the operation that creates the Stripe Customer has succeeded."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="customer")
    stripe_id = models.CharField(max_length=64, null=True, blank=True, unique=True)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    # What both sides last said alike, by field; and what Stripe said last. Whichever differs from the first has changed
    # since: on one side it is carried over, on both the buyer chooses (customers.profile_sync).
    agreed = models.JSONField(default=dict, blank=True)
    at_stripe = models.JSONField(default=dict, blank=True)
    # How often Stripe was asked to change it, and how often its Customer was deleted there: parts of operations' names.
    updates = models.PositiveIntegerField(default=0)
    times_deleted = models.PositiveSmallIntegerField(default=0)
    heard_at = models.DateTimeField(null=True, blank=True, help_text=_("When Stripe was last asked."))
    # When the hourly look at changed addresses last came to this one: who waited longest is next.
    address_told_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("buyer")
        verbose_name_plural = _("buyers")

    def __str__(self) -> str:
        return str(self.user)


class Address(models.Model):
    """Where a buyer has things sent."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="addresses")
    name = models.CharField(_("full name"), max_length=200)
    line1 = models.CharField(_("street and number"), max_length=200)
    line2 = models.CharField(_("flat, floor, company (optional)"), max_length=200, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=120)
    region = models.CharField(_("state or region"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=2)
    phone = models.CharField(_("phone (optional)"), max_length=32, blank=True)
    is_default = models.BooleanField(_("send things here by default"), default=False)
    is_billing_default = models.BooleanField(_("bill to this address by default"), default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-is_default", "-pk")
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=models.Q(is_default=True), name="one_default_address_per_customer"
            ),
            models.UniqueConstraint(
                fields=["customer"],
                condition=models.Q(is_billing_default=True),
                name="one_billing_address_per_customer",
            ),
        ]

    def __str__(self) -> str:
        return ", ".join(part for part in (self.name, self.line1, self.city, self.country) if part)


class SavedPaymentMethod(models.Model):
    """A card (or what else) the buyer keeps at Stripe, as Stripe last described it. Of its number only the end is here.

    Rows are Stripe's list as it was last read; nothing else makes or removes one.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="payment_methods")
    stripe_id = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=40)
    brand = models.CharField(max_length=40, blank=True)
    last4 = models.CharField(max_length=8, blank=True)
    exp_month = models.PositiveSmallIntegerField(null=True, blank=True)
    exp_year = models.PositiveSmallIntegerField(null=True, blank=True)
    wallet = models.CharField(max_length=40, blank=True)
    is_default = models.BooleanField(default=False)
    added_at = models.DateTimeField()

    class Meta:
        ordering = ("-is_default", "-added_at", "-pk")
        verbose_name = _("saved card")
        verbose_name_plural = _("saved cards")

    def __str__(self) -> str:
        return f"{self.brand or self.kind} {self.last4}".strip()
