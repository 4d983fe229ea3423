"""The buyer's way to Stripe's payment page and back."""

from collections.abc import Sequence

from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.typed import keep, to_sign_in, typed
from customers.profiles import customer_for
from gateway.errors import StripeRefused, StripeUnavailable
from kit.clock import now
from kit.csp import handoff_to_stripe
from kit.http import SeeOther
from kit.limits import may
from orders import guests, terms, visitors
from orders.access import BuyerRequest, buyer_required, to_the_door
from orders.baskets import basket_for
from orders.models import Basket, Purchase
from orders.models import Status as OrderStatus
from orders.placing import CannotPlace, OpenPurchase, place
from orders.queries import Section, basket_page
from orders.rules import needs_address
from payments import checkout, settlement
from payments.errors import NotPayable, NotYet, PaymentError
from payments.forms import CheckoutForm
from payments.models import Payment

# Orders of guests from one address within an hour: an office's, not a program's that has things set aside for nobody.
MOST_GUESTS, WITHIN = 60, 3600

SILENT = gettext_lazy(
    "Stripe does not answer at the moment. Nothing was charged. Your order is kept: try again in a minute."
)


@handoff_to_stripe
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """Address and review; on POST, place what the basket has in one currency and lead the buyer to Stripe.

    Without an account, the buyer gives an e-mail address besides.
    """
    basket = basket_for(request)
    payable = basket_page(basket).payable
    if basket is None or not payable:
        # A session that ended took its basket along: what was typed waits until they have signed in again.
        ended = request.method == "POST" and basket is None and not request.user.is_authenticated
        return to_sign_in(request) if ended else redirect("orders:basket")
    if request.POST.get("currency", payable[0].currency) not in {section.currency for section in payable}:
        # It could be paid a moment ago; the basket says what happened to it.
        return redirect("orders:basket")
    shown = terms.shown()
    form = _form(request, payable, shown)
    if form.is_bound and request.POST.get("accepts", "") != shown.mark:
        keep(request)
        messages.warning(request, _("Our terms changed a moment ago. Look at them before you order."))
        return redirect("payments:checkout")
    if form.is_bound and form.is_valid():
        if form.guest and not _may_order(request):
            return render(request, "429.html", status=429)
        return _place_and_pay(request, basket, form, shown)
    page = {"form": form, "sections": payable, "shown": shown, "facts_days": settings.PURCHASE_FACTS_DAYS}
    response = render(request, "payments/checkout.html", page, status=422 if form.is_bound else 200)
    visitors.remember_device(request, response)
    return response


def _form(request: HttpRequest, payable: Sequence[Section], shown: terms.Shown) -> CheckoutForm:
    # Another country was chosen: the same page in its words, with what was typed, and nothing is wrong with it yet.
    country_only = "country_only" in request.POST
    back = request.POST if country_only else typed(request)
    return CheckoutForm(
        request.POST if request.method == "POST" and not country_only else None,
        customer=customer_for(request.user) if request.user.is_authenticated else guests.guest_of(request),
        seen={section.currency: section.seen for section in payable},
        shipped=[section.currency for section in payable if needs_address(section.going)],
        accepts=shown.mark,
        guest=not request.user.is_authenticated,
        typed=back,
    )


@buyer_required
@require_POST
def resume(request: BuyerRequest, number: str) -> HttpResponse:
    """Back to the payment page of a purchase that is still waiting to be paid."""
    purchase = get_object_or_404(Purchase, number=number, customer__user=request.buyer)
    return _pay(request, purchase, actor=request.buyer.actor)


@require_GET
def come_back(request: HttpRequest) -> HttpResponse:
    """Where Stripe sends the buyer after paying. Decides nothing: it looks at Stripe like an event would, and
    shows the order.
    """
    # PostgreSQL refuses NUL in text; no session is called like that.
    session_id = request.GET.get("session_id", "").replace("\x00", "")
    buyer = guests.buyer_where(request, Q(customer__purchases__payments__session_id=session_id))
    if buyer is None:
        return to_the_door(request)
    payment = Payment.objects.filter(session_id=session_id, purchase__customer__user=buyer).first()
    if not session_id or payment is None:
        raise Http404
    try:
        settlement.settle(session_id, actor="return page")
    except (NotYet, StripeUnavailable, StripeRefused):
        # The event, or the sweeper, will settle it; the order's page waits for that.
        messages.info(request, _("We are waiting for Stripe to confirm your payment."))
    else:
        _tell_of_the_rest(request)
    return redirect("orders:purchase", payment.purchase.number)


