"""Write mail in the transaction of the fact it tells; send it afterwards. Each in the language of who reads it."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import timedelta
from functools import wraps
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone, translation

from kit.clock import now
from kit.models import Mail

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=2)
BATCH = 50
GIVE_UP_AFTER = 12


# The languages other readers of the letter that is being composed want it in.
_others: ContextVar[set[str] | None] = ContextVar("mail_others", default=None)


def letter[**P](compose: Callable[P, None]) -> Callable[P, None]:
    """A function that composes a letter and writes it to one or several people.

    It runs in the marketplace's language and time zone, not in those of whoever acted, and once more in each language
    another of its readers chose: so its sentences may be put together before it is known who reads them.
    """

    @wraps(compose)
    def in_each_language(*args: P.args, **kwargs: P.kwargs) -> None:
        if _others.get() is not None:
            # Part of a letter that is already being composed in its reader's language.
            compose(*args, **kwargs)
            return
        others: set[str] = set()
        token = _others.set(others)
        try:
            with translation.override(settings.LANGUAGE_CODE), timezone.override(None):
                compose(*args, **kwargs)
            for language in sorted(others):
                with translation.override(language), timezone.override(None):
                    compose(*args, **kwargs)
        finally:
            _others.reset(token)

    return in_each_language


def write(*, key: str, to: str, template: str, context: Mapping[str, Any], language: str = "") -> Mail | None:
    """Queue the mail `emails/<template>` for `to`. The same `key` is written once, however often the fact is handled.

    Rendered now, so that it tells what was true at the fact, in the reader's `language`; empty or unknown is the
    marketplace's. It is sent only if the caller's transaction commits. None inside a letter that is being composed in
    another language: this reader's turn comes.
    """
    wanted = language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    others = _others.get()
    if others is not None and wanted != translation.get_language():
        others.add(wanted)
        return None
    with translation.override(wanted), timezone.override(None):
        return _rendered(key, to, template, context)


def _rendered(key: str, to: str, template: str, context: Mapping[str, Any]) -> Mail:
    values = {**context, "site_name": settings.MARKETPLACE_NAME, "site_url": settings.SITE_URL}
    mail, _created = Mail.objects.get_or_create(
        key=key,
        defaults={
            "to": to,
            "subject": " ".join(render_to_string(f"emails/{template}.subject.txt", values).split()),
            "text": render_to_string(f"emails/{template}.txt", values).strip() + "\n",
            "html": render_to_string(f"emails/{template}.html", values),
            "created_at": now(),
        },
    )
    return mail


def send_waiting() -> int:
    """Send what is waiting, a batch at a time; the number of mails sent. A mail that fails is tried again later."""
    sent = 0
    for mail in _claim():
        if mail.claimed_until is not None and mail.claimed_until <= now():
            # Those before it took so long that another sender may have it by now (invariant I15).
            continue
        try:
            _send(mail)
        except OSError as error:
            # Mail servers fail for a while; the lease running out is the retry. Nothing else waits for mail.
            Mail.objects.filter(pk=mail.pk).update(last_error=str(error)[:500])
            log.warning("mail_not_sent", key=mail.key, error=str(error))
        except Exception as error:
            # This one cannot be written (an address no mail can carry, say): the others are sent all the same.
            Mail.objects.filter(pk=mail.pk).update(last_error=f"{type(error).__name__}: {error}"[:500])
            log.exception("mail_needs_a_person", key=mail.key)
        else:
            Mail.objects.filter(pk=mail.pk).update(sent_at=now(), last_error="")
            sent += 1
    return sent


def _send(mail: Mail) -> None:
    message = EmailMultiAlternatives(mail.subject, mail.text, to=[mail.to])
    message.attach_alternative(mail.html, "text/html")
    message.send()


def _claim() -> list[Mail]:
    """Lease a batch, skipping rows another sender holds, so that two senders never send the same mail."""
    moment = now()
    with transaction.atomic():
        waiting = (
            Mail.objects.select_for_update(skip_locked=True)
            .filter(Q(claimed_until=None) | Q(claimed_until__lt=moment), sent_at=None, attempts__lt=GIVE_UP_AFTER)
            .order_by("pk")[:BATCH]
        )
        mails = list(waiting)
        for mail in mails:
            mail.attempts += 1
            mail.claimed_until = moment + LEASE * mail.attempts
        Mail.objects.bulk_update(mails, ["attempts", "claimed_until"])
    return mails
