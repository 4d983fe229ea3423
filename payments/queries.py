"""What pages read about money. Amounts are Money; nothing here writes."""

from dataclasses import dataclass

from django.db.models import F, QuerySet, Sum

from accounts.models import Seller
from kit.money import Money
from ledger.journal import balance
from ledger.models import Account
from orders.models import Order, Status
from payments.models import Payout, Share


@dataclass(frozen=True, slots=True)
class SellerMoney:
    """A seller's money in one currency: held for them, theirs at Stripe, on its way to the bank, arrived; and their
    debt.
    """

    currency: str
    held: Money
    at_stripe: Money
    on_its_way: Money
    paid_out: Money
    debt: Money

    @property
    def parts(self) -> list[tuple[str, Money]]:
        """For a bar: name of the place and amount."""
        return [
            ("held", self.held),
            ("available", self.at_stripe),
            ("on-its-way", self.on_its_way),
            ("paid", self.paid_out),
        ]


def seller_money(seller: Seller) -> list[SellerMoney]:
    """The seller's money by currency, from the shares (what is held), the ledger (what is at Stripe, and what they owe)
    and the payouts (what left).
    """
    accounts = [str(account.stripe_id) for account in seller.connected_accounts.exclude(stripe_id=None)]
    left = F("gross") - F("fee") - F("taken") - F("released") + F("restored")
    shares = Share.objects.filter(order__seller=seller)
    held = dict(shares.filter(status=Share.Status.HELD).values_list("currency").annotate(total=Sum(left)))
    payouts = Payout.objects.filter(connected_account__seller=seller)
    moving = _by_currency(payouts.filter(status__in=[Payout.Status.PENDING, Payout.Status.IN_TRANSIT]))
    arrived = _by_currency(payouts.filter(status=Payout.Status.PAID))
    traded = set(shares.values_list("currency", flat=True).distinct())
    return [
        SellerMoney(
            currency=currency,
            held=Money(held.get(currency, 0), currency),
            at_stripe=Money(sum(balance(Account.SELLER_CASH, one, currency) for one in accounts), currency),
            on_its_way=Money(moving.get(currency, 0), currency),
            paid_out=Money(arrived.get(currency, 0), currency),
            debt=seller_debt(seller, currency),
        )
        for currency in sorted({*traded, *moving, *arrived})
    ]


def seller_debt(seller: Seller, currency: str) -> Money:
    """What the seller owes the marketplace in this currency, on all their orders."""
    return Money(max(0, balance(Account.SELLER_DEBT, str(seller.pk), currency)), currency)


def seller_payouts(seller: Seller) -> QuerySet[Payout]:
    """The seller's payouts, newest first."""
    return Payout.objects.filter(connected_account__seller=seller).order_by("-created_at", "-pk")


def orders_to_fulfil(seller: Seller) -> QuerySet[Order]:
    """Paid orders that wait for the seller, the oldest first."""
    return seller.orders.filter(status=Status.PAID).order_by("paid_at", "pk")


def _by_currency(payouts: QuerySet[Payout]) -> dict[str, int]:
    return dict(payouts.order_by().values_list("currency").annotate(Sum("amount")))
