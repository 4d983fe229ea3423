"""In which language a person reads."""

from __future__ import annotations

from django.conf import settings

from accounts.models import User


def chosen_language(user: User) -> str:
    """The person's own choice; empty while they leave it to the browser, or chose one that is spoken no more."""
    return user.language if user.language in dict(settings.LANGUAGES) else ""


def choose_language(user: User, code: str) -> None:
    """Remember what the person switched to; a language that is not spoken here changes nothing."""
    if code in dict(settings.LANGUAGES) and code != user.language:
        user.language = code
        user.save(update_fields=["language"])
