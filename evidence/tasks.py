"""Evidence by itself: bells only, each of which may be lost or doubled."""

from celery import shared_task

from evidence import retention, sweeps, telling


@shared_task(name="evidence.forget_old_facts")
def forget_old_facts(**_ignored: object) -> None:
    """Forget what is kept of purchases nobody can ask about any more."""
    retention.forget_due()


@shared_task(name="evidence.follow_packs")
def follow_packs(**_ignored: object) -> None:
    """Begin packs, finish what was interrupted, and bring all of them to where their disputes are."""
    sweeps.finish()
    sweeps.begin()
    sweeps.keep_manual()
    sweeps.follow()
    sweeps.assemble_again()


@shared_task(name="evidence.tell_sellers")
def tell_sellers(**_ignored: object) -> None:
    """Write to sellers what is new about their disputes."""
    telling.tell()
