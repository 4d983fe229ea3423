"""Baskets: found by a token in the visitor's session before sign-in, by the customer after it.

Every change locks the basket's row first, so that two tabs changing one basket wait for each other, and so that placing
(which holds the same lock) never sees half a change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q, Sum, Value
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import Membership
from catalog.models import Listing, Reservation, Variant
from catalog.stock import Goods
from customers.models import Customer
from customers.profiles import customer_for
from kit.clock import now
from orders.models import Basket, BasketLine, OrderLine, Purchase, Status

SESSION_KEY = "basket"
LARGEST_QUANTITY = 99


@dataclass(frozen=True, slots=True)
class Change:
    """What a person asked a line to hold, and what it holds now (0: it is not in the basket)."""

    wanted: int
    quantity: int

    @property
    def was_cut(self) -> bool:
        """Whether there were fewer than were asked for."""
        return self.quantity < self.wanted


class ChooseVariant(Exception):
    """The listing is bought by its variants, and none was named. The message is a sentence for the buyer."""

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        options = " / ".join(listing.options)
        super().__init__(
            _("Choose which “%(title)s” you want (%(options)s), then add it.")
            % {"title": listing.title, "options": options}
        )


def basket_for(request: HttpRequest) -> Basket | None:
    """The basket of whoever sends this request, or None.

    The first call after sign-in brings the visitor's basket along into the customer's.
    """
    token = request.session.get(SESSION_KEY)
    if request.user.is_authenticated:
        if token is not None:
            merge(token, customer_for(request.user))
            del request.session[SESSION_KEY]
        return Basket.objects.filter(customer__user=request.user.pk).first()
    return _of_visitor(token).first() if token is not None else None


def ensure_basket(request: HttpRequest) -> Basket:
    """The basket of whoever sends this request, made if there is none."""
    if (basket := basket_for(request)) is not None:
        return basket
    if request.user.is_authenticated:
        basket, _created = Basket.objects.get_or_create(
            customer=customer_for(request.user), defaults={"updated_at": now()}
        )
        return basket
    basket = Basket.objects.create(updated_at=now())
    request.session[SESSION_KEY] = str(basket.token)
    return basket


def merge(token: str, customer: Customer) -> None:
    """Move the lines of a visitor's basket into the customer's. No line is lost; a quantity stops at 99.

    Done twice, the second time finds nothing to move.
    """
    with transaction.atomic():
        mine, _created = Basket.objects.get_or_create(customer=customer, defaults={"updated_at": now()})
        # Two requests right after sign-in may both bring the same basket along; the second waits and finds it gone.
        _lock(mine)
        theirs = _of_visitor(token).select_for_update(of=("self",)).first()
        if theirs is None:
            return
        have = {line.goods: line for line in mine.lines.all()}
        changed = []
        for line in theirs.lines.all():
            if same := have.get(line.goods):
                same.quantity = min(LARGEST_QUANTITY, same.quantity + line.quantity)
                changed.append(same)
            else:
                line.basket = mine
                changed.append(line)
        BasketLine.objects.bulk_update(changed, ["basket", "quantity"])
        # What the guest was about to pay goes along: what is set aside for it is for this buyer, who closes its payment
        # page by ordering anew. A payment of their own in that currency stays the one.
        waiting = Purchase.objects.filter(status=Status.AWAITING_PAYMENT)
        own = list(waiting.filter(basket=mine).values_list("currency", flat=True))
        waiting.filter(basket=theirs).exclude(currency__in=own).update(basket=mine)
        theirs.delete()
        _touch(mine)


def add(basket: Basket, listing: Listing, quantity: int, variant: Variant | None = None) -> Change:
    """Put `quantity` more of a listing, or of a variant of it, into the basket: at most 99, and what is in stock.

    Raises ChooseVariant when the listing has options and none of its offered variants is named, ValueError for a
    variant of another listing.
    """
    if variant is not None and variant.listing_id != listing.pk:
        raise ValueError("The variant has to be one of the listing's own.")
    if listing.options and (variant is None or not variant.is_offered):
        raise ChooseVariant(listing)
    with transaction.atomic():
        _lock(basket)
        line = basket.lines.filter(listing=listing, variant=variant).first()
        wanted = (line.quantity if line else 0) + quantity
        return _hold(basket, line or BasketLine(basket=basket, listing=listing, variant=variant), wanted)


def change(basket: Basket, line: BasketLine, quantity: int) -> Change:
    """Make a line hold `quantity`, at most 99 and at most what is in stock; 0 takes it out."""
    with transaction.atomic():
        _lock(basket)
        kept = basket.lines.select_related("listing", "variant").filter(pk=line.pk).first()
        if kept is None:
            return Change(quantity, 0)
        return _hold(basket, kept, quantity)


def quantity_of(basket: Basket, listing: int, variant: int | None) -> int:
    """How many of something the basket holds."""
    line = basket.lines.filter(listing=listing, variant=variant).first()
    return line.quantity if line else 0


def contents(basket: Basket, currency: str | None = None) -> list[BasketLine]:
    """The basket's lines, or those in one currency, with their listings and sellers, in the order they were added; each
    says whether it `is_own`: of a shop whose team the basket's owner is on.
    """
    team = Membership.objects.filter(user__customer=basket.customer_id, seller=OuterRef("listing__seller"))
    # A basket without an owner is not that of the people who have never bought anything.
    is_own = Exists(team) if basket.customer_id is not None else Value(value=False)
    lines = basket.lines.select_related("listing__seller", "variant__listing").annotate(is_own=is_own)
    return list(lines if currency is None else lines.filter(listing__currency=currency))


def held_units(basket: Basket) -> Mapping[Goods, int]:
    """Units that this basket's own open purchases have set aside: for this buyer they are not sold out."""
    lines = OrderLine.objects.filter(
        order__purchase__basket=basket,
        order__purchase__status=Status.AWAITING_PAYMENT,
        reservation__status=Reservation.Status.HELD,
    )
    held = lines.values_list("listing_id", "variant_id").annotate(Sum("quantity"))
    return {Goods(listing, variant): units for listing, variant, units in held}


