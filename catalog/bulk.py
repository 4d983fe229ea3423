"""One change to several listings: first what it would do to each, then, if nothing moved meanwhile, that."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Seller
from accounts.rules import why_cannot_sell
from catalog import editing, publishing, stock, variants
from catalog.models import Category, Listing, Variant
from catalog.stock import Goods
from kit.money import LARGEST_AMOUNT, format_money, step

MOST = 200
LEAST_PERCENT, MOST_PERCENT = Decimal(-95), Decimal(1000)
WHOLE = 10_000


class Act(models.TextChoices):
    """What can be done to several at once."""

    PUBLISH = "publish", gettext_lazy("Publish")
    HIDE = "hide", gettext_lazy("Hide")
    CATEGORY = "category", gettext_lazy("Change the category")
    PRICE = "price", gettext_lazy("Change prices by a percentage")
    STOCK = "stock", gettext_lazy("Add to the stock, or take away")


class Moved(Exception):
    """The listings are no longer what the preview showed; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done. `value` is the category's id, hundredths of a percent, or units; 0 without one."""

    act: str
    value: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """What a wish does to one listing: what changes, before and after; or why it stays as it is."""

    listing: Listing
    before: str = ""
    after: str = ""
    refusal: str = ""

    @property
    def changes(self) -> bool:
        """Whether anything is to be done."""
        return not self.refusal


def basis_points(typed: str) -> int:
    """A percentage as people type it, in hundredths of a percent. Raises ValueError with a sentence."""
    try:
        percent = Decimal(typed.strip().removesuffix("%").strip().replace(",", ".").replace("−", "-"))
    except InvalidOperation:
        raise ValueError(_("Enter a percentage like 10 or -15.")) from None
    if not percent.is_finite() or not LEAST_PERCENT <= percent <= MOST_PERCENT:
        raise ValueError(_("Enter a percentage from -95 to 1000."))
    if percent == 0 or percent * 100 != (percent * 100).to_integral_value():
        raise ValueError(_("Enter a percentage other than zero, with at most two decimals."))
    return int(percent * 100)


def by_percent(price: int, hundredths: int, currency: str) -> int:
    """A price changed by so many hundredths of a percent: minor units, rounded half up to what Stripe takes."""
    size = step(currency)
    exact, whole = price * (WHOLE + hundredths), WHOLE * size
    # Half up, as people round prices.
    return (2 * exact + whole) // (2 * whole) * size


def plan(seller: Seller, listings: Sequence[int], wish: Wish) -> list[Step]:
    """What the wish would do to each of the seller's listings (by id), in the order of their ids."""
    rows = Listing.objects.filter(seller=seller, pk__in=listings).select_related("seller", "category").order_by("pk")
    return _steps(list(rows[:MOST]), wish)


def seal(steps: Sequence[Step]) -> str:
    """Names what a preview showed, so that confirming it does that and nothing else."""
    shown = [[step_.listing.pk, step_.before, step_.after, step_.refusal] for step_ in steps]
    return hashlib.sha256(json.dumps(shown, ensure_ascii=False).encode()).hexdigest()


def carry_out(seller: Seller, listings: Sequence[int], wish: Wish, *, seen: str, actor: str) -> int:
    """Do what the preview named `seen` showed; to how many. All or nothing. Raises Moved when it would be another."""
    with transaction.atomic():
        # Whoever sells, edits or publishes one of them waits, so that what was shown is what is done. In the order of
        # their ids, as everything that touches several listings does.
        chosen = Listing.objects.filter(seller=seller, pk__in=listings).order_by("pk")
        locked = list(chosen.select_for_update(no_key=True).values_list("pk", flat=True)[:MOST])
        steps = plan(seller, locked, wish)
        if seal(steps) != seen:
            raise Moved
        todo = [each for each in steps if each.changes]
        for each in todo:
            _do(each.listing, wish, actor)
    return len(todo)


