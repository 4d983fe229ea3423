"""The buyer's receipt."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from orders.access import BuyerRequest, buyer_required
from orders.models import Purchase
from payments import receipts
from payments.receipts import Receipt


@buyer_required
@require_GET
def page(request: BuyerRequest, number: str) -> HttpResponse:
    """To look at and to print."""
    purchase = _own(request, number)
    return render(request, "payments/receipt.html", {"purchase": purchase, "receipt": _receipt(purchase)})


@buyer_required
@require_GET
def pdf(request: BuyerRequest, number: str) -> HttpResponse:
    """To keep."""
    purchase = _own(request, number)
    answer = HttpResponse(receipts.pdf(_receipt(purchase)), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="receipt-{purchase.number}.pdf"'
    return answer


def _own(request: BuyerRequest, number: str) -> Purchase:
    rows = Purchase.objects.select_related("customer__user")
    return get_object_or_404(rows, number=number, customer__user=request.buyer)


def _receipt(purchase: Purchase) -> Receipt:
    found = receipts.receipt(purchase)
    if found is None:
        raise Http404
    return found
