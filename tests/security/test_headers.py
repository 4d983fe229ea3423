"""Every page carries our policy, obeys it, and stays out of shared caches when it is somebody's own."""

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tests.factories import ListingFactory, UserFactory

pytestmark = pytest.mark.django_db

ANYBODYS = ["/", "/browse/", "/basket/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/sell/"]
ONES_OWN = ["/account/", "/account/addresses/", "/orders/", "/accounts/email/", "/accounts/2fa/", "/accounts/sessions/"]
ADMINS = ["/admin/", "/admin/accounts/user/", "/admin/accounts/user/add/", "/admin/payments/payment/"]
WITHOUT_VIEW = ["/nowhere/", "/robots.txt", "/healthz"]


class Inline(HTMLParser):
    """Collects what a strict policy would block: inline styles, handlers, and scripts or styles without the nonce."""

    def __init__(self, nonce: str) -> None:
        super().__init__()
        self.nonce = nonce
        self.blocked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.blocked += [f"<{tag} {name}>" for name in given if name == "style" or name.startswith("on")]
        if "javascript:" in (given.get("href") or ""):
            self.blocked.append(f"<{tag} href=javascript:>")
        is_data = given.get("type") in ("application/json", "application/ld+json")
        runs = tag == "style" or (tag == "script" and not is_data and "src" not in given)
        if runs and given.get("nonce") != self.nonce:
            self.blocked.append(f"<{tag}> without the nonce")


def directives(response) -> dict[str, list[str]]:
    policy = response.headers["Content-Security-Policy"]
    return {name: values for name, *values in (part.split() for part in policy.split(";"))}


def nonce_of(response) -> str:
    found = re.search(r"'nonce-([^']+)'", response.headers["Content-Security-Policy"])
    return found.group(1) if found else ""


def blocked(response) -> list[str]:
    reader = Inline(nonce_of(response))
    reader.feed(response.text)
    return reader.blocked


@pytest.fixture
def alice(client):
    client.force_login(UserFactory(email="alice@example.org"))
    return client


