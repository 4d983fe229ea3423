"""Saving for later and buying again: from the basket, from a listing, and from what was bought once."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from catalog import keyset
from catalog.models import Listing, Variant
from customers.models import Customer
from kit.clock import now
from orders import baskets
from orders.models import Basket, BasketLine, OrderLine, Purchase, SavedListing

PAGE = 20
NEWEST = keyset.Order(("pk",), descending=True)


@dataclass(frozen=True, slots=True)
class BoughtAgain:
    """What is in the basket now, what only in part, and what is not for sale any more; by name."""

    added: list[str]
    fewer: list[str]
    gone: list[str]


def save(customer: Customer, listing: Listing, variant: Variant | None = None) -> bool:
    """Remember it; whether it was not remembered before."""
    _row, is_new = SavedListing.objects.get_or_create(
        customer=customer, listing=listing, variant=variant, defaults={"saved_at": now()}
    )
    return is_new


def save_line(customer: Customer, basket: Basket, line: BasketLine) -> None:
    """Take a line out of the basket and remember it: both or neither."""
    with transaction.atomic():
        save(customer, line.listing, line.variant)
        baskets.change(basket, line, 0)


def move_to_basket(basket: Basket, saved: SavedListing) -> baskets.Change:
    """Put one of it into the basket; it is no longer saved then. Raises ChooseVariant for one to choose."""
    with transaction.atomic():
        change = baskets.add(basket, saved.listing, 1, saved.variant)
        if change.quantity:
            saved.delete()
        return change


def saved_of(customer: Customer, after: str) -> tuple[list[SavedListing], str]:
    """A page of what a buyer saved, newest first, and the cursor of the next page ("" on the last)."""
    rows = customer.saved_listings.select_related("listing__seller", "variant__listing")
    page = list(NEWEST.after(after, rows.prefetch_related("listing__photos"))[: PAGE + 1])
    return page[:PAGE], NEWEST.cursor(page[PAGE - 1]) if len(page) > PAGE else ""


def buy_again(basket: Basket, purchase: Purchase) -> BoughtAgain:
    """Put everything of a purchase that is still for sale into the basket, at today's price, as many as there are."""
    done = BoughtAgain([], [], [])
    lines = OrderLine.objects.filter(order__purchase=purchase).select_related("listing__seller", "variant__listing")
    for line in lines.order_by("pk"):
        kept = _added(basket, line)
        (done.added if kept else done.gone).append(line.name)
        if 0 < kept < line.quantity:
            done.fewer.append(_("%(title)s: %(count)d instead of %(wanted)d") % {
                "title": line.name, "count": kept, "wanted": line.quantity
            })  # fmt: skip
    return done


def _added(basket: Basket, line: OrderLine) -> int:
    """How many more the basket holds now."""
    if line.listing.status != Listing.Status.PUBLISHED:
        return 0
    have = baskets.quantity_of(basket, line.listing_id, line.variant_id)
    try:
        return max(0, baskets.add(basket, line.listing, line.quantity, line.variant).quantity - have)
    except baskets.ChooseVariant:
        # It has options now that it did not have then, or that variant is offered no more.
        return 0
