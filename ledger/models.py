"""The double-entry journal: append-only, each posting summing to zero per currency (invariants I01 and I02)."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

APPEND_ONLY = "RAISE EXCEPTION 'ledger rows are never changed or removed; write a new posting instead';"

BALANCED = """
    IF EXISTS (
        SELECT 1 FROM ledger_entry WHERE posting_id = NEW.posting_id GROUP BY currency HAVING sum(amount) <> 0
    ) THEN
        RAISE EXCEPTION 'posting % does not sum to zero', NEW.posting_id;
    END IF;
    RETURN NULL;
"""

NOT_EMPTY = """
    IF NOT EXISTS (SELECT 1 FROM ledger_entry WHERE posting_id = NEW.id) THEN
        RAISE EXCEPTION 'posting % has no entries', NEW.id;
    END IF;
    RETURN NULL;
"""


def append_only_triggers() -> list[pgtrigger.Trigger]:
    """Refuse UPDATE, DELETE and TRUNCATE. TRUNCATE needs its own statement-level trigger."""
    return [
        pgtrigger.Trigger(
            name="append_only",
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
            func=APPEND_ONLY,
        ),
        pgtrigger.Trigger(
            name="no_truncate",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func=APPEND_ONLY,
        ),
    ]


class Account(models.TextChoices):
    """Kinds of ledger account; `ref` says whose. Amounts are debits when positive (docs/money-flow.md)."""

    PLATFORM_CASH = "platform_cash", _("platform's balance at Stripe")
    SELLER_CASH = "seller_cash", _("seller's balance at Stripe")
    PAYOUTS_IN_TRANSIT = "payouts_in_transit", _("payouts on their way to the bank")
    TRANSFERS_CLEARING = "transfers_clearing", _("transfers between the two sides")
    ORDER_HELD = "order_held", _("paid by the buyer, not yet the seller's")
    SELLER_PAYABLE = "seller_payable", _("owed to the seller")
    SELLER_DEBT = "seller_debt", _("owed by the seller")
    BUYER_REFUND_DUE = "buyer_refund_due", _("owed to the buyer")
    FEE_REVENUE = "fee_revenue", _("platform fees earned")
    PROCESSING_FEES = "processing_fees", _("Stripe's processing fees")
    PLATFORM_LOSS = "platform_loss", _("borne by the platform")
    FX_DIFFERENCE = "fx_difference", _("currency differences")
    REFUNDS_CLEARING = "refunds_clearing", _("refunds on their way")
    DISPUTE_CLEARING = "dispute_clearing", _("disputed at the bank")
    SUSPENSE = "suspense", _("not yet explained")


class Posting(models.Model):
    """One dated fact in the books. `key` names the fact, so that it is booked once however often it is seen."""

    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=40)
    description = models.CharField(max_length=300)
    # Stripe's balance transaction this posting mirrors, where there is one (invariant I08).
    balance_transaction = models.CharField(max_length=64, blank=True, db_index=True)
    order_number = models.CharField(max_length=12, blank=True, db_index=True)
    occurred_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-pk",)
        triggers = [
            *append_only_triggers(),
            pgtrigger.Trigger(
                name="not_empty",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func=NOT_EMPTY,
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Entry(models.Model):
    """One line of a posting: `amount` minor units of `currency` into (+) or out of (-) one account.

    The account is three columns rather than a row of its own: a posting then touches nothing that others share.
    """

    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="entries")
    account = models.CharField(max_length=32, choices=Account.choices)
    ref = models.CharField(max_length=64, blank=True)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()

    class Meta:
        ordering = ("pk",)
        verbose_name_plural = "entries"
        constraints = [models.CheckConstraint(condition=~models.Q(amount=0), name="entry_amount_not_zero")]
        indexes = [models.Index(fields=["account", "ref", "currency"], include=["amount"], name="entry_of_account")]
        triggers = [
            *append_only_triggers(),
            pgtrigger.Trigger(
                name="balanced",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func=BALANCED,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account}:{self.ref} {self.amount} {self.currency}"
