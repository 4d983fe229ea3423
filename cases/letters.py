"""Letters about a case, written in the transaction of the step they tell: to both sides, and to staff in their turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import Membership, User
from cases.models import Case, CaseMessage, Offer, Party
from cases.queries import still_asked
from kit import mail
from orders import guests


@mail.letter
def opened(case: Case) -> None:
    """The buyer opened it: what the seller has to do by when, and what happens otherwise."""
    values = _values(case) | {"asked": case.asked_money, "reason": case.get_reason_display()}
    words = case.messages.earliest("pk").text
    _to_seller(
        case,
        "opened",
        _("A buyer says something is wrong: order %(order)s") % values,
        [
            _("%(reason)s. The buyer asks for %(asked)s back.") % values,
            _("Answer by %(until)s: agree, offer something else, or say why not.") % values,
            _("If you do not answer by then, the buyer gets what they ask for."),
            _("Until the case is closed, the money of this order is held.")
            if case.is_held
            else _("You have its money already: what goes back to the buyer is fetched back from you."),
        ],
        words,
    )  # fmt: skip
    _to_buyer(
        case,
        "opened",
        _("Your case %(case)s about %(shop)s is open") % values,
        [
            _("You ask for %(asked)s back. %(shop)s has until %(until)s to answer.") % values,
            _("If they do not, you get what you ask for."),
            _("Until the case is closed, the money of this order is held.")
            if case.is_held
            else _("%(shop)s has the money already: what comes back to you is fetched back from them.") % values,
        ],
    )


@mail.letter
def said(case: Case, message: CaseMessage) -> None:
    """Somebody wrote: the others read it in the letter."""
    party = Party(message.party)
    values = _values(case)
    who = {Party.BUYER: _("The buyer"), Party.SELLER: values["shop"], Party.STAFF: settings.MARKETPLACE_NAME}[party]
    subject = _("%(who)s wrote to you about case %(case)s") % {**values, "who": who}
    if party != Party.BUYER:
        _to_buyer(case, f"said-{message.pk}", subject, _turn_lines(case, Party.BUYER), message.text)
    if party != Party.SELLER:
        _to_seller(case, f"said-{message.pk}", subject, _turn_lines(case, Party.SELLER), message.text)
    if party != Party.STAFF and case.turn == Party.STAFF:
        _to_staff(case, f"said-{message.pk}", subject, _turn_lines(case, Party.STAFF), message.text)


@mail.letter
def offered(case: Case, offer: Offer) -> None:
    """A division was offered: what it would mean, and by when to answer."""
    values = _values(case) | _parts(case, offer)
    if offer.party == Party.BUYER:
        to_buyer = _("You offered that %(back)s of %(paid)s comes back to you, and %(shop)s keeps %(kept)s.")
        to_seller = _("The buyer offers that %(back)s of %(paid)s goes back to them, and you keep %(kept)s.")
    else:
        to_buyer = _("%(shop)s offers that %(back)s of %(paid)s comes back to you, and they keep %(kept)s.")
        to_seller = _("You offered that %(back)s of %(paid)s goes back, and you keep %(kept)s.")
    subject = _("An offer in case %(case)s: %(back)s goes back") % values
    words = offer.message.text
    _to_buyer(case, f"offered-{offer.pk}", subject, [to_buyer % values, *_turn_lines(case, Party.BUYER)], words)
    _to_seller(case, f"offered-{offer.pk}", subject, [to_seller % values, *_turn_lines(case, Party.SELLER)], words)


@mail.letter
def withdrawn(case: Case, offer: Offer) -> None:
    """An offer was taken back."""
    values = _values(case) | _parts(case, offer)
    subject = _("The offer of %(back)s in case %(case)s was withdrawn") % values
    lines = [_("It cannot be accepted any more. The case goes on.")]
    _to_buyer(case, f"withdrawn-{offer.pk}", subject, [*lines, *_turn_lines(case, Party.BUYER)])
    _to_seller(case, f"withdrawn-{offer.pk}", subject, [*lines, *_turn_lines(case, Party.SELLER)])


@mail.letter
def joined(case: Case) -> None:
    """The marketplace has the turn."""
    values = _values(case)
    key = f"joined-{case.moves.latest('pk').pk}"
    lines = [
        _("We read what both of you wrote, and decide by %(until)s. You can still agree with each other until then.")
        % values
    ]
    for send in (_to_buyer, _to_seller):
        send(case, key, _("We decide case %(case)s") % values, lines)
    _to_staff(case, key, _("Decide case %(case)s by %(until)s") % values, [_("Order %(order)s of %(shop)s.") % values])


@mail.letter
def closed(case: Case, story: Callable[[Case], str], words: str) -> None:
    """How it ended, and what became of the money, which `story` says; `words` is why the marketplace decided so."""
    subject = _("Case %(case)s is closed: %(how)s") % {**_values(case), "how": case.get_outcome_display()}
    key = f"closed-{case.moves.latest('pk').pk}"
    back = _("It goes to the card you paid with. Banks take 5 to 10 days to show it.") if case.returned else ""
    for send, lines in ((_to_buyer, [story(case), back]), (_to_seller, [story(case)])):
        send(case, key, subject, [line for line in lines if line], words)


@mail.letter
def reopened(case: Case, party: Party, words: str) -> None:
    """A closed case goes on."""
    values = _values(case)
    key = f"reopened-{case.moves.latest('pk').pk}"
    subject = _("Case %(case)s is open again") % values
    lines = [_("It was opened again by %(party)s.") % {"party": party.label}]
    if case.is_held:
        lines.append(_("What is left of the order’s money is held again."))
    _to_buyer(case, key, subject, [*lines, *_turn_lines(case, Party.BUYER)], words)
    _to_seller(case, key, subject, [*lines, *_turn_lines(case, Party.SELLER)], words)


@mail.letter
def rests(case: Case) -> None:
    """The buyer's bank asks for the money: here nobody decides meanwhile."""
    values = _values(case)
    key = f"rests-{case.moves.latest('pk').pk}"
    lines = [
        _("The buyer’s bank is looking at the payment of order %(order)s.") % values,
        _("Its decision counts, so this case rests until then."),
    ]  # fmt: skip
    for send in (_to_buyer, _to_seller):
        send(case, key, _("Case %(case)s rests: the bank is looking at the payment") % values, lines)


