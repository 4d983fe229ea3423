"""Milestones on the seller's and the buyer's side: propose, answer, say done, confirm with its consequence first."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import SellerRequest, seller_required
from gateway.errors import GatewayError
from orders.access import BuyerRequest, buyer_required
from orders.queries import order_for_buyer, order_of
from payments import milestone_pages, milestones, words
from payments.consequences import Refused
from payments.decisions import PlanChanged
from payments.milestone_forms import AMOUNTS, ChoiceForm, WhyForm, rows_for
from payments.models import Milestone, MilestoneAgreement, Share

Agreement = MilestoneAgreement


# --- the seller ---


@seller_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def propose(request: SellerRequest, number: str) -> HttpResponse:
    """The form; on POST, the buyer is asked."""
    share = _sold(request, number)
    if refusal := milestones.why_not(share):
        messages.info(request, refusal)
        return redirect("orders:seller_order", number)
    choice = ChoiceForm(request.POST or None)
    counted_in = choice.cleaned_data["counted_in"] if choice.is_bound and choice.is_valid() else AMOUNTS
    rows = rows_for(share, request.POST or None, counted_in=counted_in)
    if request.method == "POST" and choice.is_valid() and rows.is_valid():
        try:
            milestones.propose(share, rows.parts, actor=request.user.email)
        except milestones.NotAgreeable as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("The buyer is asked, and gets a mail."))
            return redirect("orders:seller_order", number)
    page = {
        "seller": request.seller, "order": share.order, "choice": choice, "rows": rows,
        "left": share.money(share.left), "deadline": share.hold_deadline,
    }  # fmt: skip
    status = 200 if request.method != "POST" else 422
    return render(request, "payments/milestones_propose.html", page, status=status)


@require_POST
@seller_required
def withdraw(request: SellerRequest, number: str) -> HttpResponse:
    """The seller takes the proposal back."""
    agreement = _latest(_sold(request, number))
    try:
        milestones.withdraw(agreement, actor=request.user.email)
    except milestones.NotAgreeable as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The milestones are withdrawn. The order goes on as before."))
    return redirect("orders:seller_order", number)


@require_POST
@seller_required
def done(request: SellerRequest, number: str, pk: int) -> HttpResponse:
    """The seller says that one milestone is done."""
    milestone = _milestone(_sold(request, number), pk)
    try:
        milestones.say_done(milestone, actor=request.user.email)
    except milestones.NotAgreeable as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The buyer gets a mail, and looks at it."))
    return redirect("orders:seller_order", number)


# --- the buyer ---


@require_safe
@buyer_required
@never_cache
def show(request: BuyerRequest, number: str, order: str) -> HttpResponse:
    """What the seller proposed, and where each part stands."""
    share = _bought(request, number, order)
    return _buyer_page(request, share, _latest(share), WhyForm())


@require_POST
@buyer_required
def answer(request: BuyerRequest, number: str, order: str) -> HttpResponse:
    """Yes, or no with a reason."""
    share = _bought(request, number, order)
    agreement = _latest(share)
    form = WhyForm(request.POST)
    says_yes = request.POST.get("answer") == "yes"
    if not says_yes and not form.is_valid():
        return _buyer_page(request, share, agreement, form, status=422)
    try:
        if says_yes:
            milestones.agree(agreement, actor=request.buyer.actor)
        else:
            milestones.decline(agreement, actor=request.buyer.actor, reason=form.cleaned_data["reason"])
    except milestones.NotAgreeable as refusal:
        messages.error(request, str(refusal))
    else:
        said = _("Agreed. You confirm each step before its money goes.") if says_yes else _("The seller knows why not.")
        messages.success(request, said)
    return redirect("payments:milestones", number, order)


@require_http_methods(["GET", "HEAD", "POST"])
@buyer_required
@never_cache
def confirm(request: BuyerRequest, number: str, order: str, pk: int) -> HttpResponse:
    """What confirming does; on POST, exactly that."""
    share = _bought(request, number, order)
    milestone = _milestone(share, pk)
    if milestone.status != Milestone.Status.DONE:
        # The button was pressed twice, or the days are over (fault F34).
        messages.info(request, _("Nothing waits for your word here: %(state)s.") % {"state": _state(milestone)})
        return redirect("payments:milestones", number, order)
    try:
        if request.method == "POST":
            return _confirm(request, share, milestone)
        return _confirm_page(request, share, milestone, milestones.preview(milestone).hash)
    except (Refused, milestones.NotAgreeable) as refusal:
        messages.error(request, _why(refusal, share.currency))
        return redirect("payments:milestones", number, order)


@require_http_methods(["GET", "HEAD", "POST"])
@buyer_required
@never_cache
def not_done(request: BuyerRequest, number: str, order: str, pk: int) -> HttpResponse:
    """The buyer says what is missing."""
    share = _bought(request, number, order)
    milestone, form = _milestone(share, pk), WhyForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        page = {"order": share.order, "purchase": share.order.purchase, "milestone": milestone, "form": form}
        return render(request, "payments/milestone_not_done.html", page, status=422 if form.is_bound else 200)
    try:
        milestones.not_done(milestone, actor=request.buyer.actor, reason=form.cleaned_data["reason"])
    except milestones.NotAgreeable as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The seller gets a mail and puts it right."))
    return redirect("payments:milestones", number, order)


def _confirm(request: BuyerRequest, share: Share, milestone: Milestone) -> HttpResponse:
    try:
        milestones.confirm(milestone, actor=request.buyer.actor, plan_hash=request.POST.get("plan", ""))
    except PlanChanged as changed:
        milestone.refresh_from_db()
        if milestone.status == Milestone.Status.DONE:
            messages.warning(request, str(changed))
            return _confirm_page(request, share, milestone, changed.plan.hash, status=409)
        messages.success(request, _("Confirmed. The money goes to the seller in a minute."))
    except GatewayError:
        messages.success(request, _("Confirmed. The money goes to the seller as soon as Stripe answers."))
    else:
        messages.success(request, _("Confirmed. The money is on its way to the seller."))
    return redirect("payments:milestones", share.order.purchase.number, share.order.number)


def _confirm_page(
    request: HttpRequest, share: Share, milestone: Milestone, plan_hash: str, *, status: int = 200
) -> HttpResponse:
    shown = milestone_pages.for_buyer(milestone.agreement)
    page: dict[str, Any] = {
        "order": share.order,
        "purchase": share.order.purchase,
        "row": next(row for row in shown.rows if row.milestone.pk == milestone.pk),
        "plan_hash": plan_hash,
    }
    return render(request, "payments/milestone_confirm.html", page, status=status)


def _buyer_page(
    request: HttpRequest, share: Share, agreement: Agreement, form: WhyForm, *, status: int = 200
) -> HttpResponse:
    page = {
        "order": share.order,
        "purchase": share.order.purchase,
        "shown": milestone_pages.for_buyer(agreement),
        "form": form,
    }
    return render(request, "payments/milestones.html", page, status=status)


def _sold(request: SellerRequest, number: str) -> Share:
    order = order_of(request.seller, number)
    share = None if order is None else milestone_pages.share_of(order)
    if share is None:
        raise Http404
    return share


def _bought(request: BuyerRequest, number: str, order: str) -> Share:
    found = order_for_buyer(request.buyer, number, order)
    share = None if found is None else milestone_pages.share_of(found)
    if share is None:
        raise Http404
    return share


def _latest(share: Share) -> Agreement:
    agreement = milestone_pages.latest(share)
    if agreement is None:
        raise Http404
    agreement.share = share
    return agreement


def _milestone(share: Share, pk: int) -> Milestone:
    found = Milestone.objects.select_related("agreement__share__order", "release")
    milestone: Milestone = get_object_or_404(found, pk=pk, agreement__share=share)
    milestone.agreement.share = share
    return milestone


def _state(milestone: Milestone) -> str:
    return str(milestone.get_status_display())


def _why(refusal: Exception, currency: str) -> str:
    if not isinstance(refusal, Refused):
        return str(refusal)
    if refusal.code == "held_back":
        return _("The money is held back at the moment, for a case or another reason. Confirm it when that is over.")
    return words.refusal(refusal, currency)
