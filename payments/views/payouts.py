"""The seller's payouts: the list, one with all that is inside, files of them, and the way to the bank account."""

from __future__ import annotations

import re
from datetime import date, datetime

import structlog
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import onboarding
from accounts.access import SellerRequest, owner_required, seller_required
from accounts.models import Membership
from accounts.rules import open_account_of
from catalog import keyset
from gateway.errors import StripeRefused, StripeUnavailable
from kit.clock import now
from kit.csp import handoff_to_stripe
from kit.http import SeeOther
from payments import payout_files, payout_pages
from payments.models import Payout, PayoutMove
from payments.payout_failures import failure
from payments.queries import seller_payouts
from payments.stories import Step

log = structlog.get_logger(__name__)

PAGE = 25
NEWEST = keyset.Order(("created_at", "pk"), descending=True)
MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)


@require_safe
@seller_required
@never_cache
def payouts(request: SellerRequest) -> HttpResponse:
    """Every payout to the seller's bank, newest first."""
    after = request.GET.get("after", "")
    found = list(NEWEST.after(after, seller_payouts(request.seller))[: PAGE + 1])
    page = {
        "seller": request.seller,
        "is_owner": is_owner(request),
        "payouts": with_pills(found[:PAGE]),
        "more": NEWEST.cursor(found[PAGE - 1]) if len(found) > PAGE else "",
        "first": not after,
        "month": f"{localtime(now()):%Y-%m}",
    }
    return render(request, "payments/payouts.html", page)


@require_safe
@seller_required
@never_cache
@handoff_to_stripe
def payout(request: SellerRequest, stripe_id: str) -> HttpResponse:
    """One payout: where it is, what it is made of, and what to do if it came back."""
    found = _own(request, stripe_id)
    rows, more = payout_pages.page(found, request.GET.get("after", ""))
    totals = payout_pages.totals(found)
    page = {
        "seller": request.seller,
        "is_owner": is_owner(request),
        "payout": found,
        "pill": payout_pages.PILLS[Payout.Status(found.status)],
        "turn": payout_pages.turn(found),
        "why": failure(found) if found.status == Payout.Status.FAILED else None,
        "rows": rows,
        "more": more,
        "totals": totals,
        "bar": payout_pages.bar(found, totals),
        "unexplained": payout_pages.unexplained(found, totals),
        "steps": _steps(found),
    }
    return render(request, "payments/payout.html", page)


def _steps(payout: Payout) -> list[Step]:
    """What became of a payout, and the day it is due at the bank while it is on its way."""
    moves = payout.moves.order_by("at", "pk")
    steps = [Step(_("Stripe made the payout"), payout.created_at, payout.money)]
    steps += [Step(capfirst(str(Payout.Status(move.to_status).label)), _when(payout, move)) for move in moves]
    if payout.status in (Payout.Status.PENDING, Payout.Status.IN_TRANSIT) and payout.arrives_on:
        steps.append(Step(_("It arrives at your bank"), payout.arrives_on, is_future=True))
    return steps


def _when(payout: Payout, step: PayoutMove) -> datetime | date:
    """The moment of a step; the bank's day once it is paid, of which we may have heard days later (fault F07)."""
    if step.to_status == Payout.Status.PAID and payout.arrives_on <= localtime(step.at).date():
        return payout.arrives_on
    return step.at


@require_safe
@seller_required
@never_cache
def payout_csv(request: SellerRequest, stripe_id: str) -> HttpResponse:
    """One payout as a file."""
    found = _own(request, stripe_id)
    return _file(payout_files.of_payout(found), f"payout-{found.stripe_id}.csv")


@require_safe
@seller_required
@never_cache
def month_csv(request: SellerRequest) -> HttpResponse:
    """All payouts made in a month as a file."""
    asked = MONTH.fullmatch(request.GET.get("month", ""))
    if asked is None:
        messages.error(request, _("Choose a month, like 2026-06."))
        return redirect("payments:payouts")
    first = date(int(asked[1]), int(asked[2]), 1)
    return _file(payout_files.of_month(request.seller, first), f"payouts-{first:%Y-%m}.csv")


@require_POST
@owner_required
def bank(request: SellerRequest) -> HttpResponse:
    """Go to the seller's own pages at Stripe, where the bank account is changed."""
    account = open_account_of(request.seller)
    if account is None or not account.stripe_id:
        return redirect("accounts:onboarding")
    try:
        return SeeOther(onboarding.dashboard_link(account, actor=request.user.email))
    except StripeUnavailable as error:
        log.warning("bank_stripe_unavailable", seller=request.seller.pk, error=str(error))
        messages.warning(request, _("Stripe is not answering just now. Nothing is lost: try again in a moment."))
    except StripeRefused as error:
        # Those who have not finished there have no pages of their own yet.
        log.info("bank_refused", seller=request.seller.pk, code=error.code)
        messages.warning(request, _("Stripe needs something from you first."))
        return SeeOther(reverse("accounts:onboarding"))
    return SeeOther(reverse("payments:payouts"))


def with_pills(payouts: list[Payout]) -> list[tuple[Payout, str]]:
    """Each payout with the colour of its status."""
    return [(one, payout_pages.PILLS[Payout.Status(one.status)]) for one in payouts]


def is_owner(request: SellerRequest) -> bool:
    """Whether bank account and schedule are theirs to change."""
    return bool(request.membership.role == Membership.Role.OWNER)


def _own(request: SellerRequest, stripe_id: str) -> Payout:
    found = seller_payouts(request.seller).filter(stripe_id=stripe_id).select_related("connected_account").first()
    if found is None:
        raise Http404
    return found


def _file(content: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)
