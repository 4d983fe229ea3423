"""How allauth behaves here."""

from __future__ import annotations

from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from django.conf import settings
from django.contrib import messages
from django.utils.translation import gettext as _

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in with e-mail; the rest is allauth's default.

    Its mail is sent at once and never queued with ours: it carries keys that sign people in, and no table keeps those.
    """

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send one of allauth's mails. If the mail server fails, the person is told and can ask for the mail again."""
        context = {"site_name": settings.MARKETPLACE_NAME, "site_url": settings.SITE_URL, **context}
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as error:
            # The same words whether the address is known here or not, so that they tell nothing about it.
            log.error("sign_in_mail_not_sent", template=template_prefix, error=str(error))
            messages.error(
                allauth_context.request,
                _("We could not send the mail just now. Nothing is lost: ask for it again in a few minutes."),
            )
