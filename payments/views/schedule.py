"""When a seller is paid out: shown as Stripe has it now, and set by the shop's owner."""

from __future__ import annotations

import structlog
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.access import SellerRequest, owner_required
from accounts.models import ConnectedAccount
from accounts.rules import open_account_of
from gateway import reads
from gateway.errors import StripeRefused, StripeUnavailable
from gateway.payout_objects import PayoutSchedule
from kit.csp import handoff_to_stripe
from payments import payout_schedule
from payments.errors import PaymentError
from payments.payout_forms import DAYS, LAST_DAY, ScheduleForm

log = structlog.get_logger(__name__)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@owner_required
@handoff_to_stripe
def schedule(request: SellerRequest) -> HttpResponse:
    """The rhythm, what may be chosen, and what may not."""
    account = open_account_of(request.seller)
    if account is None or not account.stripe_id:
        return redirect("accounts:onboarding")
    rhythms = payout_schedule.allowed(request.seller.country)
    if request.method == "POST":
        form = ScheduleForm(request.POST, rhythms=rhythms)
        if form.is_valid() and _changed(request, account, form):
            return redirect("payments:schedule")
        current = None if form.errors else _asked(account)
    else:
        current = _asked(account)
        form = ScheduleForm.showing(current, rhythms)
    page = {
        "seller": request.seller,
        "is_owner": True,
        "form": form,
        "current": current,
        "sentence": in_words(current) if current else "",
        "by_month": payout_schedule.MONTHLY in rhythms,
    }
    return render(request, "payments/schedule.html", page, status=422 if form.errors else 200)


def in_words(schedule: PayoutSchedule) -> str:
    """When money leaves, in a sentence."""
    if schedule.interval == payout_schedule.DAILY:
        return _("Stripe sends what is available to your bank on every working day.")
    if schedule.interval == payout_schedule.WEEKLY:
        days = [str(DAYS.get(day, day)) for day in schedule.weekdays]
        return _("Stripe sends what is available to your bank every %(days)s.") % {
            "days": get_text_list(days, _("and"))
        }
    if schedule.interval == payout_schedule.MONTHLY:
        named = [_("the last day") if day >= LAST_DAY else _("day %(day)d") % {"day": day} for day in schedule.days]
        words = _("Stripe sends what is available to your bank every month, on %(days)s.")
        return words % {"days": get_text_list(named, _("and"))}
    return _("Stripe sends nothing by itself now. Choose below how often it should.")


def _changed(request: SellerRequest, account: ConnectedAccount, form: ScheduleForm) -> bool:
    try:
        payout_schedule.change(account, form.schedule(), actor=request.user.email)
    except PaymentError as error:
        messages.warning(request, str(error))
    except StripeUnavailable as error:
        log.warning("schedule_stripe_unavailable", seller=request.seller.pk, error=str(error))
        messages.warning(request, _("Stripe has not answered. We go on asking: look again in a few minutes."))
    except StripeRefused as error:
        log.warning("schedule_refused", seller=request.seller.pk, code=error.code)
        form.add_error(None, _("Stripe did not accept this: %(reason)s") % {"reason": error.message})
        return False
    else:
        messages.success(request, _("Saved. Payouts already on their way are not changed by it."))
    return True


def _asked(account: ConnectedAccount) -> PayoutSchedule | None:
    """As Stripe has it now; None when Stripe does not say."""
    try:
        return reads.payout_schedule(str(account.stripe_id))
    except (StripeUnavailable, StripeRefused) as error:
        log.warning("schedule_not_read", account=account.pk, error=str(error))
        return None