def count(request: HttpRequest) -> int:
    """How many things are in the basket, for the header: one query, none for a visitor who has no basket."""
    token = request.session.get(SESSION_KEY)
    whose = Q()
    if request.user.is_authenticated:
        whose |= Q(basket__customer__user=request.user.pk)
    if token is not None:
        whose |= Q(basket__token=token) & (Q(basket__customer=None) | Q(basket__customer__user__is_guest=True))
    if not whose:
        return 0
    return BasketLine.objects.filter(whose).aggregate(units=Sum("quantity"))["units"] or 0


def _hold(basket: Basket, line: BasketLine, wanted: int) -> Change:
    """Make a line, stored or not yet, hold as many as can be had of it."""
    in_stock = line.available + held_units(basket).get(line.goods, 0)
    quantity = max(0, min(wanted, LARGEST_QUANTITY, in_stock))
    if quantity and line._state.adding:
        line.quantity, line.added_at = quantity, now()
        line.save()
    elif quantity:
        line.quantity = quantity
        line.save(update_fields=["quantity"])
    else:
        basket.lines.filter(pk=line.pk).delete()
    _touch(basket)
    return Change(wanted, quantity)


def _lock(basket: Basket) -> None:
    # Two tabs changing one basket wait for each other, and placing waits for both.
    Basket.objects.select_for_update().get(pk=basket.pk)


def _touch(basket: Basket) -> None:
    basket.updated_at = now()
    basket.save(update_fields=["updated_at"])


def _of_visitor(token: str) -> models.QuerySet[Basket]:
    # A basket that an account owns is never opened by a token: a token may outlive the sign-in it was used at.
    return Basket.objects.filter(Q(customer=None) | Q(customer__user__is_guest=True), token=token)
