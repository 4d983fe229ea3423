"""Read settings from the environment and stop the start with a hint when one is missing."""

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()

PRODUCTION, DEMO, TEST = "production", "demo", "test"
# What the shop is called until MARKETPLACE_NAME says otherwise.
DEFAULT_NAME = "Fairground"
ENVIRONMENTS = (PRODUCTION, DEMO, TEST)

# What strangers sign with must not be guessed.
SHORTEST_SECRET = 16

# Where each required value comes from; shown when it is missing.
HINTS = {
    "SECRET_KEY": "a long random string: python -c 'import secrets; print(secrets.token_urlsafe(64))' prints one",
    "DATABASE_URL": "the PostgreSQL address, for example postgres://user:password@host:5432/marketplace",
    "REDIS_URL": "the Redis-compatible server's address, for example redis://host:6379/0",
    "ALLOWED_HOSTS": "the host names this site answers to, separated by commas",
    "SITE_URL": "the public address of this site, for example https://shop.example",
    "STRIPE_SECRET_KEY": "a restricted or secret key from the Stripe Dashboard (Developers, API keys)",
    "STRIPE_WEBHOOK_SECRETS": "the signing secret (whsec_…) of the endpoint for events of your own account",
    "STRIPE_CONNECT_WEBHOOK_SECRETS": "the signing secret (whsec_…) of the endpoint for events of connected accounts",
    "EMAIL_URL": "the mail server, for example smtp+tls://user:password@host:587",
    "DEFAULT_FROM_EMAIL": "the sender of every mail, for example 'Shop <hello@shop.example>'",
}


def environment() -> str:
    """Which of ENVIRONMENTS this process runs in; production unless told otherwise, so that forgetting is safe."""
    name = env.str("MARKETPLACE_ENV", default=PRODUCTION)
    if name not in ENVIRONMENTS:
        raise ImproperlyConfigured(f"MARKETPLACE_ENV is {name!r}; it must be one of {', '.join(ENVIRONMENTS)}.")
    return name


def required(name: str, *, fallback: str | None = None) -> str:
    """The value of `name`. Outside production a fallback may serve; in production a missing or empty value stops
    the start.
    """
    value = env.str(name, default="").strip()
    if value:
        return value
    if environment() != PRODUCTION and fallback is not None:
        return fallback
    raise _missing(name)


def required_list(name: str, *, fallback: str | None = None) -> list[str]:
    """Like `required`, for values separated by commas; commas with nothing between them are as good as missing."""
    parts = [part.strip() for part in required(name, fallback=fallback).split(",") if part.strip()]
    if not parts:
        raise _missing(name)
    return parts


def shared_secrets(name: str, given: list[str]) -> dict[str, list[str]]:
    """`who=secret` for each: whom we believe when they sign with it. Several while a secret is being changed."""
    found: dict[str, list[str]] = {}
    for who, _equals, secret in (each.strip().partition("=") for each in given if each.strip()):
        if not who or len(secret) < SHORTEST_SECRET:
            raise ImproperlyConfigured(f'{name} has "{who}" without a secret of {SHORTEST_SECRET} characters or more.')
        found.setdefault(who, []).append(secret)
    return found


def _missing(name: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} is not set. It should hold {HINTS[name]}. See .env.example.")
