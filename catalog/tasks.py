"""The catalogue's background jobs."""

from celery import shared_task

from catalog import vocabulary


@shared_task(name="catalog.learn_words")
def learn_words(**_ignored: object) -> None:
    """Learn the words of what was published a moment ago, so that a mistyped one is understood."""
    vocabulary.learn_new()


@shared_task(name="catalog.count_words")
def count_words(**_ignored: object) -> None:
    """Count all words anew, and forget those nobody sells any more."""
    vocabulary.count_anew()
