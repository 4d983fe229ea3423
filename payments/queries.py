"""What pages read about money. Amounts are Money; nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from accounts.models import Seller
from kit.clock import now
from kit.money import Money
from ledger.journal import balances
from ledger.models import Account
from orders.given_back import still_sold
from orders.models import Order, Status
from payments.models import Payout, Release, Reversal, Share

MOVING = (Payout.Status.PENDING, Payout.Status.IN_TRANSIT)
# What of a share is still held for the seller: `Share.left` in SQL.
LEFT = F("gross") - F("fee") - F("taken") - F("released") + F("restored")


@dataclass(frozen=True, slots=True)
class SellerMoney:
    """A seller's money in one currency: held for them, theirs at Stripe (`arriving` of it is not available yet), on its
    way to the bank, arrived; and their debt.
    """

    currency: str
    held: Money
    at_stripe: Money
    arriving: Money
    on_its_way: Money
    paid_out: Money
    debt: Money

    @property
    def available(self) -> Money:
        """What the next payout takes along."""
        return self.at_stripe - self.arriving

    @property
    def parts(self) -> list[tuple[str, Money]]:
        """Name of the place and amount, in the order money passes through them."""
        return [
            ("held", self.held),
            ("arriving", self.arriving),
            ("available", self.available),
            ("on-its-way", self.on_its_way),
            ("paid", self.paid_out),
        ]


def seller_money(seller: Seller) -> list[SellerMoney]:
    """The seller's money by currency, from the shares (what is held), the ledger (what is at Stripe, and what they owe)
    and the payouts (what left).
    """
    accounts = [str(account.stripe_id) for account in seller.connected_accounts.exclude(stripe_id=None)]
    shares = Share.objects.filter(order__seller=seller)
    held = dict(shares.filter(status=Share.Status.HELD).values_list("currency").annotate(total=Sum(LEFT)))
    payouts = Payout.objects.filter(connected_account__seller=seller)
    moving = _by_currency(payouts.filter(status__in=MOVING))
    arrived = _by_currency(payouts.filter(status=Payout.Status.PAID))
    cash = _sums(balances(Account.SELLER_CASH, accounts))
    debts = _sums(balances(Account.SELLER_DEBT, [str(seller.pk)]))
    arriving = _arriving(seller)
    traded = set(shares.order_by().values_list("currency", flat=True).distinct())
    return [
        SellerMoney(
            currency=currency,
            held=Money(held.get(currency, 0), currency),
            at_stripe=Money(cash.get(currency, 0), currency),
            arriving=Money(arriving.get(currency, 0), currency),
            on_its_way=Money(moving.get(currency, 0), currency),
            paid_out=Money(arrived.get(currency, 0), currency),
            debt=Money(max(0, debts.get(currency, 0)), currency),
        )
        for currency in sorted({*traded, *moving, *arrived, *cash})
    ]


def held_shares(seller: Seller, currency: str) -> QuerySet[Any]:
    """The orders whose money is held for the seller, in no order."""
    held = Share.objects.filter(order__seller=seller, currency=currency, status=Share.Status.HELD)
    return held.annotate(held_now=LEFT).filter(held_now__gt=0)


def arriving_releases(seller: Seller) -> QuerySet[Any]:
    """What was sent to the seller and Stripe has not made available yet; `on_the_way` is what was not fetched back."""
    back = Sum("reversals__amount", filter=Q(reversals__status=Reversal.Status.DONE))
    sent = Release.objects.filter(available_on__gt=now(), status=Release.Status.SENT, share__account__seller=seller)
    return sent.annotate(on_the_way=F("amount") - Coalesce(back, 0))


def seller_debt(seller: Seller, currency: str) -> Money:
    """What the seller owes the marketplace in this currency, on all their orders."""
    owed = balances(Account.SELLER_DEBT, [str(seller.pk)]).get((str(seller.pk), currency), 0)
    return Money(max(0, owed), currency)


def seller_payouts(seller: Seller) -> QuerySet[Payout]:
    """The seller's payouts, newest first."""
    return Payout.objects.filter(connected_account__seller=seller).order_by("-created_at", "-pk")


def payout_to_mend(seller: Seller) -> Payout | None:
    """The payout a bank sent back last, unless one in its currency went through since."""
    for payout in seller_payouts(seller).filter(status=Payout.Status.FAILED)[:10]:
        later = Payout.objects.filter(connected_account__seller=seller, currency=payout.currency)
        if not later.filter(created_at__gt=payout.created_at, status=Payout.Status.PAID).exists():
            return payout
    return None


def orders_to_fulfil(seller: Seller) -> QuerySet[Order]:
    """Paid orders that wait for the seller, the oldest first."""
    return still_sold(seller.orders.filter(status=Status.PAID)).order_by("paid_at", "pk")


def _arriving(seller: Seller) -> dict[str, int]:
    found: dict[str, int] = {}
    for release in arriving_releases(seller).select_related("share"):
        currency = release.share.currency
        found[currency] = found.get(currency, 0) + release.on_the_way
    return found


def _sums(found: Mapping[tuple[str, str], int]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for (_ref, currency), amount in found.items():
        sums[currency] = sums.get(currency, 0) + amount
    return sums


def _by_currency(payouts: QuerySet[Payout]) -> dict[str, int]:
    return dict(payouts.order_by().values_list("currency").annotate(Sum("amount")))
