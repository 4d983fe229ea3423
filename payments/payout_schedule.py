"""When Stripe pays a seller out: shown as Stripe has it, and set within our bounds.

By hand is not offered: money may lie in a seller's balance only so long (docs.stripe.com/connect, holding funds), and
what nobody asks for would stay there. Where that time is shorter than a month, once a month is not offered either.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import ConnectedAccount
from gateway import operations
from gateway.models import Operation
from gateway.payout_objects import PayoutSchedule
from payments.errors import PaymentError
from payments.shares import HOLDING_DAYS, LONGEST_HOLDING_DAYS

NAME = "balance_settings.update"
DAILY, WEEKLY, MONTHLY = "daily", "weekly", "monthly"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
A_MONTH = 31
LIVE = (
    Operation.Status.PLANNED,
    Operation.Status.SUBMITTING,
    Operation.Status.UNKNOWN,
    Operation.Status.STALE,
)


class NotAllowed(PaymentError):
    """This schedule is not offered here; the message says why."""


class StillOpen(PaymentError):
    """Stripe has not answered the last change yet."""


def allowed(country: str) -> tuple[str, ...]:
    """The rhythms a seller of this country may choose."""
    longest = HOLDING_DAYS.get(country, LONGEST_HOLDING_DAYS)
    return (DAILY, WEEKLY, MONTHLY) if longest > A_MONTH else (DAILY, WEEKLY)


def change(account: ConnectedAccount, wanted: PayoutSchedule, *, actor: str) -> PayoutSchedule:
    """Have Stripe pay this account out so from now on; what Stripe has then. Must be called outside any transaction.

    Raises NotAllowed, StillOpen, StripeRefused, or StripeUnavailable (it is finished later, with the same key).
    """
    _require_allowed(account, wanted)
    _finish_last(account)
    with transaction.atomic():
        # Locked: of two tabs the second finds the first one's change under way, and the older never arrives last.
        ConnectedAccount.objects.select_for_update(of=("self",)).get(pk=account.pk)
        if _under_way(account) is not None:
            raise StillOpen(_("Another change of your payouts is under way. Look again in a moment."))
        number = Operation.objects.filter(business_key__startswith=_key(account)).count() + 1
        operation = operations.plan(
            name=NAME,
            business_key=f"{_key(account)}{number}",
            path="/v1/balance_settings",
            params={"payments": {"payouts": {"schedule": _asked(wanted)}}},
            account=str(account.stripe_id),
            actor=actor,
            reason="The seller chooses when to be paid out.",
        )
    return PayoutSchedule.read(operations.require(operations.execute(operation)))


def _require_allowed(account: ConnectedAccount, wanted: PayoutSchedule) -> None:
    if not account.stripe_id:
        raise NotAllowed(_("Stripe has to know you first. Finish your onboarding."))
    if wanted.interval not in allowed(account.seller.country):
        raise NotAllowed(_("This rhythm is not offered here."))
    if wanted.interval == WEEKLY and not wanted.weekdays:
        raise NotAllowed(_("Choose at least one weekday."))
    if wanted.interval == MONTHLY and not wanted.days:
        raise NotAllowed(_("Choose a day of the month."))


def _finish_last(account: ConnectedAccount) -> None:
    """What was asked before has to end first: found out later, it would undo what is asked now."""
    last = _under_way(account)
    if last is None:
        return
    operations.execute(last)
    if _under_way(account) is not None:
        raise StillOpen(_("Stripe has not answered your last change yet. Look again in a few minutes."))


def _under_way(account: ConnectedAccount) -> Operation | None:
    return Operation.objects.filter(business_key__startswith=_key(account), status__in=LIVE).first()


def _key(account: ConnectedAccount) -> str:
    return f"payout-schedule:{account.pk}:"


def _asked(wanted: PayoutSchedule) -> dict[str, object]:
    if wanted.interval == WEEKLY:
        return {"interval": WEEKLY, "weekly_payout_days": list(wanted.weekdays)}
    if wanted.interval == MONTHLY:
        return {"interval": MONTHLY, "monthly_payout_days": list(wanted.days)}
    return {"interval": DAILY}
