"""What pages read about money. Amounts are Money; nothing here writes."""

from dataclasses import dataclass

from django.db.models import QuerySet, Sum

from accounts.models import Seller
from kit.money import Money
from ledger.models import Account, Entry
from orders.models import Order, Status
from payments.models import Payout


@dataclass(frozen=True, slots=True)
class SellerMoney:
    """A seller's money in one currency: what is theirs at Stripe, what is on its way to the bank, what has arrived."""

    currency: str
    at_stripe: Money
    on_its_way: Money
    paid_out: Money

    @property
    def parts(self) -> list[tuple[str, Money]]:
        """For a bar: name of the place and amount."""
        return [("held", self.at_stripe), ("on-its-way", self.on_its_way), ("paid", self.paid_out)]


def seller_money(seller: Seller) -> list[SellerMoney]:
    """The seller's money by currency, from the ledger (what is at Stripe) and the payouts (what left it)."""
    accounts = list(seller.connected_accounts.exclude(stripe_id=None).values_list("stripe_id", flat=True))
    entries = Entry.objects.filter(account=Account.SELLER_CASH, ref__in=accounts)
    cash = dict(entries.values_list("currency").annotate(Sum("amount")))
    payouts = Payout.objects.filter(connected_account__seller=seller)
    moving = _by_currency(payouts.filter(status__in=[Payout.Status.PENDING, Payout.Status.IN_TRANSIT]))
    arrived = _by_currency(payouts.filter(status=Payout.Status.PAID))
    return [
        SellerMoney(
            currency=currency,
            at_stripe=Money(cash.get(currency, 0), currency),
            on_its_way=Money(moving.get(currency, 0), currency),
            paid_out=Money(arrived.get(currency, 0), currency),
        )
        for currency in sorted({*cash, *moving, *arrived})
    ]


def seller_payouts(seller: Seller) -> QuerySet[Payout]:
    """The seller's payouts, newest first."""
    return Payout.objects.filter(connected_account__seller=seller).order_by("-created_at", "-pk")


def orders_to_fulfil(seller: Seller) -> QuerySet[Order]:
    """Paid orders that wait for the seller, the oldest first."""
    return seller.orders.filter(status=Status.PAID).order_by("paid_at", "pk")


def _by_currency(payouts: QuerySet[Payout]) -> dict[str, int]:
    return dict(payouts.order_by().values_list("currency").annotate(Sum("amount")))
