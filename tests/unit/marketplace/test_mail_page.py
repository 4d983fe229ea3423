"""The demo's mail page shows what the file backend wrote."""

import os
import re

import pytest
from django.core.mail import EmailMultiAlternatives

from marketplace import mailbox

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.unit.marketplace.dev_urls")]

HTML = "<html><head><title>x</title><style>p { color: red }</style></head><body><p>Hello</p></body></html>"


@pytest.fixture
def post(settings, tmp_path):
    """Sends mail into a folder of its own, as the demo does."""
    settings.MAIL_DIR = tmp_path / "mail"
    file_backend = "django.core.mail.backends.filebased.EmailBackend"
    settings.MAILERS = {"default": {"BACKEND": file_backend, "OPTIONS": {"file_path": str(settings.MAIL_DIR)}}}

    def send(subject="Your order", text="Hello\n\nhttps://shop.example/orders/7KQ2M9XA4T/\n", html=HTML):
        message = EmailMultiAlternatives(subject, text, to=["alice@example.org"])
        if html:
            message.attach_alternative(html, "text/html")
        message.send()

    return send


def age(folder, subject, seconds):
    """Make the mail with this subject older than the rest."""
    for file in folder.glob("*.log"):
        if subject.encode() in file.read_bytes():
            moment = file.stat().st_mtime - seconds
            os.utime(file, (moment, moment))


def first_letter(settings):
    return next(mailbox.letters(settings.MAIL_DIR))


def test_before_any_mail_the_page_says_what_would_appear(client, settings, tmp_path):
    settings.MAIL_DIR = tmp_path / "nothing"

    response = client.get("/_mail/")

    assert "No mail yet" in response.text


def test_the_newest_mail_comes_first(client, post, settings):
    post(subject="The older one")
    post(subject="The newer one")
    age(settings.MAIL_DIR, "The older one", 60)

    response = client.get("/_mail/")

    assert response.text.index("The newer one") < response.text.index("The older one")


def test_links_in_the_text_can_be_clicked(client, post, settings):
    post()

    response = client.get(f"/_mail/{first_letter(settings).key}/")

    assert '<a href="https://shop.example/orders/7KQ2M9XA4T/"' in response.text
    assert "alice@example.org" in response.text


def test_umlauts_and_markup_in_mail_are_text(client, post, settings):
    post(subject="Grüße & <b>mehr</b>", text="Schöne Grüße <script>alert(1)</script>")

    response = client.get(f"/_mail/{first_letter(settings).key}/")

    assert "Grüße &amp; &lt;b&gt;mehr&lt;/b&gt;" in response.text
    assert "<script>alert(1)" not in response.text


def test_the_html_part_is_shown_in_a_sandbox_under_a_policy_of_its_own(client, post, settings):
    post()
    key = first_letter(settings).key

    page, frame = client.get(f"/_mail/{key}/"), client.get(f"/_mail/{key}/html/")

    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert re.search(r'<iframe [^>]*sandbox="', page.text)
    policy = frame.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "frame-ancestors 'self'" in policy
    assert "unsafe" not in policy
    nonce = re.search(r"'nonce-([^']+)'", policy).group(1)
    assert f'<style nonce="{nonce}">' in frame.text
    assert '<base target="_top">' in frame.text
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_mail_without_an_html_part_has_no_frame(client, post, settings):
    post(html="")

    response = client.get(f"/_mail/{first_letter(settings).key}/")

    assert "<iframe" not in response.text


@pytest.mark.parametrize("key", ["nothing-0", "..%2F..%2Fsettings-0", "20260101-000000-1-9"])
def test_a_key_of_no_mail_is_not_found(client, post, key):
    post()

    assert client.get(f"/_mail/{key}/").status_code == 404


@pytest.mark.urls("marketplace.urls")
def test_outside_the_demo_there_is_no_mail_page(client):
    assert client.get("/_mail/").status_code == 404
    assert client.get("/_gallery/").status_code == 404
