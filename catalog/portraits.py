"""The face of a shop: checked and drawn anew like a listing's photos, cut to a square."""

import uuid
from functools import partial
from typing import IO

from django.core.files.base import ContentFile
from django.db import transaction

from accounts.models import Seller
from catalog import photos
from kit.faults import faultpoint

SIDE = 720


def keep(seller: Seller, file: IO[bytes]) -> None:
    """Show this picture from now on instead of the one before. Raises PhotoRefused."""
    drawn = photos.draw_square(file, SIDE)
    storage, field = seller.portrait.storage, seller.portrait.field
    wanted = field.generate_filename(seller, f"{uuid.uuid4().hex}.webp")
    _replace(seller, storage.save(wanted, ContentFile(drawn.large)))


def remove(seller: Seller) -> None:
    """Show none any more."""
    _replace(seller, "")


def _replace(seller: Seller, name: str) -> None:
    with transaction.atomic():
        # Two who replace it at once: the second waits, and then removes the file of the first.
        row = Seller.objects.select_for_update(no_key=True).get(pk=seller.pk)
        before, row.portrait.name = row.portrait.name, name
        faultpoint("portraits.replacing")
        row.save(update_fields=["portrait"])
        if before:
            transaction.on_commit(partial(row.portrait.storage.delete, before))
    seller.portrait.name = name
