"""What buyers accept by ordering, for everybody to read, in every version there was."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.guidelines import sections
from orders.models import Terms


@require_safe
def page(request: HttpRequest, kind: str, version: int | None = None) -> HttpResponse:
    """One published version: the one that counts, or the one somebody accepted then."""
    published = list(Terms.objects.filter(kind=kind).exclude(published_at=None).order_by("-version"))
    chosen = next((one for one in published if version in (None, one.version)), None)
    if chosen is None and version is not None:
        raise Http404
    newest, name = (
        (reverse("orders:terms"), "orders:terms_version")
        if kind == Terms.Kind.TERMS
        else (reverse("orders:refunds"), "orders:refunds_version")
    )
    context = {
        "chosen": chosen,
        "is_newest": bool(published) and chosen == published[0],
        "sections": sections(chosen.body) if chosen else [],
        "newest_address": newest,
        "others": [(reverse(name, args=[one.version]), one) for one in published if one != chosen],
        "title": chosen.title if chosen else Terms.Kind(kind).label.capitalize(),
    }
    return render(request, "orders/terms.html", context)
