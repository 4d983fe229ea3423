"""A case's pages for its buyer and its seller: read, write, offer, accept, call the marketplace in, open again."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.csp import CSP
from django.utils.translation import gettext as _
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases import offers, opening, talking, words
from cases.errors import CaseError, OfferGone
from cases.forms import MessageForm, OfferForm, ReopenForm
from cases.models import CasePhoto, Offer, Party
from cases.queries import thread
from cases.views.seats import Seat, seated
from gateway.errors import StripeRefused, StripeUnavailable
from payments import words as money_words
from payments.consequences import Plan, Refused
from payments.decisions import PlanChanged

SIZES = ("large", "small")


@require_safe
@seated
def show(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The case: whose turn it is, what was said, what can be done."""
    return _page(request, seat)


@require_POST
@seated
def say(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Write to the other side."""
    form = MessageForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            talking.say(
                seat.case, seat.party, by=seat.user, text=form.cleaned_data["text"], files=form.cleaned_data["photos"]
            )
        except CaseError as error:
            _put(form, error)
        else:
            messages.success(request, _("Sent. %(who)s gets a mail.") % {"who": seat.other_name})
            return redirect(seat.home)
    return _page(request, seat, saying=form, status=422)


@require_POST
@seated
def offer(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Offer a division of what was paid."""
    form = OfferForm(request.POST, share=seat.case.share)
    if form.is_valid():
        given = form.cleaned_data
        try:
            offers.make(
                seat.case,
                seat.party,
                by=seat.user,
                amount=given["wanted"],
                percent=given["percent"],
                text=given["text"],
            )
        except CaseError as error:
            _put(form, error)
        else:
            messages.success(request, _("Your offer stands. %(who)s gets a mail.") % {"who": seat.other_name})
            return redirect(seat.home)
    return _page(request, seat, offering=form, status=422)


@require_POST
@seated
def withdraw_offer(request: HttpRequest, seat: Seat, offer: int) -> HttpResponse:
    """Take an own offer back."""
    found = _offer(seat, offer)
    try:
        offers.withdraw(found, seat.party, by=seat.user)
    except OfferGone as gone:
        messages.info(request, str(gone))
    else:
        messages.success(request, _("Your offer is withdrawn."))
    return redirect(seat.home)


@require_http_methods(["GET", "HEAD", "POST"])
@seated
def accept(request: HttpRequest, seat: Seat, offer: int) -> HttpResponse:
    """What accepting does; on POST exactly that."""
    found = _offer(seat, offer)
    if found.party == seat.party or found.status not in (Offer.Status.STANDS, Offer.Status.ACCEPTED):
        messages.info(request, _("That offer does not stand any more. Here is how the case stands."))
        return redirect(seat.home)
    if found.status == Offer.Status.ACCEPTED:
        # The button was pressed twice (fault F34).
        messages.success(request, _("It is accepted, and the case is closed."))
        return redirect(seat.home)
    try:
        if request.method == "POST":
            return _accepted(request, seat, found)
        return _before_accepting(request, seat, found, offers.preview(found))
    except Refused as refused:
        messages.error(request, money_words.refusal(refused, seat.case.share.currency))
    except CaseError as error:
        messages.info(request, str(error))
    return redirect(seat.home)


@require_POST
@seated
def call_in(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Ask the marketplace to decide."""
    try:
        talking.call_in(seat.case, seat.party, by=seat.user)
    except CaseError as error:
        messages.info(request, str(error))
    else:
        messages.success(request, _("We look at it, and write to both of you."))
    return redirect(seat.home)


@require_POST
@seated
def reopen(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Go on with a closed case."""
    form = ReopenForm(request.POST, request.FILES)
    if form.is_valid():
        given = form.cleaned_data
        try:
            opening.reopen(seat.case, seat.party, by=seat.user, text=given["text"], files=given["photos"])
        except CaseError as error:
            _put(form, error)
        else:
            messages.success(request, _("The case is open again. %(who)s gets a mail.") % {"who": seat.other_name})
            return redirect(seat.home)
    return _page(request, seat, reopening=form, status=422)


@csp_override({"default-src": [CSP.NONE], "sandbox": ""})
@require_safe
@seated
def photo(request: HttpRequest, seat: Seat, photo: object, size: str) -> HttpResponse:
    """A picture of this case, for those who may see the case."""
    found = get_object_or_404(CasePhoto, uuid=photo, message__case=seat.case, message__is_private=False)
    return picture(found, size)


def picture(photo: CasePhoto, size: str) -> HttpResponse:
    """The file itself, in one of its sizes."""
    if size not in SIZES:
        raise Http404
    try:
        with (photo.image if size == "large" else photo.small).open() as file:
            return HttpResponse(file.read(), content_type="image/webp")
    except FileNotFoundError:
        raise Http404 from None


def entries(seat: Seat) -> list[words.Entry]:
    """The thread as this side reads it."""
    return [
        words.entry(
            message,
            seat.party,
            links=[
                words.Shown(one, seat.photo(one.uuid, "large"), seat.photo(one.uuid, "small"))
                for one in message.photos.all()
            ],
        )
        for message in thread(seat.case)
    ]


def _page(request: HttpRequest, seat: Seat, *, status: int = 200, **forms_: forms.Form) -> HttpResponse:
    case = seat.case
    case.refresh_from_db(fields=["status", "answer_by", "asked", "outcome", "closed_at", "returned", "answered_at"])
    standing = offers.standing(case)
    card, obstacle = _card_of(seat, standing)
    refusal = opening.why_not_reopen(case, seat.party) if not case.is_open else ""
    page = {
        "seat": seat,
        "case": case,
        "order": case.share.order,
        "shown_number": case.share.order.purchase.number if seat.is_buyer else case.share.order.number,
        "most": case.share.money(case.share.refundable),
        "seller": case.share.order.seller,
        "pill": words.pill(case, seat.party),
        "now": words.now_line(case, seat.party),
        "entries": entries(seat),
        "standing": standing,
        "division": words.division(case, standing, seat.party) if standing else "",
        "is_own": standing is not None and standing.party == seat.party,
        "accept_url": seat.accept(standing) if standing else "",
        "withdraw_url": seat.withdraw(standing) if standing else "",
        "card": card,
        "obstacle": obstacle,
        "saying": MessageForm(),
        "offering": OfferForm(share=case.share),
        "reopening": None if case.is_open or refusal else ReopenForm(),
        "no_reopening": refusal,
        "can_call_in": case.is_live and case.answered_at is not None and case.turn != Party.STAFF,
        **forms_,
    }
    page["form"] = next(iter(forms_.values()), None)
    return render(request, "cases/case.html", page, status=status)


def _card_of(seat: Seat, standing: Offer | None) -> tuple[money_words.Card | None, str]:
    """What the standing offer would do, or why it cannot be accepted now."""
    if standing is None:
        return None, ""
    standing.case = seat.case
    try:
        return words.card(offers.preview(standing), seat.case, seat.party), ""
    except CaseError as error:
        return None, str(error)
    except Refused as refused:
        return None, money_words.refusal(refused, seat.case.share.currency)


def _offer(seat: Seat, pk: int) -> Offer:
    found = get_object_or_404(Offer, pk=pk, case=seat.case)
    found.case = seat.case
    return found


def _accepted(request: HttpRequest, seat: Seat, found: Offer) -> HttpResponse:
    try:
        offers.accept(found, seat.party, by=seat.user, plan_hash=request.POST.get("plan", ""))
    except PlanChanged as changed:
        found.refresh_from_db(fields=["status"])
        if found.status != Offer.Status.ACCEPTED:
            told = words.changes(request.POST.get("seen", ""), changed.plan)
            return _before_accepting(request, seat, found, changed.plan, changed=told, status=409)
        # Pressed twice: the first press did it.
    except StripeRefused as refusal:
        sentence = _("Stripe could not make the refund (%(why)s). We look into it, and the money stays held.")
        messages.error(request, sentence % {"why": refusal.message})
        return redirect(seat.home)
    except StripeUnavailable:
        messages.success(request, _("Accepted. The refund goes out as soon as Stripe answers."))
        return redirect(seat.home)
    messages.success(request, _("Accepted. The case is closed."))
    return redirect(seat.home)


def _before_accepting(
    request: HttpRequest,
    seat: Seat,
    found: Offer,
    plan: Plan,
    *,
    changed: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    page = {
        "seat": seat,
        "case": seat.case,
        "offer": found,
        "division": words.division(seat.case, found, seat.party),
        "plan": plan,
        "seen": words.seen(plan),
        "card": words.card(plan, seat.case, seat.party),
        "changed": changed or [],
    }
    return render(request, "cases/accept.html", page, status=status)


def _put(form: forms.Form, error: CaseError) -> None:
    """The sentence at the field it is about."""
    form.add_error(error.field if error.field in form.fields else None, str(error))
