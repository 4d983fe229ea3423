"""Buying without an account: the guest of a browser, the signed link that opens their order, and the account that finds
it later.

A guest is a buyer whom nobody can sign in as. What they bought is shown to the browser they bought with, for a day, and
to whoever has the link from the mail, for as long as the link says; to an account once it has confirmed the address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language

from accounts import guests as people
from accounts.models import User
from customers.models import Customer
from customers.profiles import customer_for
from kit import mail
from kit.clock import now
from orders.models import Basket, Purchase, Status

log = structlog.get_logger(__name__)

# In the session: the guest of this browser, every guest whose orders it may see, and the orders a mail's link opened,
# each with until when.
OWN, OPENED, BY_LINK = "guest", "guests", "guest-orders"
OPEN_FOR = timedelta(days=1)
SALT = "orders.guest"


@dataclass(frozen=True, slots=True)
class Link:
    """What a signed link says. `expired` ones are known for genuine and open nothing."""

    purchase: Purchase
    path: str
    expired: bool


def guest_of(request: HttpRequest) -> Customer | None:
    """The guest this browser has bought as, while it may see what they bought: later, somebody else may sit there."""
    number = request.session.get(OWN)
    rows = Customer.objects.select_related("user").filter(user__is_guest=True, user__in=opened(request))
    return rows.filter(pk=number).first() if number else None


def buy_as(request: HttpRequest, basket: Basket, email: str, name: str) -> Basket:
    """The visitor's basket as a guest's, so that it can be placed: of the guest of this browser if it is the same
    address, else of a new one.

    The same address in another browser is another guest: only who reads its mail may see what the other one bought.
    """
    email = email.strip().lower()
    with transaction.atomic():
        # As every change of a basket: two tabs, two addresses, and placing wait for each other. A button pressed twice
        # finds the guest of its first press here, whose answer the browser has not seen yet.
        locked = Basket.objects.select_for_update().get(pk=basket.pk)
        known = [one for one in (guest_of(request), _guest_with(locked)) if one and one.user.email == email]
        guest = known[0] if known else customer_for(people.open_guest(email, name, get_language() or ""))
        if name and guest.user.full_name != name[:200]:
            guest.user.full_name = name[:200]
            guest.user.save(update_fields=["full_name"])
        if locked.customer_id != guest.pk:
            Basket.objects.filter(customer=guest).exclude(pk=locked.pk).update(customer=None)
            locked.customer = guest
            locked.save(update_fields=["customer"])
    request.session[OWN] = guest.pk
    open_for(request, guest.user)
    return locked


def open_for(request: HttpRequest, guest: User) -> None:
    """Let this browser see what the guest bought, until tomorrow."""
    opened = {**request.session.get(OPENED, {}), str(guest.pk): (now() + OPEN_FOR).isoformat()}
    request.session[OPENED] = dict(list(opened.items())[-20:])


def open_order(request: HttpRequest, purchase: Purchase) -> None:
    """Let this browser see that one order, until tomorrow: a mail may be passed on, and says nothing of the others."""
    opened = {**request.session.get(BY_LINK, {}), purchase.number: (now() + OPEN_FOR).isoformat()}
    request.session[BY_LINK] = dict(list(opened.items())[-20:])


def opened(request: HttpRequest) -> list[int]:
    """The guests whose orders this browser may see."""
    return [int(pk) for pk in _still(request, OPENED)]


def _still(request: HttpRequest, key: str) -> list[str]:
    found = request.session.get(key, {})
    return [name for name, until in found.items() if datetime.fromisoformat(until) > now()]


def buyer_where(request: HttpRequest, owns: Q) -> User | None:
    """Who asks, as far as they own what `owns` says of a buyer: a guest this browser may see, or who is signed in (who
    may own it or not: the caller looks). None for a visitor.
    """
    guests, numbers = opened(request), _still(request, BY_LINK)
    # In one call, so that what `owns` names and what a link opened is the same purchase.
    may = Q(pk__in=guests) | Q(customer__purchases__number__in=numbers)
    if (guests or numbers) and (guest := User.everybody.filter(owns, may, is_guest=True).first()):
        return guest
    return request.user if request.user.is_authenticated else None


def link(purchase: Purchase, path: str = "") -> str:
    """The whole address of a buyer's page for a mail: for a guest one that opens it, for everybody else the page."""
    page = path or reverse("orders:purchase", args=[purchase.number])
    if not purchase.customer.user.is_guest:
        return settings.SITE_URL + page
    ends = int((now() + timedelta(days=settings.GUEST_LINK_DAYS)).timestamp())
    token = Signer(salt=SALT).sign(f"{purchase.number}.{ends}")
    more = f"?to={page}" if path else ""
    return f"{settings.SITE_URL}{reverse('orders:guest', args=[token])}{more}"


def read(token: str, path: str = "") -> Link | None:
    """What a link says; None for one that is not ours, or whose order is an account's now or nobody's."""
    try:
        number, _dot, ends = Signer(salt=SALT).unsign(token).partition(".")
    except BadSignature:
        return None
    purchase = Purchase.objects.select_related("customer__user").filter(number=number).first()
    if purchase is None:
        return None
    home = reverse("orders:purchase", args=[purchase.number])
    return Link(purchase, _page_of_ours(path) or home, now() > datetime.fromtimestamp(int(ends), UTC))


def send_link(purchase: Purchase) -> None:
    """A new link, to the address the guest gave; nothing for an order of an account. Once an hour is enough."""
    if not purchase.customer.user.is_guest:
        return
    hour = now().strftime("%Y-%m-%dT%H")
    mail.write(
        key=f"guest-link:{purchase.pk}:{hour}",
        to=purchase.customer.user.email,
        language=purchase.customer.user.language,
        template="guest_link",
        context={"purchase": purchase, "link": link(purchase), "days": settings.GUEST_LINK_DAYS},
    )


def claim(user: User) -> int:
    """Bring what this person bought as a guest, under an address they have confirmed since, into their account; how
    many purchases. Safe to repeat. One that still awaits payment is brought along once it is decided: Stripe's page
    for it is the guest's.
    """
    waiting = Q(customer__user__in=people.guests_with_addresses_of(user)) & ~Q(status=Status.AWAITING_PAYMENT)
    if not Purchase.objects.filter(waiting).exists():
        return 0
    with transaction.atomic():
        # Locked: two pages of the same person bring it along once, and no money is moved on it meanwhile.
        mine = customer_for(user)
        found = list(Purchase.objects.select_for_update(of=("self",)).filter(waiting).order_by("pk"))
        Purchase.objects.filter(pk__in=[one.pk for one in found]).update(customer=mine)
        numbers = [one.number for one in found]
        transaction.on_commit(partial(log.info, "guest_orders_claimed", user=user.pk, purchases=numbers))
    return len(found)


def _page_of_ours(path: str) -> str:
    """A path on this site, as mails carry it behind a link; empty for anything else."""
    parts = urlsplit(path)
    is_ours = path.startswith("/") and not path.startswith("//") and not (parts.scheme or parts.netloc)
    return path if is_ours and path.isprintable() and "\\" not in path else ""


def _guest_with(basket: Basket) -> Customer | None:
    """Whose basket this is, if that guest is as new as what a browser may still see."""
    rows = Customer.objects.select_related("user").filter(user__is_guest=True, user__date_joined__gt=now() - OPEN_FOR)
    return rows.filter(pk=basket.customer_id).first() if basket.customer_id else None
