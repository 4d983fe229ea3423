"""What is known at the moment of a purchase, and only then: kept as evidence."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models.order import Purchase
from orders.models.terms import Terms


class PurchaseFacts(models.Model):
    """From where a purchase was placed, what it was accepted under and what was shown: written with it, never changed.

    A bank asks months later, and none of this could be found out then. What is about a person is forgotten after
    `keep_until` (orders.facts); the row, with what was bought, stays.
    """

    # About a person, and empty once forgotten; beside them the address of the connection, `ip`.
    PERSONAL = ("user_agent", "device_id", "language", "email", "account_id")

    purchase = models.OneToOneField(Purchase, on_delete=models.PROTECT, related_name="facts")
    ip = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    user_agent = models.CharField(_("browser"), max_length=500, blank=True, help_text=_("As it named itself."))
    device_id = models.CharField(
        _("device"), max_length=64, blank=True, help_text=_("The number our cookie gave this browser.")
    )
    language = models.CharField(max_length=200, blank=True, help_text=_("The languages the browser asked for."))
    email = models.CharField(_("e-mail"), max_length=254, blank=True, help_text=_("The buyer’s address at that time."))
    account_id = models.CharField(_("account"), max_length=64, blank=True, help_text=_("The number of their account."))
    terms = models.ForeignKey(Terms, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    terms_digest = models.CharField(max_length=64, blank=True)
    refund_policy = models.ForeignKey(Terms, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    refund_policy_digest = models.CharField(max_length=64, blank=True)
    # [{"listing": id, "title", "description", "delivery", "seller", "quantity", "unit_price"}]: as shown to the buyer.
    bought = models.JSONField()
    keep_until = models.DateTimeField()
    forgotten_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("facts of a purchase")
        verbose_name_plural = _("facts of purchases")
        indexes = [
            models.Index(fields=["keep_until"], name="facts_to_forget", condition=models.Q(forgotten_at=None)),
        ]
        triggers = [
            pgtrigger.Protect(name="facts_stay", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="facts_are_frozen",
                fields=[
                    "purchase",
                    "terms",
                    "terms_digest",
                    "refund_policy",
                    "refund_policy_digest",
                    "bought",
                    "keep_until",
                ],
            ),
            # One change is allowed, once and not too early: that the personal parts become empty.
            pgtrigger.Protect(
                name="facts_are_only_forgotten",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__forgotten_at__isnull=False)
                | pgtrigger.Q(new__forgotten_at__isnull=True)
                | pgtrigger.Q(new__forgotten_at__lt=pgtrigger.F("old__keep_until"))
                | pgtrigger.Q(new__ip__isnull=False)
                | ~pgtrigger.Q(new__user_agent="")
                | ~pgtrigger.Q(new__device_id="")
                | ~pgtrigger.Q(new__language="")
                | ~pgtrigger.Q(new__email="")
                | ~pgtrigger.Q(new__account_id=""),
            ),
        ]

    def __str__(self) -> str:
        return str(self.purchase)

    @property
    def address(self) -> dict[str, str]:
        """Where it was to be sent, as given at checkout; empty when nothing was shipped."""
        return dict(self.purchase.address or {})