@mail.letter
def goes_on(case: Case) -> None:
    """The bank let it go."""
    values = _values(case)
    key = f"goes-on-{case.moves.latest('pk').pk}"
    subject = _("Case %(case)s goes on") % values
    line = _("The bank does not look at the payment any more, without having decided anything.")
    _to_buyer(case, key, subject, [line, *_turn_lines(case, Party.BUYER)])
    _to_seller(case, key, subject, [line, *_turn_lines(case, Party.SELLER)])


@mail.letter
def remind(case: Case) -> None:
    """To whoever has the turn: a day is left."""
    values = _values(case)
    key = f"remind-{case.pk}-{case.answer_by.isoformat() if case.answer_by else ''}"
    subject = _("Case %(case)s: answer by %(until)s") % values
    senders = {Party.BUYER: _to_buyer, Party.SELLER: _to_seller, Party.STAFF: _to_staff}
    if case.turn is not None:
        senders[case.turn](case, key, subject, _turn_lines(case, case.turn))


@mail.letter
def refused(case: Case, why: str) -> None:
    """To everybody: the refund that ended it was refused by Stripe, so it is open again."""
    values = _values(case)
    key = f"refused-{case.moves.latest('pk').pk}"
    subject = _("Case %(case)s is open again: the refund could not be made") % values
    line = _("What was agreed could not be paid. We look into it and write to you.")
    _to_buyer(case, key, subject, [line])
    _to_seller(case, key, subject, [line])
    _to_staff(case, key, subject, [_("Stripe says: %(why)s") % {"why": why}])


