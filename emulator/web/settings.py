"""Django settings of the emulator's own process: no database, no sessions, nothing shared with the product."""

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from django.utils.csp import CSP

HERE = Path(__file__).resolve().parent

PUBLIC_URL = os.environ.get("EMULATOR_PUBLIC_URL", "http://127.0.0.1:8400").rstrip("/")
CONTROL_TOKEN = os.environ.get("EMULATOR_CONTROL_TOKEN", "emulator")


def allowed_hosts() -> list[str]:
    """Loopback names, the public address and what the operator adds: a page elsewhere cannot rebind its name to us."""
    named = os.environ.get("EMULATOR_ALLOWED_HOSTS", "").split(",")
    bound = os.environ.get("EMULATOR_HOST", "127.0.0.1")
    wanted = ["localhost", "127.0.0.1", "[::1]", bound, urlsplit(PUBLIC_URL).hostname or "", *named]
    return sorted({host.strip() for host in wanted if host.strip() and host.strip() != "0.0.0.0"})  # noqa: S104


DEBUG = False
SECRET_KEY = os.environ.get("EMULATOR_SECRET_KEY") or secrets.token_urlsafe(32)
ALLOWED_HOSTS = allowed_hosts()
ROOT_URLCONF = "emulator.web.urls"
WSGI_APPLICATION = None
APPEND_SLASH = False
DATABASES: dict[str, dict[str, str]] = {}
INSTALLED_APPS = ["emulator.web"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.request"],
            "builtins": ["django.templatetags.i18n", "emulator.web.templatetags.emulator"],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader"],
                )
            ],
        },
    }
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [HERE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Evidence files arrive as multipart bodies; Stripe's own limit for them is 5 MB.
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024

# Cookies are shared by all ports of one host: our own name keeps the shop's token on the next port out of it.
CSRF_COOKIE_NAME = "emulator_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "emulator.web.views.problems.csrf_failure"

# "same-origin" and not "no-referrer": with the latter a browser sends "Origin: null" on our own forms.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
X_FRAME_OPTIONS = "DENY"
# Served over plain http, where browsers ignore the header and say so.
SECURE_CROSS_ORIGIN_OPENER_POLICY = None

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # A 404 or a 402 is an answer here, not news; only unhandled errors are worth a line.
    "loggers": {
        "django": {"handlers": [], "level": "ERROR", "propagate": True},
        "django.request": {"level": "ERROR"},
        "django.server": {"handlers": [], "level": "ERROR", "propagate": True},
    },
}
