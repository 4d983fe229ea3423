"""Opening a shop."""

from __future__ import annotations

from django.db import transaction
from django.utils.text import slugify

from accounts.models import Membership, Seller, User

LONGEST_SLUG = 120


def open_shop(user: User, *, name: str, country: str, currency: str) -> Seller:
    """Make `user` the owner of a new shop. Somebody who owns one already gets that one back."""
    with transaction.atomic():
        # The person's row is the lock: a double click opens one shop.
        User.objects.select_for_update().get(pk=user.pk)
        owned = Membership.objects.filter(user=user, role=Membership.Role.OWNER).select_related("seller").first()
        if owned is not None:
            return owned.seller
        seller = _create(name=name, country=country, currency=currency)
        Membership.objects.create(seller=seller, user=user, role=Membership.Role.OWNER)
    return seller


def _create(*, name: str, country: str, currency: str) -> Seller:
    """A seller under a free address. Two shops of one name opening at once both try the same one; the row decides."""
    stem = slugify(name)[:LONGEST_SLUG].strip("-") or "shop"
    number = 1
    while True:
        slug = stem if number == 1 else f"{stem}-{number}"
        seller, created = Seller.objects.get_or_create(
            slug=slug, defaults={"name": name, "country": country, "currency": currency}
        )
        if created:
            return seller
        number += 1
