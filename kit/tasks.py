"""Kit's background job."""

from celery import shared_task

from kit.mail import send_waiting


@shared_task(name="kit.send_mail")
def send_mail(**_ignored: object) -> None:
    """Send waiting mail."""
    while send_waiting():
        pass
