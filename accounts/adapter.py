"""How allauth behaves here."""

from __future__ import annotations

from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts.models import LONGEST_EMAIL, User

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in with e-mail; the rest is allauth's default.

    Its mail is sent at once and never queued with ours: it carries keys that sign people in, and no table keeps those.
    """

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": gettext_lazy("This account is closed."),
        "email_password_mismatch": gettext_lazy(
            "This e-mail address and this password do not belong together. Check both, or choose a new password."
        ),
        "enter_current_password": gettext_lazy("This is not the password you have now."),
        "incorrect_password": gettext_lazy("This is not your password. Try again, or choose a new one."),
        "incorrect_code": gettext_lazy("This code is not right. Enter the newest one."),
        "rate_limited": gettext_lazy("There were too many tries in a short time. Wait a few minutes, then try again."),
    }

    def clean_email(self, email: str) -> str:
        """No longer than records of what this person does have room for."""
        if len(email) > LONGEST_EMAIL:
            raise ValidationError(
                _("This address has more than %(n)d letters. Use a shorter one.") % {"n": LONGEST_EMAIL}
            )
        cleaned: str = super().clean_email(email)
        return cleaned

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Whoever signs up is written to in the language they did it in."""
        user.language = get_language() or ""
        saved: User = super().save_user(request, user, form, commit)
        return saved

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


class SecondStepAdapter(DefaultMFAAdapter):
    """The second step in our words."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy("This code is not right, or too old. Enter the one your app shows now."),
        "unverified_email": gettext_lazy("Confirm your e-mail addresses first, or remove those you cannot confirm."),
    }
