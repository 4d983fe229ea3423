"""The buyer's saved ways to pay."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import structlog
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import SignedInRequest
from customers import card_words, heard, methods, profiles
from customers.models import SavedPaymentMethod
from gateway.errors import StripeRefused, StripeUnavailable
from kit.csp import handoff_to_stripe
from kit.http import SeeOther

log = structlog.get_logger(__name__)


# Its button leads to Stripe's page.
@handoff_to_stripe
@require_safe
@login_required
@never_cache
def cards(request: SignedInRequest) -> HttpResponse:
    """All of them, the default first, with what is wrong with each."""
    customer = profiles.customer_for(request.user)
    context = {"cards": [card_words.card(one) for one in customer.payment_methods.all()], "attempt": uuid4()}
    return render(request, "customers/cards.html", context)


@require_POST
@login_required
def card_add(request: SignedInRequest) -> HttpResponse:
    """Go to Stripe's page, where a card is saved and nothing is paid."""
    try:
        attempt = UUID(request.POST.get("attempt", ""))
    except ValueError:
        attempt = uuid4()
    try:
        customer = profiles.customer_for(request.user)
        return SeeOther(methods.add_page(customer, attempt=attempt, actor=request.user.email))
    except StripeUnavailable:
        messages.warning(request, _("Stripe is not answering just now. Nothing was saved: try again in a moment."))
    except StripeRefused as refusal:
        messages.error(request, _("Stripe did not accept this: %(reason)s") % {"reason": refusal.message})
    return redirect("customers:cards")


@require_safe
@login_required
@never_cache
def card_added(request: SignedInRequest) -> HttpResponse:
    """Where Stripe sends the buyer back to. Decides nothing: it reads the list as an event would."""
    customer = profiles.customer_for(request.user)
    before = customer.payment_methods.count()
    try:
        heard.refresh(customer)
    except (StripeUnavailable, StripeRefused):
        messages.info(request, _("We are waiting for Stripe to tell us of your card. It is here in a moment."))
    else:
        if customer.payment_methods.count() > before:
            messages.success(request, _("Your card is saved. You can choose it at your next checkout."))
    return redirect("customers:cards")


@require_POST
@login_required
def card_default(request: SignedInRequest, pk: int) -> HttpResponse:
    """Pay with this one unless the buyer says otherwise."""
    method = _own(request, pk)
    if _tried(request, lambda: methods.make_default(method, actor=request.user.email)):
        messages.success(request, _("%(card)s is your default now.") % {"card": card_words.card(method).name})
    return redirect("customers:cards")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def card_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    """What removing means, then the button. It cannot be taken back: Stripe forgets the card."""
    method = _own(request, pk)
    card = card_words.card(method)
    if request.method != "POST":
        return render(request, "customers/card_remove.html", {"card": card})
    if _tried(request, lambda: methods.remove(method, actor=request.user.email)):
        messages.success(request, _("%(card)s is removed.") % {"card": card.name})
    return redirect("customers:cards")


def _own(request: SignedInRequest, pk: int) -> SavedPaymentMethod:
    rows = SavedPaymentMethod.objects.select_related("customer__user")
    return get_object_or_404(rows, pk=pk, customer__user=request.user)


def _tried(request: SignedInRequest, change: Callable[[], None]) -> bool:
    """Whether Stripe did it; if not, the buyer is told why."""
    try:
        change()
    except StripeUnavailable:
        messages.warning(request, _("Stripe is not answering just now. We go on trying; look again in a moment."))
    except StripeRefused as refusal:
        messages.error(request, _("Stripe did not accept this: %(reason)s") % {"reason": refusal.message})
    else:
        return True
    return False
