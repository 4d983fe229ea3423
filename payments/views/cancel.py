"""A seller who cannot deliver calls an order off: what it means first, then exactly that."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import SellerRequest, seller_required
from gateway.errors import StripeRefused, StripeUnavailable
from orders.models import Status
from payments import decisions, words
from payments.consequences import Plan, Refused
from payments.decisions import Decider, PlanChanged
from payments.models import MoneyAction, Refund, Share
from payments.policies import BY_REASON

REASON = Refund.Reason.SELLER_CANCELLED
REQUEST = {"reason": REASON, "policy": BY_REASON[REASON].name}


@seller_required
@require_http_methods(["GET", "POST"])
def cancel(request: SellerRequest, number: str) -> HttpResponse:
    """The consequence card; on POST, the buyer gets everything back and the things go back into stock."""
    shares = Share.objects.select_related("order__seller", "payment", "account")
    share = get_object_or_404(shares, order__number=number, order__seller=request.seller)
    if share.order.status == Status.CANCELLED:
        # The button was pressed twice (fault F34).
        messages.info(request, _("The order is cancelled, and the buyer gets everything back."))
        return redirect("orders:seller_order", number)
    try:
        if request.method == "POST":
            return _confirm(request, share)
        return _page(request, share, decisions.preview(share, MoneyAction.Kind.CANCEL, REQUEST))
    except Refused as refused:
        messages.error(request, words.refusal(refused, share.currency))
        return redirect("orders:seller_order", number)


def _confirm(request: SellerRequest, share: Share) -> HttpResponse:
    who = Decider(request.user.email)
    reason = request.POST.get("reason", "").strip() or _("The seller cannot deliver.")
    try:
        decisions.confirm(
            share,
            MoneyAction.Kind.CANCEL,
            REQUEST,
            plan_hash=request.POST.get("plan", ""),
            by=who,
            reason=reason[:500],
        )
    except PlanChanged as changed:
        messages.warning(request, str(changed))
        return _page(request, share, changed.plan, status=409)
    except StripeRefused as refusal:
        messages.error(
            request, _("Stripe could not refund the buyer (%(why)s). We look into it.") % {"why": refusal.message}
        )
    except StripeUnavailable:
        messages.success(request, _("The order is cancelled. The refund goes out as soon as Stripe answers."))
    else:
        messages.success(request, _("The order is cancelled, and the buyer gets everything back."))
    return redirect("orders:seller_order", share.order.number)


def _page(request: SellerRequest, share: Share, plan: Plan, *, status: int = 200) -> HttpResponse:
    page = {
        "seller": request.seller,
        "order": share.order,
        "plan": plan,
        "card": words.card_for_seller(plan),
    }
    return render(request, "payments/cancel.html", page, status=status)
