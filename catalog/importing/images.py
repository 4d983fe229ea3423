"""Images a file names: recorded always, fetched only from hosts the operator allows, and by a worker only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from io import BytesIO
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import transaction

from catalog import photos
from catalog.importing import fetching
from catalog.models import ImportedImage, Listing
from kit.clock import machine_now

log = structlog.get_logger(__name__)

# Longer than a fetch may take (catalog.importing.fetching): whoever has claimed one is done with it by then, or dead.
LEASE = timedelta(minutes=2)
PAUSES = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=12))
Images = Sequence[tuple[str, str]]


def is_allowed(address: str) -> bool:
    """Whether the operator lets us fetch from there: over HTTPS, from a host that is listed by its full name."""
    parts = urlsplit(address)
    return parts.scheme == "https" and (parts.hostname or "").lower() in settings.IMPORT_IMAGE_HOSTS


def queue(named: Iterable[tuple[Listing, Images]]) -> int:
    """Note which images are to be fetched for which listing, those that were noted before aside; how many are new.

    A listing gets as many as it has room for. To be called in the import's transaction, under the seller's lock.
    """
    if not settings.IMPORT_IMAGE_HOSTS:
        return 0
    wanted = {
        listing.pk: [image for image in images if is_allowed(image[0])][: photos.MAX_PHOTOS]
        for listing, images in named
    }
    noted: dict[int, set[str]] = defaultdict(set)
    for pk, address in ImportedImage.objects.filter(listing__in=wanted).values_list("listing", "address"):
        noted[pk].add(address)
    moment = machine_now()
    fresh = [
        ImportedImage(listing_id=pk, address=address, alt=alt, position=at, due_at=moment)
        for pk, images in wanted.items()
        for at, (address, alt) in enumerate(images)
        if address not in noted[pk]
    ]
    return len(ImportedImage.objects.bulk_create(fresh))


def fetch_due(limit: int = 20) -> int:
    """Fetch what is due, one after the other; how many were tried."""
    tried = 0
    while tried < limit and (image := _claim()) is not None:
        _fetch(image)
        tried += 1
    return tried


def _claim() -> ImportedImage | None:
    with transaction.atomic():
        # Skipped where locked: several workers share the work. Who claims one moves it out of the others' sight for as
        # long as a fetch may take.
        image = (
            ImportedImage.objects.select_for_update(skip_locked=True)
            .filter(due_at__lte=machine_now())
            .order_by("due_at", "listing_id", "position", "pk")
            .first()
        )
        if image is not None:
            image.due_at = machine_now() + LEASE
            image.attempts += 1
            image.save(update_fields=["due_at", "attempts"])
    return image


def _fetch(image: ImportedImage) -> None:
    """One image. What the host does wrong for a while is tried again; what is wrong with the image is final."""
    try:
        if not is_allowed(image.address):
            raise fetching.NotFetched("its host is not allowed any more")
        data = fetching.fetch(image.address, most=photos.MAX_BYTES)
        image.photo = photos.store(image.listing, BytesIO(data), alt=image.alt)
    except fetching.TryLater as error:
        pauses = PAUSES[image.attempts - 1 : image.attempts]
        image.refusal = str(error)[:300]
        image.due_at = machine_now() + pauses[0] if pauses else None
        log.info("image_not_fetched", image=image.pk, why=str(error))
    except (fetching.NotFetched, photos.PhotoRefused) as error:
        image.refusal, image.due_at = str(error)[:300], None
        log.info("image_refused", image=image.pk, why=str(error))
    else:
        image.refusal, image.due_at = "", None
    image.save(update_fields=["photo", "refusal", "due_at"])
