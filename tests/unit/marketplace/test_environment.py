"""Settings that are there but say nothing stop the start like missing ones."""

import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from marketplace.environment import required_list


@pytest.mark.parametrize("written", [",", " ", " , "])
def test_f09_production_does_not_start_with_a_list_of_no_secrets(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("MARKETPLACE_ENV", "production")
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRETS", written)

    with pytest.raises(ImproperlyConfigured, match="STRIPE_WEBHOOK_SECRETS"):
        required_list("STRIPE_WEBHOOK_SECRETS")


def test_two_secrets_are_live_while_one_replaces_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRETS", "whsec_old, whsec_new,")

    assert required_list("STRIPE_WEBHOOK_SECRETS") == ["whsec_old", "whsec_new"]


PRODUCTION = {
    "MARKETPLACE_ENV": "production",
    "SECRET_KEY": "k" * 60,
    "DATABASE_URL": "postgres://user:password@127.0.0.1:1/shop",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "ALLOWED_HOSTS": "shop.example",
    "SITE_URL": "https://shop.example",
    "STRIPE_SECRET_KEY": "sk_live_a",
    "STRIPE_WEBHOOK_SECRETS": "whsec_a",
    "STRIPE_CONNECT_WEBHOOK_SECRETS": "whsec_b",
    "EMAIL_URL": "smtp://127.0.0.1:1",
    "DEFAULT_FROM_EMAIL": "hello@shop.example",
    "DJANGO_SETTINGS_MODULE": "marketplace.settings",
}


def trusted_proxies(**more: str) -> int:
    """How many proxies a process started with these variables believes."""
    code = "from marketplace import settings; print(getattr(settings, 'ALLAUTH_TRUSTED_PROXY_COUNT', 0))"
    found = subprocess.run(
        [sys.executable, "-c", code], env={**PRODUCTION, **more}, check=True, capture_output=True, text=True
    )
    return int(found.stdout)


@pytest.mark.parametrize(("trusted", "proxies"), [("true", 1), ("false", 0)])
def test_people_behind_a_trusted_proxy_are_told_apart_and_nobody_elses_word_counts(trusted: str, proxies: int) -> None:
    assert trusted_proxies(TRUST_PROXY=trusted) == proxies
