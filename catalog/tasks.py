"""The catalogue's background jobs."""

from celery import shared_task

from catalog import photos, scheduling, vocabulary


@shared_task(name="catalog.learn_words")
def learn_words(**_ignored: object) -> None:
    """Learn the words of what was published a moment ago, so that a mistyped one is understood."""
    vocabulary.learn_new()


@shared_task(name="catalog.count_words")
def count_words(**_ignored: object) -> None:
    """Count all words anew, and forget those nobody sells any more."""
    vocabulary.count_anew()


@shared_task(name="catalog.publish_due")
def publish_due(**_ignored: object) -> None:
    """Publish what its seller wanted published by now."""
    scheduling.publish_due()


@shared_task(name="catalog.make_thumbnails")
def make_thumbnails(**_ignored: object) -> None:
    """Draw the small pictures of new photos."""
    photos.make_thumbnails()
