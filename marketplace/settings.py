"""All settings, from the environment. `.env.example` explains each variable."""

from datetime import timedelta
from pathlib import Path

import django_stubs_ext
import structlog
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from marketplace.environment import (
    DEFAULT_NAME,
    PRODUCTION,
    TEST,
    env,
    environment,
    required,
    required_list,
    shared_secrets,
)

# Lets generic classes of Django (ModelForm[Listing]) be written as the type checker reads them.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
if (BASE_DIR / ".env").exists() and env.str("MARKETPLACE_ENV", default=PRODUCTION) != TEST:
    env.read_env(str(BASE_DIR / ".env"))

# After .env was read: what is assumed about disputes, and the levels that are watched.
from marketplace.dispute_settings import *  # noqa: E402, F403

ENVIRONMENT = environment()
IN_PRODUCTION = ENVIRONMENT == PRODUCTION
IN_TEST = ENVIRONMENT == TEST
DEBUG = not IN_PRODUCTION and not IN_TEST

SECRET_KEY = required("SECRET_KEY", fallback="not-a-secret-" * 5)
ALLOWED_HOSTS = required_list("ALLOWED_HOSTS", fallback="127.0.0.1,localhost,testserver")
SITE_URL = required("SITE_URL", fallback="http://127.0.0.1:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SITE_URL.startswith("https://") else []

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    # So that the form renderer below finds Django's own widget templates.
    "django.forms",
    "kit",
    "gateway",
    "ledger",
    "accounts",
    "customers",
    "catalog",
    "orders",
    "payments",
    "cases",
    "evidence",
    "disputes",
    "inbox",
    "monitoring",
    "marketplace",
    "django.contrib.admin",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "django_structlog",
    "pgtrigger",
]

MIDDLEWARE = [
    # First, so that Stripe's events meet nothing but the signature check and one INSERT (performance goal G1).
    "inbox.door.EventDoor",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "marketplace.middleware.SecurityHeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Once it is known who asks, and before anything speaks to them.
    "marketplace.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "marketplace.middleware.StaffSecondFactorMiddleware",
    "marketplace.middleware.TimeZoneMiddleware",
    "marketplace.middleware.NotAllowedPageMiddleware",
]
if DEBUG:
    MIDDLEWARE.append("marketplace.middleware.NotFoundPageMiddleware")

ROOT_URLCONF = "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "marketplace.context.site",
                "orders.context.basket",
            ],
        },
    }
]

# --- Data ---------------------------------------------------------------------------------------------------------

TEST_SUFFIX = env.str("TEST_SUFFIX", default="")
required("DATABASE_URL", fallback=None)
DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"].update(
    CONN_MAX_AGE=env.int("DATABASE_CONN_MAX_AGE", default=60),
    CONN_HEALTH_CHECKS=True,
    TEST={"NAME": f"test_marketplace{'_' + TEST_SUFFIX if TEST_SUFFIX else ''}"},
)
# The address the application signs in with, where another role owns the tables; read by `ledger_grants` alone.
APP_DATABASE_URL = env.str("APP_DATABASE_URL", default="")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = required("REDIS_URL", fallback=None)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": f"marketplace{TEST_SUFFIX}",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(BASE_DIR / "var" / "media"))
MEDIA_URL = "media/"
# Files nobody fetches by an address: they leave through a view that asks who is reading.
PRIVATE_ROOT = env.path("PRIVATE_ROOT", default=str(BASE_DIR / "var" / "private"))
STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / "var" / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "private": {"BACKEND": "kit.private.PrivateStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IN_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not IN_PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG

# --- Stripe -------------------------------------------------------------------------------------------------------

STRIPE_SECRET_KEY = required("STRIPE_SECRET_KEY", fallback="sk_test_emulator")
STRIPE_API_BASE = env.str("STRIPE_API_BASE", default="")
STRIPE_WEBHOOK_SECRETS = required_list("STRIPE_WEBHOOK_SECRETS", fallback="whsec_platform_demo")
STRIPE_CONNECT_WEBHOOK_SECRETS = required_list("STRIPE_CONNECT_WEBHOOK_SECRETS", fallback="whsec_connect_demo")
STRIPE_LIVEMODE = STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))
# Origins a form may lead to on the two handoff pages (Chromium checks form-action across redirects).
STRIPE_HOSTED_ORIGINS = env.list(
    "STRIPE_HOSTED_ORIGINS", default=["https://checkout.stripe.com", "https://connect.stripe.com"]
)
STRIPE_TIMEOUT_SECONDS = env.float("STRIPE_TIMEOUT_SECONDS", default=8.0)
# Stripe allows each account 25 calls a second in a sandbox and 100 live; an emulator has no limit.
STRIPE_CALLS_PER_SECOND = env.float("STRIPE_CALLS_PER_SECOND", default=1000.0 if IN_TEST or STRIPE_API_BASE else 20.0)
if STRIPE_CALLS_PER_SECOND <= 0:
    raise ImproperlyConfigured(f"STRIPE_CALLS_PER_SECOND is {STRIPE_CALLS_PER_SECOND}; it must be above 0.")