@buyer_required
@require_GET
def cancelled(request: BuyerRequest, number: str) -> HttpResponse:
    """Where Stripe sends the buyer who turned back: to the basket, which is as it was."""
    get_object_or_404(Purchase, number=number, customer__user=request.buyer)
    messages.info(request, _("You did not pay. Nothing was charged, and your basket is as you left it."))
    return redirect("orders:basket")


def _tell_of_the_rest(request: HttpRequest) -> None:
    """Another currency is another payment: who has made one is led to the next."""
    if basket_page(basket_for(request)).can_check_out:
        messages.info(request, _("There is more in your basket to pay for. You find it there, under its currency."))


def _place_and_pay(request: HttpRequest, basket: Basket, form: CheckoutForm, shown: terms.Shown) -> HttpResponse:
    # A guest has no list of orders to be sent to; the basket is where they come from.
    elsewhere = "orders:buyer_orders" if request.user.is_authenticated else "orders:basket"
    try:
        purchase = _placed(request, basket, form, shown)
    except CannotPlace as error:
        for problem in error.problems:
            messages.error(request, problem.message)
        return redirect("orders:basket")
    except NotPayable as error:
        messages.info(request, str(error))
        return redirect(elsewhere)
    except NotYet:
        messages.info(request, _("We are waiting for Stripe to confirm your payment."))
        return redirect(elsewhere)
    except OpenPurchase:
        # Another window began to pay it meanwhile.
        messages.info(request, _("You are paying for this basket in another window. Finish there, or try again."))
        return redirect(elsewhere)
    except (StripeUnavailable, StripeRefused):
        keep(request)
        messages.error(request, str(SILENT))
        return redirect("payments:checkout")
    return _pay(request, purchase, actor=purchase.customer.user.actor)


def _placed(request: HttpRequest, basket: Basket, form: CheckoutForm, shown: terms.Shown) -> Purchase:
    if form.guest:
        basket = _as_guest(request, basket, form)
    if form.customer is None:
        raise Http404
    wanted = {
        "customer": form.customer,
        "basket": basket,
        "address": form.chosen_address(),
        "placed_from": visitors.address_of(request),
        "how": visitors.circumstances(request, shown),
        "currency": form.cleaned_data["currency"],
        "seen": form.seen,
    }
    try:
        return place(**wanted, at=now())
    except OpenPurchase as opened:
        # The basket changed since a payment page was opened for it: Stripe closes that page first (fault F26).
        checkout.abandon(opened.purchase, actor=form.customer.user.actor)
        return place(**wanted, at=now())


def _may_order(request: HttpRequest) -> bool:
    """Whether guests may order from here just now. Where addresses are not known, nobody is kept from buying."""
    visitor = visitors.address_of(request)
    return visitor is None or may("guest-checkout", visitor, most=MOST_GUESTS, seconds=WITHIN)


def _as_guest(request: HttpRequest, basket: Basket, form: CheckoutForm) -> Basket:
    """The guest who buys, and the basket as theirs. Raises what `checkout.abandon` raises."""
    basket = guests.buy_as(request, basket, form.cleaned_data["email"], form.new_name)
    form.customer = guest = basket.customer
    # Begun with another address a moment ago: that page is closed, or it would be paid for somebody else.
    waiting = Purchase.objects.filter(basket=basket, status=OrderStatus.AWAITING_PAYMENT).exclude(customer=guest)
    for purchase in waiting:
        checkout.abandon(purchase, actor=purchase.customer.user.actor)
    return basket


def _pay(request: HttpRequest, purchase: Purchase, *, actor: str) -> HttpResponse:
    try:
        payment = checkout.start(purchase, actor=actor)
    except StripeUnavailable:
        messages.error(request, str(SILENT))
    except StripeRefused as refusal:
        messages.error(
            request,
            _("Stripe could not open a payment page (%(why)s). Nothing was charged.") % {"why": refusal.message},
        )
    except PaymentError as error:
        messages.error(request, str(error))
    else:
        if payment.session_url:
            return SeeOther(payment.session_url)
        messages.error(request, str(SILENT))
    return redirect("orders:purchase", purchase.number)
