"""What `manage.py check` says about how the marketplace is put together."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning


def languages_are_compiled(**kwargs: Any) -> list[CheckMessage]:
    """A language whose words were not compiled would silently be English."""
    return [
        Warning(
            f"The words of the language {code!r} are not compiled, so it speaks English.",
            hint="Run `python dev/messages.py compile`; `make install` and the image do.",
            id="marketplace.W001",
        )
        for folder in settings.LOCALE_PATHS
        for code, _name in settings.LANGUAGES
        if code != settings.LANGUAGE_CODE and not Path(folder, code, "LC_MESSAGES", "django.mo").exists()
    ]