# Where business time is read from; empty means the machine's clock. The demo follows the emulator's clock.
CLOCK_URL = env.str("CLOCK_URL", default="")

if STRIPE_LIVEMODE and not IN_PRODUCTION:
    raise ImproperlyConfigured(
        f"STRIPE_SECRET_KEY is a live key, but MARKETPLACE_ENV is {ENVIRONMENT!r}. "
        "Use a test key here, or set MARKETPLACE_ENV=production."
    )

MARKETPLACE_NAME = env.str("MARKETPLACE_NAME", default=DEFAULT_NAME)
MARKETPLACE_CURRENCIES = env.list("MARKETPLACE_CURRENCIES", default=["eur", "usd", "gbp", "jpy"])
MARKETPLACE_COUNTRIES = env.list(
    "MARKETPLACE_COUNTRIES", default=["DE", "AT", "FR", "IE", "NL", "ES", "IT", "GB", "US"]
)
# The platform's fee on each sale, in basis points (1000 = 10 %), where no fee rule says otherwise; frozen at the sale.
PLATFORM_FEE_BASIS_POINTS = env.int("PLATFORM_FEE_BASIS_POINTS", default=1000)
CHECKOUT_MINUTES = env.int("CHECKOUT_MINUTES", default=30)
if not 30 <= CHECKOUT_MINUTES <= 1430:
    # Stripe keeps a payment page open for 30 minutes at least and 24 hours at most.
    raise ImproperlyConfigured(f"CHECKOUT_MINUTES is {CHECKOUT_MINUTES}; it must be from 30 to 1430.")

# Which carriers' news is accepted, and what each signs it with ("dhl=secret"; twice while a secret is being changed).
CARRIER_SECRETS = shared_secrets("CARRIER_SECRETS", env.list("CARRIER_SECRETS", default=[]))

# Within how many days a paid order has to be sent or handed over.
RELEASE_DAYS_AFTER_DELIVERY = env.int("RELEASE_DAYS_AFTER_DELIVERY", default=3)
RELEASE_DAYS_AFTER_SHIPPING = env.int("RELEASE_DAYS_AFTER_SHIPPING", default=14)
RELEASE_WARNING_DAYS = env.int("RELEASE_WARNING_DAYS", default=3)
# Minor units by currency; staff need a second person above them, and always in a currency that is not named.
SECOND_PERSON_ABOVE = {
    currency: int(limit)
    for currency, limit in env.dict(
        "SECOND_PERSON_ABOVE", default={"eur": "50000", "usd": "50000", "gbp": "40000", "jpy": "75000"}
    ).items()
}
# Who bears what a lost dispute costs: the seller, like a refund, unless Stripe's reason is one of these; and its fee.
DISPUTE_REASONS_BORNE_BY_PLATFORM = frozenset(env.list("DISPUTE_REASONS_BORNE_BY_PLATFORM", default=[]))
DISPUTE_FEE_BORNE_BY = env.str("DISPUTE_FEE_BORNE_BY", default="platform")
if DISPUTE_FEE_BORNE_BY not in ("platform", "seller"):
    raise ImproperlyConfigured(f'DISPUTE_FEE_BORNE_BY is {DISPUTE_FEE_BORNE_BY}; it must be "platform" or "seller".')
