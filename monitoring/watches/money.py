"""Watches about money that did not arrive where it should: payouts, and what sellers owe."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Seller, User
from kit.clock import now
from kit.money import Money
from ledger import journal
from ledger.models import Account, Entry
from monitoring.models import Alert, Kind
from monitoring.watch import MOST, Problem, Watch, computed, rows
from payments.models import Payout, Reversal

# Stripe's words for a failed payout (docs.stripe.com/api/payouts/failures), and who can put it right.
REASONS = {
    "account_closed": gettext_lazy("the bank account was closed"),
    "account_frozen": gettext_lazy("the bank account is frozen"),
    "bank_account_restricted": gettext_lazy("the bank account does not take payouts"),
    "bank_account_unverified": gettext_lazy("the bank account is not verified"),
    "bank_ownership_changed": gettext_lazy("the bank account now belongs to another bank"),
    "could_not_process": gettext_lazy("the bank could not process it"),
    "debit_not_authorized": gettext_lazy("the bank account allows no debits"),
    "declined": gettext_lazy("the bank declined it"),
    "incorrect_account_holder_address": gettext_lazy("the holder’s address is wrong"),
    "incorrect_account_holder_name": gettext_lazy("the holder’s name is wrong"),
    "incorrect_account_holder_tax_id": gettext_lazy("the holder’s tax number is wrong"),
    "insufficient_funds": gettext_lazy("their Stripe balance was short"),
    "invalid_account_number": gettext_lazy("the account number is wrong"),
    "invalid_account_number_length": gettext_lazy("the account number has the wrong length"),
    "invalid_currency": gettext_lazy("the bank account does not take this currency"),
    "no_account": gettext_lazy("there is no such bank account"),
    "unsupported_card": gettext_lazy("the card takes no payouts"),
}


def _came_back() -> QuerySet[Payout]:
    """Failed, and nothing was sent to that bank in that currency since."""
    newer = Payout.objects.filter(
        connected_account=OuterRef("connected_account"), currency=OuterRef("currency")
    ).filter(Q(created_at__gt=OuterRef("created_at")) | Q(created_at=OuterRef("created_at"), pk__gt=OuterRef("pk")))
    failed = Payout.objects.filter(~Exists(newer), status=Payout.Status.FAILED)
    return failed.select_related("connected_account__seller")


def _payout(payout: Payout) -> Problem:
    seller = payout.connected_account.seller
    facts = {
        "seller": seller.name,
        "code": payout.failure_code,
        "message": payout.failure_message,
        "id": payout.stripe_id,
    }
    return Problem(str(payout.pk), payout.created_at, facts, payout.currency, payout.amount)


def _payout_what(alert: Alert, reader: User | None) -> str:
    values = {"amount": alert.money, "seller": alert.facts["seller"]}
    return _("See that %(seller)s can be paid: %(amount)s came back from their bank") % values


def _payout_about(alert: Alert) -> str:
    code = str(alert.facts["code"])
    why = str(REASONS.get(code, alert.facts["message"] or code.replace("_", " ") or _("the bank gave no reason")))
    return _("Payout %(id)s: %(why)s") % {"id": alert.facts["id"], "why": why}


def _refused() -> QuerySet[Reversal]:
    return Reversal.objects.filter(status=Reversal.Status.REFUSED).select_related("release__share__order__seller")


def _not_fetched_back() -> list[Problem]:
    """What Stripe refused to fetch back, by seller and currency, as long as the seller owes something."""
    newest: dict[tuple[str, str], Reversal] = {}
    for reversal in _refused().order_by("-pk")[:MOST]:
        share = reversal.release.share
        newest.setdefault((str(share.order.seller_id), share.currency), reversal)
    owed = journal.balances(Account.SELLER_DEBT, {seller for seller, _currency in newest})
    return [_reversal(key, reversal, owed[key]) for key, reversal in newest.items() if owed.get(key, 0) > 0]


def _reversal(key: tuple[str, str], reversal: Reversal, owed: int) -> Problem:
    share = reversal.release.share
    facts = {
        "seller": share.order.seller.name,
        "share": share.pk,
        "number": share.order.number,
        "why": reversal.refusal,
    }
    return Problem(":".join(key), reversal.planned_at, facts, share.currency, owed)


def _reversal_what(alert: Alert, reader: User | None) -> str:
    values = {"amount": alert.money, "seller": alert.facts["seller"]}
    return _("Get %(amount)s back from %(seller)s: Stripe could not fetch it") % values


def _reversal_about(alert: Alert) -> str:
    return _("Order %(number)s: %(why)s") % {"number": alert.facts["number"], "why": alert.facts["why"]}


def _old_debts() -> Iterator[Problem]:
    """What sellers owed so long ago and have not paid since: old debits less everything that was ever set off."""
    long_ago = now() - timedelta(days=settings.ALERTS["debt_days"])
    counts = Q(posting__occurred_at__lte=long_ago) | Q(amount__lt=0)
    debts = Entry.objects.filter(account=Account.SELLER_DEBT).order_by().values("ref", "currency")
    old = debts.annotate(old=Sum("amount", filter=counts), owed=Sum("amount")).filter(old__gt=0)
    found: Any = list(old.order_by("ref", "currency"))
    names = dict(Seller.objects.filter(pk__in=[row["ref"] for row in found]).values_list("pk", "name"))
    for row in found:
        facts = {"seller": names.get(int(row["ref"]), row["ref"]), "old": row["old"]}
        yield Problem(f"{row['ref']}:{row['currency']}", long_ago, facts, row["currency"], row["owed"])


def _debt_what(alert: Alert, reader: User | None) -> str:
    return _("%(seller)s has owed the marketplace money for long") % {"seller": alert.facts["seller"]}


def _debt_about(alert: Alert) -> str:
    values = {
        "old": Money(alert.facts["old"], alert.currency),
        "all": alert.money,
        "days": settings.ALERTS["debt_days"],
    }
    return _("%(old)s of %(all)s for more than %(days)d days") % values


def _sellers_shares(alert: Alert) -> str:
    """Everything of that seller's, where it is fetched back or set off."""
    return reverse("admin:payments_share_changelist") + "?" + urlencode({"q": f'"{alert.facts["seller"]}"'})


WATCHES = [
    Watch(
        kind=Kind.PAYOUT,
        permission="payments.view_payout",
        find=rows(_came_back, _payout),
        what=_payout_what,
        about=_payout_about,
        link=lambda alert: reverse("admin:payments_payout_change", args=[alert.subject]),
        remedy=gettext_lazy(
            "Write to the seller: they correct their bank account at Stripe, and Stripe pays out again by itself."
        ),
    ),
    Watch(
        kind=Kind.REVERSAL,
        permission="payments.view_share",
        find=computed(_not_fetched_back),
        what=_reversal_what,
        about=_reversal_about,
        link=lambda alert: reverse("admin:payments_share_change", args=[alert.facts["share"]]),
        remedy=gettext_lazy("Wait for their next release, which it is set off against, or fetch back again later."),
    ),
    Watch(
        kind=Kind.DEBT,
        permission="payments.view_share",
        find=computed(_old_debts),
        what=_debt_what,
        about=_debt_about,
        link=_sellers_shares,
        remedy=gettext_lazy("Ask the seller to pay, fetch back when they have money again, or give it up."),
    ),
]
