"""Mail to owners: one digest, at once when it is urgent, else once an hour, and never of what was put off."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.conf import settings

from accounts.models import User
from kit.clock import fixed_at, now
from kit.models import Mail
from monitoring import handling, letters
from monitoring.models import Alert, Kind

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def dana() -> User:
    return User.objects.create_superuser("dana@example.org", "a long enough password", full_name="Dana Admin")


@pytest.fixture
def emil() -> User:
    user: User = User.objects.create_user("emil@example.org", "a long enough password", is_staff=True)
    return user


def an_alert(subject: str, *, owner: User | None, kind: Kind = Kind.UNSENT, at: datetime | None = None) -> Alert:
    moment = at or now()
    facts = {
        "to": f"buyer{subject}@example.org",
        "subject": "Your order",
        "name": "refund.create",
        "key": "k",
        "why": "",
        "type": "refund.updated",
    }
    alert: Alert = Alert.objects.create(
        kind=kind, subject=subject, facts=facts, owner=owner, since=moment, opened_at=moment, active_since=moment
    )
    return alert


def mails_to(user: User) -> list[Mail]:
    return list(Mail.objects.filter(to=user.email).order_by("pk"))


def test_several_problems_are_one_mail_with_absolute_links_in_both_parts(emil: User) -> None:
    alerts = [an_alert(str(n), owner=emil) for n in range(3)]

    assert letters.tell() == 3

    (mail,) = mails_to(emil)
    assert mail.subject.startswith("3 problems need you: See why a mail to buyer0@example.org")
    for n, _alert in enumerate(alerts):
        link = f"{settings.SITE_URL}/admin/kit/mail/{n}/change/"
        assert link in mail.text
        assert f'href="{link}"' in mail.html
    assert f"{settings.SITE_URL}/admin/monitoring/alert/" in mail.text
    assert "Hello emil" in mail.text


def test_what_is_not_urgent_waits_for_the_hour_to_be_over(emil: User) -> None:
    start = now()
    with fixed_at(start):
        an_alert("1", owner=emil)
        letters.tell()
    with fixed_at(start + timedelta(minutes=59)):
        an_alert("2", owner=emil)
        an_alert("3", owner=emil)
        assert letters.tell() == 0

    with fixed_at(start + HOUR):
        assert letters.tell() == 2

    assert [mail.subject.split(":")[0] for mail in mails_to(emil)][1] == "2 problems need you"


def test_what_is_urgent_goes_at_once_and_takes_the_others_along(emil: User) -> None:
    start = now()
    with fixed_at(start):
        an_alert("1", owner=emil)
        letters.tell()
    with fixed_at(start + timedelta(minutes=1)):
        an_alert("2", owner=emil)
        an_alert("3", owner=emil, kind=Kind.STALE)
        assert letters.tell() == 2

    text = mails_to(emil)[1].text
    assert text.index("Urgent: See at Stripe") < text.index("buyer2@example.org")


def test_urgent_finds_of_one_bad_minute_after_another_are_gathered(emil: User) -> None:
    start = now()
    with fixed_at(start):
        an_alert("0", owner=emil, kind=Kind.STALE)
        letters.tell()
    for minute in range(1, 6):
        with fixed_at(start + timedelta(minutes=minute)):
            an_alert(str(minute), owner=emil, kind=Kind.STALE)
            letters.tell()

    assert [mail.subject.split(":")[0] for mail in mails_to(emil)] == [
        "See at Stripe what became of refund.create",
        "5 problems need you",
    ]


def test_without_an_owner_every_superuser_hears_of_it_and_nobody_else(dana: User, emil: User) -> None:
    boss = User.objects.create_superuser("boss@example.org", "a long enough password")
    an_alert("1", owner=None)

    letters.tell()

    assert len(mails_to(dana)) == len(mails_to(boss)) == 1
    assert mails_to(emil) == []


def test_owners_hear_of_their_own_only(dana: User, emil: User) -> None:
    an_alert("1", owner=dana)
    an_alert("2", owner=emil)

    letters.tell()

    assert "buyer2" not in mails_to(dana)[0].text
    assert "buyer1" not in mails_to(emil)[0].text


def test_nothing_is_told_of_what_was_put_off_or_is_over(dana: User, emil: User) -> None:
    handling.snooze(an_alert("1", owner=emil), now() + 5 * HOUR, by=dana, reason="Later.")
    handling.close(an_alert("2", owner=emil), by=dana, reason="Known.")

    assert letters.tell() == 0
    with fixed_at(now() + timedelta(days=4)):
        assert letters.escalate() == 0
    assert Mail.objects.count() == 0


def test_a_digest_puts_a_kind_together_names_some_of_it_and_counts_the_rest(emil: User) -> None:
    for n in range(letters.LONGEST + 7):
        an_alert(f"{n:03}", owner=emil)
    an_alert("x", owner=emil, kind=Kind.DEAD)

    letters.tell()

    (mail,) = mails_to(emil)
    assert mail.text.count("See why a mail") == letters.LONGEST
    assert mail.text.count("See why the event") == 1
    assert "And 7 more of this kind." in mail.text
    assert mail.text.index("Mail not sent") < mail.text.index("And 7 more") < mail.text.index("Event given up")
    assert len(mail.subject) < 300


@pytest.mark.parametrize(("kind", "hours"), [(Kind.STALE, 4), (Kind.UNSENT, 48)])
def test_what_stays_open_for_long_goes_to_the_superusers_once(dana: User, emil: User, kind: Kind, hours: int) -> None:
    start = now()
    an_alert("1", owner=emil, kind=kind, at=start)

    with fixed_at(start + hours * HOUR - timedelta(minutes=1)):
        assert letters.escalate() == 0
    with fixed_at(start + hours * HOUR):
        assert (letters.escalate(), letters.escalate()) == (1, 0)

    (mail,) = mails_to(dana)
    assert "1 problem is still open." in mail.text
    assert "Whose it is: emil@example.org." in mail.text
    assert mails_to(emil) == []


def test_a_new_owner_is_told_and_whoever_takes_over_is_not(dana: User) -> None:
    boss = User.objects.create_superuser("boss@example.org", "a long enough password")
    alert = an_alert("1", owner=dana)
    letters.tell()

    handling.assign(alert, boss, by=dana, reason="You know the mail server.")
    letters.tell()
    assert len(mails_to(boss)) == 1

    handling.assign(Alert.objects.get(), dana, by=dana, reason="I have time after all.")
    letters.tell()
    assert len(mails_to(dana)) == 1
