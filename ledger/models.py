"""The double-entry journal: append-only, each posting summing to zero per currency (invariants I01 and I02).

The checks for I01 are in ledger/guards.py.
"""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

APPEND_ONLY = "RAISE EXCEPTION 'ledger rows are never changed or removed; write a new posting instead';"


class Position(models.Func):
    """The number of the transaction that writes the row (ledger/guards.py says what for)."""

    function = "ledger_position"
    output_field = models.BigIntegerField()


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
    """Kinds of ledger account; `ref` says whose. Amounts are debits when positive (docs/money-flow.md).

    Each kind belongs to one of the groups below, which say what must become of it.
    """

    # Cash: what is at Stripe, available or on its way to be. Debit (+).
    PLATFORM_CASH = "platform_cash", _("platform's balance at Stripe")
    SELLER_CASH = "seller_cash", _("seller's balance at Stripe")
    # Obligations: what we owe is credit (-); what a seller owes us is debit (+).
    ORDER_HELD = "order_held", _("paid by the buyer, not yet the seller's")
    SELLER_PAYABLE = "seller_payable", _("owed to the seller")
    SELLER_DEBT = "seller_debt", _("owed by the seller")
    BUYER_REFUND_DUE = "buyer_refund_due", _("owed to the buyer")
    # Results: income is credit (-), cost is debit (+).
    FEE_REVENUE = "fee_revenue", _("platform fees earned")
    PROCESSING_FEES = "processing_fees", _("Stripe's processing fees")
    PLATFORM_LOSS = "platform_loss", _("borne by the platform")
    FX_DIFFERENCE = "fx_difference", _("currency differences")
    # Clearing: money between two facts; each comes back to zero when the second one is known.
    REFUNDS_CLEARING = "refunds_clearing", _("refunds on their way")
    TRANSFERS_CLEARING = "transfers_clearing", _("transfers between the two sides")
    PAYOUTS_IN_TRANSIT = "payouts_in_transit", _("payouts on their way to the bank")
    DISPUTE_CLEARING = "dispute_clearing", _("disputed at the bank")
    SUSPENSE = "suspense", _("not yet explained")


CASH = frozenset({Account.PLATFORM_CASH, Account.SELLER_CASH})
OBLIGATIONS = frozenset({Account.ORDER_HELD, Account.SELLER_PAYABLE, Account.SELLER_DEBT, Account.BUYER_REFUND_DUE})
RESULTS = frozenset({Account.FEE_REVENUE, Account.PROCESSING_FEES, Account.PLATFORM_LOSS, Account.FX_DIFFERENCE})
CLEARING = frozenset(
    {
        Account.REFUNDS_CLEARING,
        Account.TRANSFERS_CLEARING,
        Account.PAYOUTS_IN_TRANSIT,
        Account.DISPUTE_CLEARING,
        Account.SUSPENSE,
    }
)


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
    position = models.BigIntegerField(db_default=Position(), editable=False)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("posting")
        verbose_name_plural = _("postings")
        constraints = [models.UniqueConstraint(fields=["position", "id"], name="posting_at_position")]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return self.key


class Entry(models.Model):
    """One line of a posting: `amount` minor units of `currency` into (+) or out of (-) one account.

    The account is three columns rather than a row of its own: a posting then touches nothing that others share.
    """

    # Held by a foreign key of two columns, position and posting_id.
    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="entries", db_constraint=False)
    account = models.CharField(max_length=32, choices=Account.choices)
    ref = models.CharField(max_length=64, blank=True)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    position = models.BigIntegerField(db_default=Position(), editable=False)

    class Meta:
        ordering = ("pk",)
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        constraints = [models.CheckConstraint(condition=~models.Q(amount=0), name="entry_amount_not_zero")]
        indexes = [
            # Everything of an account in the order of the books: "since the last checkpoint" is its end.
            models.Index(
                fields=["account", "ref", "currency", "position", "id"], include=["amount"], name="entry_of_account"
            )
        ]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"{self.account}:{self.ref} {self.amount} {self.currency}"


class Seal(models.Model):
    """The books up to a point, closed: everything with a position below `below` that no seal before this one holds.

    Each seal holds the hash of its rows, of the balances it changed, and of the seal before it, so that whoever kept
    one hash can prove everything that came before (ledger/canon.py says what is hashed).
    """

    number = models.BigIntegerField(primary_key=True)
    # The hash of the seal before; unique, so that the chain never forks.
    previous = models.CharField(max_length=64, unique=True)
    below = models.BigIntegerField(unique=True)
    postings = models.PositiveIntegerField()
    entries = models.PositiveIntegerField()
    rows_hash = models.CharField(max_length=64)
    # A short digest of each row, to name the one that was altered; the hashes prove, these point.
    leaves = models.BinaryField()
    checkpoints_hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("-number",)
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"{self.number}:{self.hash[:12]}"


class Checkpoint(models.Model):
    """What stood on an account when a seal was made: the sum of all its entries with a position below `below`.

    Only accounts that the seal's entries changed have one; for the others the last one before still holds.
    """

    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, related_name="checkpoints", db_constraint=False)
    account = models.CharField(max_length=32, choices=Account.choices)
    ref = models.CharField(max_length=64, blank=True)
    currency = models.CharField(max_length=3)
    balance = models.BigIntegerField()
    below = models.BigIntegerField()

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "ref", "currency", "below"], include=["balance"], name="checkpoint_of_account"
            )
        ]
        triggers = append_only_triggers()

    def __str__(self) -> str:
        return f"{self.account}:{self.ref} {self.balance} {self.currency}"