def exact(moment: datetime | None) -> str:
    """A deadline as a letter says it: with the zone, because nobody here knows where it is read."""
    return date_format(localtime(moment), pgettext("deadline", "j F Y, H:i T")) if moment else ""


def _turn_lines(case: Case, reader: Party) -> list[str]:
    """By when the reader has to answer and what their silence means; or who has to."""
    values = _values(case)
    if case.turn is None:
        return []
    if case.turn == Party.STAFF:
        return [_("Decide by %(until)s.") % values if reader == Party.STAFF else _("We decide by %(until)s.") % values]
    if case.turn != reader:
        return [
            _("%(shop)s has until %(until)s to answer.") % values
            if case.turn == Party.SELLER
            else _("The buyer has until %(until)s to answer.") % values
        ]
    asked = still_asked(case)
    silence = {
        Party.SELLER: _("If you do not, the buyer gets the %(asked)s they ask for.")
        if asked
        else _("If you do not, the case is closed: what the buyer asks for went back already."),
        Party.BUYER: _("If you do not, the case is closed and nothing comes back to you."),
    }
    return [_("Answer by %(until)s.") % values, silence[reader] % {**values, "asked": case.share.money(asked)}]


def _values(case: Case) -> dict[str, object]:
    order = case.share.order
    return {
        "case": case.number, "order": order.number, "shop": order.seller.name, "until": exact(case.answer_by),
    }  # fmt: skip


def _parts(case: Case, offer: Offer) -> dict[str, object]:
    money, paid = case.share.money, case.share.gross
    kept = paid - case.share.refunded - case.share.disputed - offer.amount
    return {"back": money(offer.amount), "kept": money(kept), "paid": money(paid)}


def _to_buyer(case: Case, key: str, subject: str, lines: Sequence[str], quote: str = "") -> None:
    why = _("You get this mail because you bought something at %(site)s.") % {"site": settings.MARKETPLACE_NAME}
    purchase = case.share.order.purchase
    link = guests.link(purchase, reverse("cases:case", args=[case.number]))
    people = [purchase.customer.user]
    _write(people, case, f"buyer-{key}", subject, lines, quote, link, why)


def _to_seller(case: Case, key: str, subject: str, lines: Sequence[str], quote: str = "") -> None:
    owners = Membership.objects.filter(
        seller=case.share.order.seller, role=Membership.Role.OWNER, user__is_active=True
    ).select_related("user")
    why = _("You get this mail because you sell at %(site)s.") % {"site": settings.MARKETPLACE_NAME}
    link = settings.SITE_URL + reverse("cases:desk_case", args=[case.number])
    _write([owner.user for owner in owners], case, f"seller-{key}", subject, lines, quote, link, why)


def _to_staff(case: Case, key: str, subject: str, lines: Sequence[str], quote: str = "") -> None:
    staff = [user for user in User.objects.filter(is_staff=True, is_active=True) if user.has_perm("cases.answer_case")]
    why = _("You get this mail because you look after %(site)s.") % {"site": settings.MARKETPLACE_NAME}
    link = settings.SITE_URL + reverse("admin:cases_case_change", args=[case.pk])
    _write(staff, case, f"staff-{key}", subject, lines, quote, link, why)


def _write(
    people: Iterable[User],
    case: Case,
    key: str,
    subject: str,
    lines: Sequence[str],
    quote: str,
    link: str,
    why: str,
) -> None:
    for person in people:
        mail.write(
            key=f"case:{case.pk}:{key}:{person.pk}",
            to=person.email,
            language=person.language,
            template="case_letter",
            context={
                "person": person, "subject": subject, "lines": lines, "quote": quote,
                "link": link, "why": why,
            },
        )  # fmt: skip
