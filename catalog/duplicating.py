"""A listing like another one: a draft to change, with its variants and photos and nothing in stock."""

import uuid

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext as _

from catalog.models import Listing, Photo, Variant
from catalog.variants import offered_of, sum_up

COPIED = ("category_id", "description", "price", "highest_price", "currency", "options", "delivery")
LONGEST_TITLE = 140


def duplicate(listing: Listing) -> Listing:
    """A draft with the same facts. What is in stock is not doubled by copying words, so it begins with none."""
    title = _("%(title)s (copy)") % {"title": listing.title}
    with transaction.atomic():
        facts = {name: getattr(listing, name) for name in COPIED}
        copy = Listing.objects.create(seller=listing.seller, title=title[:LONGEST_TITLE], slug=listing.slug,
                                      available=0, **facts)  # fmt: skip
        Variant.objects.bulk_create(
            Variant(listing=copy, position=each.position, values=each.values, price=each.price, available=0)
            for each in offered_of(listing)
        )
        sum_up([copy.pk])
        for photo in listing.photos.all():
            _copy(photo, copy)
    return copy


def _copy(photo: Photo, to: Listing) -> None:
    """With files of its own: removing the photo there must not remove it here."""
    size = {"width": photo.width, "height": photo.height}
    copy = Photo(listing=to, alt=photo.alt, position=photo.position, **size)
    name = uuid.uuid4().hex
    if photo.small.name:
        copy.small.save(f"{name}-small.webp", _content(photo.small), save=False)
    copy.image.save(f"{name}.webp", _content(photo.image), save=True)


def _content(file: FieldFile) -> ContentFile[bytes]:
    with file.open("rb") as stored:
        return ContentFile(stored.read())
