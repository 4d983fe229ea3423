"""The buyer's own pages: all cases, opening one, and closing it when it is settled."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import SignedInRequest
from cases import ending, opening, words
from cases.errors import CaseError, OpenAlready
from cases.forms import CancelForm, OpenForm
from cases.models import Case, Party
from cases.queries import case_of_buyer, cases_of_buyer, latest_of_order
from cases.views.seats import BUYER_OF_CASE
from orders.access import BuyerRequest, buyer_required, buyer_required_by
from orders.models import Status as OrderStatus
from orders.queries import order_for_buyer
from payments.models import Share


@require_safe
@login_required
@never_cache
def cases(request: SignedInRequest) -> HttpResponse:
    """All of the buyer's cases, newest first."""
    after = request.GET.get("after", "")
    page, more = cases_of_buyer(request.user, after)
    rows = [{"case": case, "pill": words.pill(case, Party.BUYER)} for case in page]
    return render(request, "cases/buyer_cases.html", {"rows": rows, "more": more, "first": not after})


@require_http_methods(["GET", "HEAD", "POST"])
@buyer_required
@never_cache
def new(request: BuyerRequest, number: str, order: str) -> HttpResponse:
    """Say what is wrong with an order, or ask to cancel it; on POST the case is open and the money held."""
    found = order_for_buyer(request.buyer, number, order)
    share = (
        None if found is None else Share.objects.select_related("order__seller", "payment").filter(order=found).first()
    )
    if found is None or share is None:
        raise Http404
    try:
        opening.need_openable(share)
        # Somebody who asks to cancel what was sent meanwhile says what is wrong with it instead.
        kind = CancelForm if "cancel" in request.GET and found.status == OrderStatus.PAID else OpenForm
        if request.method == "POST":
            return _open(request, share, kind(request.POST, request.FILES, share=share))
        return _page(request, share, kind(share=share))
    except OpenAlready as already:
        messages.info(request, str(already))
        return redirect("cases:case", already.case.number)
    except CaseError as refusal:
        messages.info(request, str(refusal))
        last = latest_of_order(found)
        return redirect("cases:case", last.number) if last else redirect("orders:purchase", number)


@require_http_methods(["GET", "HEAD", "POST"])
@buyer_required_by(BUYER_OF_CASE)
@never_cache
def close(request: BuyerRequest, number: str) -> HttpResponse:
    """The buyer says that it is settled: what that means for the money, then the button."""
    case = case_of_buyer(request.buyer, number)
    if case is None:
        raise Http404
    if not case.is_live:
        messages.info(request, words.now_line(case, Party.BUYER).sentence)
        return redirect("cases:case", number)
    if request.method != "POST":
        return render(request, "cases/close.html", {"case": case, "order": case.share.order})
    try:
        ending.withdraw(case, by=request.buyer)
    except CaseError as error:
        messages.info(request, str(error))
    else:
        messages.success(
            request, _("The case is closed. %(shop)s gets a mail.") % {"shop": case.share.order.seller.name}
        )
    return redirect("cases:case", number)


def _open(request: BuyerRequest, share: Share, form: OpenForm | CancelForm) -> HttpResponse:
    if form.is_valid():
        given: dict[str, Any] = form.cleaned_data
        try:
            case: Case = opening.open_case(
                share,
                by=request.buyer,
                reason=given["reason"],
                text=given["text"],
                asked=given["asked"],
                files=given["photos"],
            )
        except OpenAlready:
            raise
        except CaseError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            shop = share.order.seller.name
            held = _("Your case is open. %(shop)s gets a mail, and the money is held.")
            sentence = held if case.is_held else _("Your case is open. %(shop)s gets a mail.")
            messages.success(request, sentence % {"shop": shop})
            return redirect("cases:case", case.number)
    return _page(request, share, form, status=422)


def _page(request: BuyerRequest, share: Share, form: OpenForm | CancelForm, *, status: int = 200) -> HttpResponse:
    page = {
        "form": form,
        "order": share.order,
        "purchase": share.order.purchase,
        "share": share,
        "until": opening.open_until(share),
        "answer_days": settings.CASE_ANSWER_DAYS,
        "most": share.money(share.refundable),
        "cancels": isinstance(form, CancelForm),
        "is_held": share.status == Share.Status.HELD,
    }
    return render(request, "cases/new.html", page, status=status)
