"""Signing up and in, as a browser does it: through allauth's pages and the mail they send."""

import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User

PASSWORD = "correct horse battery staple"
SIGN_UP = "/accounts/signup/"
SIGN_IN = "/accounts/login/"


@pytest.fixture(autouse=True)
def fresh_limits(db: None):
    cache.clear()


def sign_up(browser: Client, email: str = "alice@example.com", **more: str):
    return browser.post(SIGN_UP, {"email": email, "password1": PASSWORD, **more})


def link_in(mail: EmailMessage) -> str:
    found = re.search(r"https?://[^/\s]+(/accounts/\S+)", str(mail.body))
    assert found is not None, mail.body
    return found.group(1)


def confirmed_user(email: str = "alice@example.com") -> User:
    user = User.objects.create_user(email, PASSWORD)
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
    return user


def is_signed_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def test_nobody_is_signed_in_before_their_address_is_confirmed(client: Client, mailoutbox: list[EmailMessage]):
    answer = sign_up(client)

    assert answer.headers["Location"] == reverse("account_email_verification_sent")
    assert not is_signed_in(client)
    assert [mail.to for mail in mailoutbox] == [["alice@example.com"]]


def test_opening_the_link_confirms_nothing_until_the_button_is_pressed(client: Client, mailoutbox: list[EmailMessage]):
    sign_up(client)

    page = client.get(link_in(mailoutbox[0]))

    assert page.status_code == 200
    assert not EmailAddress.objects.get().verified


def test_confirming_signs_the_person_in(client: Client, mailoutbox: list[EmailMessage]):
    sign_up(client)

    client.post(link_in(mailoutbox[0]))

    assert EmailAddress.objects.get().verified
    assert is_signed_in(client)


def test_confirming_leads_to_where_the_person_was_going(client: Client, mailoutbox: list[EmailMessage]):
    sign_up(client, next="/sell/")

    answer = client.post(link_in(mailoutbox[0]))

    assert answer.headers["Location"] == "/sell/"


def test_what_the_session_held_before_is_still_there_after_confirming(client: Client, mailoutbox: list[EmailMessage]):
    session = client.session
    session["basket"] = "kept"
    session.save()

    sign_up(client, next="/basket/")
    client.post(link_in(mailoutbox[0]))

    assert is_signed_in(client)
    assert client.session["basket"] == "kept"


def test_a_link_opened_on_another_device_confirms_but_signs_nobody_in(client: Client, mailoutbox: list[EmailMessage]):
    sign_up(client)
    phone = Client()

    phone.post(link_in(mailoutbox[0]))

    assert EmailAddress.objects.get().verified
    assert not is_signed_in(phone)


def test_what_the_session_held_before_is_still_there_after_signing_in(client: Client):
    confirmed_user()
    session = client.session
    session["basket"] = "kept"
    session.save()

    answer = client.post(SIGN_IN, {"login": "alice@example.com", "password": PASSWORD, "next": "/basket/"})

    assert answer.headers["Location"] == "/basket/"
    assert client.session["basket"] == "kept"


def test_next_never_leads_to_another_site(client: Client):
    confirmed_user()

    answer = client.post(SIGN_IN, {"login": "alice@example.com", "password": PASSWORD, "next": "https://evil.example/"})

    assert answer.headers["Location"] == "/"


def test_an_address_that_is_taken_looks_like_one_that_is_free(client: Client, mailoutbox: list[EmailMessage]):
    confirmed_user("taken@example.com")

    taken = sign_up(Client(), "taken@example.com")
    free = sign_up(Client(), "free@example.com")

    assert (taken.status_code, taken.headers["Location"]) == (free.status_code, free.headers["Location"])
    assert User.objects.filter(email="taken@example.com").count() == 1
    assert [mail.to for mail in mailoutbox] == [["taken@example.com"], ["free@example.com"]]


def test_a_reset_looks_the_same_for_a_stranger_and_for_a_member(client: Client):
    confirmed_user("taken@example.com")

    answers = [client.post("/accounts/password/reset/", {"email": f"{who}@example.com"}) for who in ("taken", "free")]

    assert answers[0].headers["Location"] == answers[1].headers["Location"]


def test_a_wrong_password_and_an_unknown_address_read_alike(client: Client):
    confirmed_user("taken@example.com")

    pages = [
        client.post(SIGN_IN, {"login": f"{who}@example.com", "password": "wrong"}).content.decode()
        for who in ("taken", "free")
    ]

    said = "This e-mail address and this password do not belong together."
    assert all(said in page for page in pages)


def test_an_address_is_the_same_person_however_it_is_typed(client: Client):
    confirmed_user()

    client.post(SIGN_IN, {"login": "ALICE@Example.com", "password": PASSWORD})

    assert is_signed_in(client)


def test_a_short_password_is_refused(client: Client):
    page = client.post(SIGN_UP, {"email": "alice@example.com", "password1": "short"})

    assert not User.objects.exists()
    assert "at least 12 characters" in page.content.decode()


def test_a_forgotten_password_is_set_anew_by_mail(client: Client, mailoutbox: list[EmailMessage]):
    confirmed_user()
    client.post("/accounts/password/reset/", {"email": "alice@example.com"})
    form = client.get(link_in(mailoutbox[0]), follow=True)

    client.post(form.request["PATH_INFO"], {"password1": "another long password", "password2": "another long password"})

    assert User.objects.get().check_password("another long password")


def test_guessing_passwords_is_stopped(client: Client):
    confirmed_user()

    for _attempt in range(12):
        page = client.post(SIGN_IN, {"login": "alice@example.com", "password": "wrong"})
    right = client.post(SIGN_IN, {"login": "alice@example.com", "password": PASSWORD})

    assert "Too many failed login attempts" in page.content.decode()
    assert right.status_code == 200
    assert not is_signed_in(client)


def test_a_person_with_a_second_factor_is_asked_for_it(client: Client):
    user = confirmed_user()
    secret = generate_totp_secret()
    TOTP.activate(user, secret)

    answer = client.post(SIGN_IN, {"login": "alice@example.com", "password": PASSWORD, "next": "/account/"})
    asked = (answer.headers["Location"], is_signed_in(client))
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    done = client.post(answer.headers["Location"], {"code": code})

    assert asked == (reverse("mfa_authenticate"), False)
    assert is_signed_in(client)
    assert done.headers["Location"] == "/account/"


def test_a_wrong_second_factor_signs_nobody_in(client: Client):
    user = confirmed_user()
    TOTP.activate(user, generate_totp_secret())
    answer = client.post(SIGN_IN, {"login": "alice@example.com", "password": PASSWORD})

    client.post(answer.headers["Location"], {"code": "000000"})

    assert not is_signed_in(client)


def test_a_superuser_is_made_from_the_command_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)

    call_command("createsuperuser", email="Dana@Example.com", interactive=False)

    dana = User.objects.get()
    assert (dana.email, dana.is_staff, dana.is_superuser) == ("dana@example.com", True, True)
    assert dana.check_password(PASSWORD)


def test_a_mail_server_that_fails_is_told_and_the_mail_can_be_asked_for_again(
    client: Client, mailoutbox: list[EmailMessage], settings
):
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": 9, "timeout": 1},
        }
    }
    page = client.post(SIGN_UP, {"email": "alice@example.com", "password1": PASSWORD}, follow=True)
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    cache.clear()

    client.post(SIGN_IN, {"login": "alice@example.com", "password": PASSWORD})

    assert page.status_code == 200
    assert "We could not send the mail just now." in page.content.decode()
    assert [mail.to for mail in mailoutbox] == [["alice@example.com"]]