SHIP_WITHIN_DAYS = env.int("SHIP_WITHIN_DAYS", default=7)
if not 1 <= SHIP_WITHIN_DAYS <= 60:
    # Held money may not wait for a seller for ever: in most countries it has to go out within 90 days.
    raise ImproperlyConfigured(f"SHIP_WITHIN_DAYS is {SHIP_WITHIN_DAYS}; it must be from 1 to 60.")

# So long what is known of the moment of a purchase is kept whole; a dispute that is open then keeps it longer. The card
# networks' longest time for a dispute is 540 days after the payment.
PURCHASE_FACTS_DAYS = env.int("PURCHASE_FACTS_DAYS", default=540)
if PURCHASE_FACTS_DAYS < 1:
    raise ImproperlyConfigured(f"PURCHASE_FACTS_DAYS is {PURCHASE_FACTS_DAYS}; it must be at least 1.")
# Sellers send what proves their side so many days before the bank's own date, so that somebody can read it.
SELLER_ANSWER_DAYS_BEFORE_BANK = env.int("SELLER_ANSWER_DAYS_BEFORE_BANK", default=2)
# So many days before that, sellers of whom nothing came are reminded.
SELLER_REMINDER_DAYS = env.int("SELLER_REMINDER_DAYS", default=2)
# So long the link in a guest's mails opens their order; a new one can be sent at any time.
GUEST_LINK_DAYS = env.int("GUEST_LINK_DAYS", default=30)
# A random number given to a browser at the checkout. Browsers keep a cookie for 400 days at most; 0 gives none.
DEVICE_COOKIE_DAYS = env.int("DEVICE_COOKIE_DAYS", default=400)
DEVICE_COOKIE_NAME = "__Host-device" if IN_PRODUCTION else "device"
DEVICE_COOKIE_SECURE = IN_PRODUCTION
# How long after the payment a buyer can open a case. Banks take a buyer's dispute for about 120 days after the delivery
# (docs.stripe.com/disputes): whoever could still go to the bank can come to the seller and us first.
CASE_DAYS = env.int("CASE_DAYS", default=180)
# How many days each side has to answer in a case, and the marketplace to decide one; and how long after its end it can
# be opened again.
CASE_ANSWER_DAYS = env.int("CASE_ANSWER_DAYS", default=3)
CASE_DECIDE_DAYS = env.int("CASE_DECIDE_DAYS", default=5)
CASE_REOPEN_DAYS = env.int("CASE_REOPEN_DAYS", default=30)
for _name in ("CASE_DAYS", "CASE_ANSWER_DAYS", "CASE_DECIDE_DAYS"):
    if globals()[_name] < 1:
        raise ImproperlyConfigured(f"{_name} is {globals()[_name]}; it must be at least 1.")

# When somebody is told that something is wrong, in days, minutes, hours and counts (docs/operations.md, Open problems).
ALERTS = {
    "dispute_days": 3,
    "stuck_minutes": 60,
    "event_minutes": 15,
    "debt_days": 30,
    "case_hours": 2,
    "escalate_urgent_hours": 4,
    "escalate_hours": 48,
    "refund_window_days": 30,
    "refund_pace_hours": 24,
    "refund_history_days": 180,
    "refund_minimum": 4,
    "refund_sigmas": 3,
    "refund_weight": 20,
    "keep_days": 365,
}
_told = env.dict("ALERTS", default={})
if unknown := sorted(set(_told) - set(ALERTS)):
    raise ImproperlyConfigured(f"ALERTS knows no {', '.join(unknown)}; it takes {', '.join(sorted(ALERTS))}.")
ALERTS |= {name: int(number) for name, number in _told.items()}
if min(ALERTS.values()) < 1:
    raise ImproperlyConfigured("ALERTS: every number must be at least 1.")

# Hosts the images an import names may be fetched from, by their full names ("cdn.shopify.com"); none unless said.
IMPORT_IMAGE_HOSTS = frozenset(host.lower() for host in env.list("IMPORT_IMAGE_HOSTS", default=[]))

# --- Celery -------------------------------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# For ever: Celery's own limit would end every worker after an hour without Redis, for somebody to start again by hand.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "global_keyprefix": f"marketplace{TEST_SUFFIX}:",
}
# A publish gives up quickly: tasks are only a nudge, sweepers find what a lost one would have done.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_TIME_LIMIT = 300
CELERY_TIMEZONE = "UTC"

