"""Pages on the way to selling: choose to sell, accept the guidelines, onboard at Stripe."""

from __future__ import annotations

from typing import Any

import structlog
from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import guidelines, onboarding, sellers
from accounts.access import SellerRequest, memberships_of, owner_required
from accounts.countries import percentage
from accounts.forms import AcceptanceForm, ShopForm
from accounts.models import ConnectedAccount, Membership, Seller
from accounts.rules import open_account_of
from accounts.standing import standing
from gateway.errors import StripeRefused, StripeUnavailable
from kit.csp import handoff_to_stripe
from kit.http import SeeOther

log = structlog.get_logger(__name__)


def next_step(seller: Seller) -> str:
    """The URL name of where this seller continues: guidelines, onboarding, then the desk."""
    if not guidelines.has_accepted(seller):
        return "accounts:guidelines"
    account = open_account_of(seller)
    return "payments:desk" if account and account.can_receive_transfers else "accounts:onboarding"


@require_http_methods(["GET", "HEAD", "POST"])
def sell(request: HttpRequest) -> HttpResponse:
    """What selling here means; for people who sell already, the way on."""
    membership = memberships_of(request.user).first()
    if membership is not None:
        return redirect(next_step(membership.seller))
    form = ShopForm(request.POST or None)
    if request.method == "POST":
        if not request.user.is_authenticated:
            return redirect_to_login(reverse("accounts:sell"))
        if form.is_valid():
            seller = sellers.open_shop(request.user, **form.cleaned_data)
            return redirect(next_step(seller))
    context = {"form": form, "fee": percentage(settings.PLATFORM_FEE_BASIS_POINTS)}
    return render(request, "accounts/sell.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def guidelines_page(request: HttpRequest) -> HttpResponse:
    """The seller guidelines: for everybody to read, for owners to accept."""
    if request.method == "POST":
        return _accept_guidelines(request)
    return _guidelines(request)


@owner_required
def _accept_guidelines(request: SellerRequest) -> HttpResponse:
    form = AcceptanceForm(request.POST)
    if not form.is_valid():
        return _guidelines(request, form)
    try:
        guidelines.accept(
            request.seller,
            version=form.cleaned_data["version"],
            user=request.user,
            ip_address=get_adapter().get_client_ip(request) or None,
        )
    except guidelines.OutdatedGuidelines:
        messages.warning(
            request, _("The guidelines have changed meanwhile. Read the new version before you accept it.")
        )
        return redirect("accounts:guidelines")
    return redirect(next_step(request.seller))


def _guidelines(request: HttpRequest, form: AcceptanceForm | None = None) -> HttpResponse:
    version = guidelines.current()
    owned = memberships_of(request.user).filter(role=Membership.Role.OWNER).first()
    to_accept = bool(version and owned and not guidelines.has_accepted(owned.seller))
    context: dict[str, Any] = {
        "guidelines": version,
        "sections": guidelines.sections(version.body) if version else [],
        "to_accept": to_accept,
        "acceptance": version.acceptances.filter(seller=owned.seller).first() if version and owned else None,
        "form": form or (AcceptanceForm(initial={"version": version.version}) if version else None),
    }
    return render(request, "accounts/guidelines.html", context, status=422 if form and form.errors else 200)


@require_safe
@never_cache
@owner_required
@handoff_to_stripe
def onboarding_page(request: SellerRequest) -> HttpResponse:
    """Whose turn it is, what is missing and by when, as Stripe says now."""
    if not guidelines.has_accepted(request.seller):
        return redirect("accounts:guidelines")
    account = open_account_of(request.seller)
    account, is_fresh = _asked_again(account)
    context = {
        "seller": request.seller,
        "account": account,
        "standing": standing(account),
        "is_fresh": is_fresh,
        "returned": request.resolver_match is not None and request.resolver_match.url_name == "onboarding_return",
    }
    return render(request, "accounts/onboarding.html", context)


# Coming back from Stripe means "left or finished", nothing more: it is the same page, and Stripe is asked again.
onboarding_return = onboarding_page


@require_POST
@owner_required
def onboarding_start(request: SellerRequest) -> HttpResponse:
    """Go to Stripe: open the account if there is none yet, mint a link, and follow it."""
    return _to_stripe(request)


@require_safe
@never_cache
@owner_required
def onboarding_refresh(request: SellerRequest) -> HttpResponse:
    """Stripe sends people here from a link that was used or has expired: mint another for its owner and go on.

    A GET opens no account: somebody who has none is shown the page with the button.
    """
    account = open_account_of(request.seller)
    if account is None or not account.stripe_id:
        return redirect("accounts:onboarding")
    return _to_stripe(request)


def _to_stripe(request: SellerRequest) -> HttpResponse:
    if not guidelines.has_accepted(request.seller):
        return redirect("accounts:guidelines")
    try:
        account = onboarding.open_account(request.seller, actor=request.user.email)
        return SeeOther(onboarding.onboarding_link(account, actor=request.user.email))
    except StripeUnavailable as error:
        log.warning("onboarding_stripe_unavailable", seller=request.seller.pk, error=str(error))
        messages.warning(request, _("Stripe is not answering just now. Nothing is lost: try again in a moment."))
    except StripeRefused as error:
        log.error("onboarding_refused", seller=request.seller.pk, code=error.code, error=error.message)
        messages.error(request, _("Stripe did not accept this: %(reason)s") % {"reason": error.message})
    return SeeOther(reverse("accounts:onboarding"))


def _asked_again(account: ConnectedAccount | None) -> tuple[ConnectedAccount | None, bool]:
    """The account as Stripe describes it now, and whether Stripe could be asked."""
    if account is None:
        return None, True
    account = onboarding.adopt_finished(account)
    try:
        return onboarding.refresh(account), True
    except (StripeUnavailable, StripeRefused) as error:
        log.warning("onboarding_not_refreshed", account=account.pk, error=str(error))
        return account, False
