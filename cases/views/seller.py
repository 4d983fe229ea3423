"""The seller's list of cases."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import SellerRequest, seller_required
from cases import words
from cases.models import Party
from cases.queries import cases_of_seller
from kit.lists import Asked, DeskList, Empty, open_or_all


@require_safe
@seller_required
@never_cache
def cases(request: SellerRequest) -> HttpResponse:
    """The shop's cases, newest first: those that are open, or all."""
    show_all = request.GET.get("show") == "all"
    after = request.GET.get("after", "")
    page, more = cases_of_seller(request.seller, after, only_open=not show_all)
    rows = [{"case": case, "pill": words.pill(case, Party.SELLER)} for case in page]
    shown = {"rows": rows, "list": _list(request, more, show_all=show_all), "for_seller": True}
    return render(request, "cases/seller_cases.html", {**shown, "seller": request.seller})


def _list(request: SellerRequest, more: str, *, show_all: bool) -> DeskList:
    asked = Asked(request.path, request.GET.get("after", ""), {"show": "all" if show_all else ""})
    return DeskList(
        name=_("Cases"),
        tabs_label=_("Which cases"),
        tabs=open_or_all(request.path, pgettext("not closed yet", "Open"), show_all=show_all),
        table="cases/_table.html",
        older=_("Show older cases"),
        empty=_nothing(request.path, show_all=show_all),
        more_url=asked.page(more),
        first_url=asked.first,
        is_first=not asked.after,
    )


def _nothing(path: str, *, show_all: bool) -> Empty:
    if show_all:
        said = _(
            "When a buyer says that something is wrong with an order, you can answer here, and agree on what goes back."
        )
        return Empty(_("No cases"), said, drawing="mail")
    said = _("Nobody waits for an answer of yours.")
    return Empty(_("No open cases"), said, f"{path}?show=all", _("See all cases"), "mail")