# --- People -------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
# Addresses are unique among those who can sign in; guests, who cannot, may share one (accounts.User).
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
if IN_TEST:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_FORMS = {
    "login": "accounts.sign_in_forms.LoginForm",
    "signup": "accounts.sign_in_forms.SignupForm",
    "add_email": "accounts.sign_in_forms.AddEmailForm",
    "change_password": "accounts.sign_in_forms.ChangePasswordForm",
    "set_password": "accounts.sign_in_forms.SetPasswordForm",
    "reset_password": "accounts.sign_in_forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.sign_in_forms.ResetPasswordKeyForm",
    "reauthenticate": "accounts.sign_in_forms.ReauthenticateForm",
}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# People hear of every change to how their account is entered, so that a change they did not make is noticed.
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SITE_URL.startswith("https") else "http"
# allauth's own limits stay on; people behind one address share them, so the demo and the tests get room.
ACCOUNT_RATE_LIMITS = {} if IN_PRODUCTION else {"signup": "200/m/ip", "login": "300/m/ip"}
MFA_FORMS = {
    "authenticate": "accounts.sign_in_forms.AuthenticateForm",
    "reauthenticate": "accounts.sign_in_forms.SecondStepReauthenticateForm",
    "activate_totp": "accounts.sign_in_forms.ActivateTotpForm",
    "add_webauthn": "accounts.sign_in_forms.AddKeyForm",
    "edit_webauthn": "accounts.sign_in_forms.RenameKeyForm",
}
# What authenticator apps call us.
MFA_TOTP_ISSUER = MARKETPLACE_NAME
MFA_ADAPTER = "accounts.adapter.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IN_PRODUCTION
STAFF_NEEDS_SECOND_FACTOR = env.bool("STAFF_NEEDS_SECOND_FACTOR", default=IN_PRODUCTION)

# --- Mail ---------------------------------------------------------------------------------------------------------

MAIL_DIR = env.path("MAIL_DIR", default=str(BASE_DIR / "var" / "mail"))
DEFAULT_FROM_EMAIL = required("DEFAULT_FROM_EMAIL", fallback=f"{MARKETPLACE_NAME} <hello@marketplace.example>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL


def _mailer() -> dict[str, object]:
    """The mailer: a server from EMAIL_URL, or files in MAIL_DIR that the demo's mail page shows."""
    url = required("EMAIL_URL", fallback="file")
    if url == "file":
        return {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": str(MAIL_DIR)},
        }
    parsed = env.email_url_config(url)
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": parsed["EMAIL_HOST"],
            "port": parsed["EMAIL_PORT"],
            "username": parsed["EMAIL_HOST_USER"],
            "password": parsed["EMAIL_HOST_PASSWORD"],
            "use_tls": parsed.get("EMAIL_USE_TLS", False),
            "use_ssl": parsed.get("EMAIL_USE_SSL", False),
            "timeout": 10,
        },
    }


MAILERS = {"default": _mailer()}

# --- Words and time -----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
# Each named in itself, so that whoever reads one finds it.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LANGUAGE_COOKIE_AGE = int(timedelta(days=365).total_seconds())
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = env.str("TIME_ZONE", default="Europe/Berlin")
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["kit.formats"]

# --- Security -----------------------------------------------------------------------------------------------------

SECURE_CSP: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.NONCE],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "object-src": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
    "manifest-src": [CSP.SELF],
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
CSRF_FAILURE_VIEW = "marketplace.views.errors.csrf_failure"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
if IN_PRODUCTION:
    # __Host- cookies cannot be set by a sibling domain; they need Secure, Path=/ and no Domain.
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    LANGUAGE_COOKIE_NAME = "__Host-language"
    LANGUAGE_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds())
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    TRUST_PROXY = env.bool("TRUST_PROXY", default=False)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None
    # Only what the proxy itself wrote last into X-Forwarded-For counts. Without it everybody would share the proxy's
    # address, and with it one limit on signing in.
    ALLAUTH_TRUSTED_PROXY_COUNT = 1 if TRUST_PROXY else 0
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
FORMS_URLFIELD_ASSUME_HTTPS = True

# --- Logs ---------------------------------------------------------------------------------------------------------

structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.filter_by_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.processors.JSONRenderer(),
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="WARNING" if IN_TEST else "INFO")},
}
