"""The seller's list of cases."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import SellerRequest, seller_required
from cases import words
from cases.models import Party
from cases.queries import cases_of_seller


@require_safe
@seller_required
@never_cache
def cases(request: SellerRequest) -> HttpResponse:
    """The shop's cases, newest first: those that are open, or all."""
    show_all = request.GET.get("show") == "all"
    after = request.GET.get("after", "")
    page, more = cases_of_seller(request.seller, after, only_open=not show_all)
    rows = [{"case": case, "pill": words.pill(case, Party.SELLER)} for case in page]
    shown = {"rows": rows, "more": more, "first": not after, "show_all": show_all, "seller": request.seller}
    return render(request, "cases/seller_cases.html", shown)
