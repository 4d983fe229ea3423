"""Imports in the background: bells only, each of which may be lost or doubled."""

from celery import shared_task

from catalog.importing import images, runs

# Long enough for the largest file on a busy machine; what is still unfinished then is begun again (runs.claim).
LONGEST = 30 * 60


@shared_task(name="catalog.work_on_imports", time_limit=LONGEST)
def work_on_imports(**_ignored: object) -> None:
    """Read and apply product files that wait. Rung for by each upload and each yes; the sweep finds what was missed."""
    runs.work()


@shared_task(name="catalog.fetch_images")
def fetch_images(**_ignored: object) -> None:
    """Fetch images that imports named, from hosts the operator allows."""
    images.fetch_due()


@shared_task(name="catalog.forget_imports")
def forget_imports(**_ignored: object) -> None:
    """Let go of files nobody confirmed, and of old previews."""
    runs.forget_old()