def _steps(listings: list[Listing], wish: Wish) -> list[Step]:
    if wish.act == Act.CATEGORY:
        name = Category.objects.get(pk=wish.value).label
        return [_category(listing, wish.value, name) for listing in listings]
    if wish.act == Act.PRICE:
        return [_price(listing, wish.value) for listing in listings]
    if wish.act == Act.STOCK:
        return [_stock(listing, wish.value) for listing in listings]
    cannot = why_cannot_sell(listings[0].seller) if listings and wish.act == Act.PUBLISH else ""
    return [_status(listing, wish.act, cannot or "") for listing in listings]


def _status(listing: Listing, act: str, cannot: str) -> Step:
    published = Listing.Status.PUBLISHED
    to = published if act == Act.PUBLISH else Listing.Status.HIDDEN
    if act == Act.PUBLISH and listing.status == published:
        return Step(listing, refusal=_("It is in the shop already."))
    if act == Act.HIDE and listing.status != published:
        return Step(listing, refusal=_("It is not in the shop."))
    if act == Act.PUBLISH and (reasons := [*publishing.missing(listing), *([cannot] if cannot else [])]):
        return Step(listing, refusal=" ".join(reasons))
    return Step(listing, listing.get_status_display(), str(to.label))


def _category(listing: Listing, category: int, name: str) -> Step:
    if listing.category_id == category:
        return Step(listing, refusal=_("It is in this category already."))
    return Step(listing, listing.category.label, name)


def _price(listing: Listing, hundredths: int) -> Step:
    old = _prices(listing)
    new = [by_percent(price, hundredths, listing.currency) for price in old]
    if min(new) <= 0 or max(new) > LARGEST_AMOUNT:
        return Step(listing, refusal=_("A price would be nothing, or more than can be paid."))
    if new == old:
        return Step(listing, refusal=_("So small a change rounds to nothing."))
    return Step(listing, _span(old, listing.currency), _span(new, listing.currency))


def _stock(listing: Listing, by: int) -> Step:
    if listing.options:
        return Step(listing, refusal=_("It has variants: change the stock of each on its page."))
    if listing.available + by < 0:
        return Step(listing, refusal=_("Only %(n)d are in stock.") % {"n": listing.available})
    return Step(listing, str(listing.available), str(listing.available + by))


def _prices(listing: Listing) -> list[int]:
    if not listing.options:
        return [listing.price]
    return list(variants.offered_of(listing).values_list("price", flat=True)) or [listing.price]


def _span(prices: list[int], currency: str) -> str:
    low, high = (format_money(price, currency) for price in (min(prices), max(prices)))
    return low if low == high else f"{low} – {high}"


def _do(listing: Listing, wish: Wish, actor: str) -> None:
    if wish.act == Act.PUBLISH:
        publishing.publish(listing, actor)
    elif wish.act == Act.HIDE:
        publishing.hide(listing, actor)
    elif wish.act == Act.CATEGORY:
        _save(listing, {"category_id": wish.value}, actor)
    elif wish.act == Act.STOCK:
        stock.adjust(Goods(listing.pk), wish.value, actor=actor)
    elif listing.options:
        own = list(variants.offered_of(listing))
        for variant in own:
            variant.price = by_percent(variant.price, wish.value, listing.currency)
        Variant.objects.bulk_update(own, ["price"])
        variants.sum_up([listing.pk])
        low = min(variant.price for variant in own)
        editing.record(listing, {"price": listing.price}, {"price": low}, actor)
    else:
        _save(listing, {"price": by_percent(listing.price, wish.value, listing.currency)}, actor)


def _save(listing: Listing, facts: dict[str, Any], actor: str) -> None:
    before = {name: getattr(listing, name) for name in facts}
    for name, value in facts.items():
        setattr(listing, name, value)
    listing.save(update_fields=[*facts, "updated_at"])
    editing.record(listing, before, facts, actor)