@pytest.fixture
def dana(client):
    client.force_login(UserFactory(email="dana@example.org", is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("page", [*ANYBODYS, *WITHOUT_VIEW])
def test_every_page_carries_the_headers(client, page):
    ListingFactory()

    response = client.get(page)

    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in response.headers["Permissions-Policy"]
    policy = directives(response)
    assert policy["default-src"] == ["'none'"]
    assert policy["base-uri"] == ["'none'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["form-action"][0] == "'self'"
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert not {"*", "https:", "http:"} & {value for values in policy.values() for value in values}


@pytest.mark.parametrize("page", ANYBODYS)
def test_the_shop_obeys_its_own_policy(client, page):
    ListingFactory()

    response = client.get(page, follow=True)

    assert response.status_code == 200
    assert blocked(response) == []


@pytest.mark.parametrize("page", ONES_OWN)
def test_ones_own_pages_obey_the_policy_and_are_never_stored(alice, page):
    response = alice.get(page, follow=True)

    assert response.status_code == 200
    assert blocked(response) == []
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("page", ADMINS)
def test_the_admin_obeys_the_same_policy(dana, page):
    response = dana.get(page)

    assert response.status_code == 200
    assert blocked(response) == []
    assert directives(response)["script-src"][0] == "'self'"
    assert "no-store" in response.headers["Cache-Control"]
    assert "css/admin.css" in response.text


def test_shop_pages_without_a_person_may_be_stored(client):
    assert "no-store" not in client.get("/robots.txt").headers.get("Cache-Control", "")


def test_a_script_slipped_into_a_page_would_be_seen_by_this_test(client):
    reader = Inline("fresh")

    reader.feed('<p style="x" onclick="y"></p><script>z</script><style nonce="old"></style><a href="javascript:q()">')

    assert len(reader.blocked) == 5


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(client):
    UserFactory(email="alice@example.org")

    response = client.post("/accounts/login/", {"login": "alice@example.org", "password": "a long enough password"})

    assert response.status_code == 302
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        assert response.cookies[name]["httponly"]
        assert response.cookies[name]["samesite"] == "Lax"


# --- Production, in a process of its own: settings are read once, at the start ------------------------------

PRODUCTION = {
    "MARKETPLACE_ENV": "production",
    "SECRET_KEY": "a secret of this test, long enough to be taken seriously by every check",
    "ALLOWED_HOSTS": "shop.example",
    "SITE_URL": "https://shop.example",
    "STRIPE_SECRET_KEY": "rk_test_of_this_test",
    "STRIPE_WEBHOOK_SECRETS": "whsec_platform_of_this_test",
    "STRIPE_CONNECT_WEBHOOK_SECRETS": "whsec_connect_of_this_test",
    "EMAIL_URL": "smtp://mail.example:25",
    "DEFAULT_FROM_EMAIL": "hello@shop.example",
    "LOG_LEVEL": "CRITICAL",
}
LOOK = """
import json, django
django.setup()
from django.conf import settings
from django.core.management import call_command
from django.test import Client
# Squeezing the files takes longer than everything else here and shows nothing.
settings.WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["css", "js", "svg", "txt", "md", "json", "LICENSE"]
call_command("collectstatic", interactive=False, verbosity=0)
client = Client(headers={"host": "shop.example"})
plain = client.get("/accounts/login/")
safe = client.get("/accounts/login/", secure=True)
print(json.dumps({
    "debug": settings.DEBUG, "plain": [plain.status_code, plain.headers.get("Location")], "status": safe.status_code,
    "headers": dict(safe.headers), "cookies": {name: dict(morsel) for name, morsel in safe.cookies.items()},
    "session": [settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_PATH],
    "staff": settings.STAFF_NEEDS_SECOND_FACTOR, "page": safe.content.decode(),
    "mail_page": client.get("/_mail/", secure=True).status_code,
}))
"""


def run_in_production(code: str, tmp_path: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    given = {**PRODUCTION, "STATIC_ROOT": str(tmp_path / "static"), "MEDIA_ROOT": str(tmp_path / "media"), **changes}
    kept = {name: value for name, value in os.environ.items() if name in {"DATABASE_URL", "REDIS_URL", "PATH"}}
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, check=False, cwd=settings.BASE_DIR, text=True, timeout=120,
        env={**kept, "DJANGO_SETTINGS_MODULE": "marketplace.settings", **given},
    )  # fmt: skip


@pytest.mark.slow
def test_production_sends_only_over_https_with_cookies_no_neighbour_can_set(tmp_path):
    done = run_in_production(LOOK, tmp_path)

    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["debug"] is False
    assert seen["plain"] == [301, "https://shop.example/accounts/login/"]
    assert seen["status"] == 200
    assert seen["headers"]["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert "unsafe" not in seen["headers"]["Content-Security-Policy"]
    csrf = seen["cookies"]["__Host-csrf"]
    assert (csrf["secure"], csrf["path"], csrf["domain"], csrf["httponly"]) == (True, "/", "", True)
    assert seen["session"] == ["__Host-session", True, "/"]
    assert seen["staff"] is True
    assert seen["mail_page"] == 404
    # Static files carry their content's hash, so that they may be cached for ever.
    assert re.search(r"css/tokens\.[0-9a-f]{12}\.css", seen["page"])


@pytest.mark.slow
@pytest.mark.parametrize("missing", sorted(set(PRODUCTION) - {"MARKETPLACE_ENV", "LOG_LEVEL"}))
def test_production_refuses_to_start_and_names_what_is_missing(tmp_path, missing):
    done = run_in_production("import django; django.setup()", tmp_path, **{missing: ""})

    assert done.returncode != 0
    assert ImproperlyConfigured.__name__ in done.stderr
    assert f"{missing} is not set" in done.stderr
