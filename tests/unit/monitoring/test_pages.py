"""The pages of open problems: the list, one problem, many at once, the file, the duties and the jobs."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import localtime

from accounts.models import User
from kit.clock import now
from kit.mail import GIVE_UP_AFTER
from kit.models import Mail
from monitoring import handling, heartbeats
from monitoring.models import Alert, Duty, Kind
from monitoring.queries import board
from monitoring.sweeping import look
from monitoring.watches import BY_KIND
from tests.unit.monitoring import rows, test_letters

pytestmark = pytest.mark.django_db

LIST = "/admin/monitoring/alert/"
DAY = timedelta(days=1)


@pytest.fixture
def dana() -> User:
    return User.objects.create_superuser("dana@example.org", "a long enough password", full_name="Dana Admin")


@pytest.fixture
def desk(dana: User) -> Client:
    return signed_in(dana)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def viewer(*permissions: str) -> User:
    user: User = User.objects.create_user("viewer@example.org", "a long enough password", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


def an_alert(name: str, **changes: Any) -> Alert:
    """An alert about a row that is wrong: pages do not list what is gone."""
    alert = test_letters.an_alert(f"about {name}", **changes)
    if alert.kind == Kind.STALE:
        subject = rows.an_operation(status="stale").pk
    else:
        subject = Mail.objects.create(
            key=name, to="x@example.org", subject="x", text="", html="", created_at=now(), attempts=GIVE_UP_AFTER
        ).pk
    alert.subject, alert.facts = str(subject), {**alert.facts, "to": f"buyer{name}@example.org", "name_here": name}
    alert.save()
    return alert


def shown(desk: Client, query: str = "") -> list[str]:
    page = desk.get(LIST + query)
    assert page.status_code == 200
    return [alert.facts["name_here"] for alert in page.context["cl"].result_list]


def test_the_list_begins_with_the_oldest_and_holds_what_is_open(desk: Client, dana: User) -> None:
    an_alert("young", owner=None)
    an_alert("old", owner=None, at=now() - 3 * DAY)
    handling.snooze(an_alert("quiet", owner=None), now() + DAY, by=dana, reason="Later.")
    handling.close(an_alert("dismissed", owner=None), by=dana, reason="Known.")

    assert shown(desk) == ["old", "young"]
    assert shown(desk, "?status=snoozed") == ["quiet"]
    assert shown(desk, "?status=dismissed") == ["dismissed"]
    assert len(shown(desk, "?status=all")) == 4


def test_the_list_is_narrowed_by_owner_and_kind(desk: Client, dana: User) -> None:
    emil = User.objects.create_superuser("emil@example.org", "x")
    an_alert("mine", owner=dana)
    an_alert("his", owner=emil, kind=Kind.STALE)
    an_alert("nobodys", owner=None, kind=Kind.STALE)

    assert shown(desk, "?owner=me") == ["mine"]
    assert shown(desk, "?owner=nobody") == ["nobodys"]
    assert shown(desk, f"?owner={emil.pk}") == ["his"]
    assert shown(desk, "?owner=x") == []
    assert shown(desk, "?kind=unsent") == ["mine"]
    assert shown(desk, "?kind=urgent&owner=nobody") == ["nobodys"]


def test_staff_see_the_kinds_whose_place_is_open_to_them(dana: User) -> None:
    mail, operation = an_alert("1", owner=None), an_alert("2", owner=None, kind=Kind.STALE)
    desk = signed_in(viewer("view_mail"))

    assert shown(desk) == ["1"]
    assert desk.get(f"{LIST}{mail.pk}/change/").status_code == 200
    assert desk.get(f"{LIST}{operation.pk}/change/").status_code in (302, 403)
    assert "2 problems" not in desk.get(LIST + "csv/").content.decode()
    assert desk.post(f"{LIST}{mail.pk}/deal/", {"what": "note", "reason": "x"}).status_code == 403
    assert desk.post(LIST, {"action": "close", "_selected_action": [mail.pk], "reason": "x"}).status_code in (200, 302)
    assert Alert.objects.get(pk=mail.pk).status == "open"


def test_staff_without_any_kind_see_nothing_of_it() -> None:
    desk = signed_in(viewer("view_category"))

    assert desk.get(LIST).status_code == 403
    assert desk.get(LIST + "csv/").status_code == 403
    assert desk.post(LIST + "look/").status_code == 403


def test_strangers_see_nothing(client: Client, dana: User) -> None:
    alert = an_alert("1", owner=None)

    for path in (LIST, f"{LIST}{alert.pk}/change/", f"{LIST}csv/", "/admin/monitoring/heartbeat/"):
        assert client.get(path).status_code == 302
    assert client.post(f"{LIST}{alert.pk}/deal/", {"what": "close", "reason": "x"}).status_code == 302
    assert Alert.objects.get().status == "open"


def test_the_page_of_one_says_what_where_whose_and_what_was_done(desk: Client, dana: User) -> None:
    alert = an_alert("7", owner=dana)
    handling.note(alert, by=dana, text="I wrote to the provider.")

    page = desk.get(f"{LIST}{alert.pk}/change/").content.decode()

    assert "See why a mail to buyer7@example.org could not be sent" in page
    assert f'href="/admin/kit/mail/{alert.subject}/change/"' in page
    assert "Read what the mail server said." in page
    assert "I wrote to the provider." in page
    assert Alert.objects.get().seen_at is not None


@pytest.mark.parametrize(
    ("what", "more", "status", "owned"),
    [
        ("note", {}, "open", False),
        ("take_over", {}, "open", True),
        ("snooze", {"until": 3}, "snoozed", False),
        ("close", {}, "dismissed", False),
    ],
)
def test_each_button_does_what_it_says(
    desk: Client, dana: User, what: str, more: dict[str, int], status: str, owned: bool
) -> None:
    alert = an_alert("1", owner=None)
    given = {name: (localtime(now()) + days * DAY).date().isoformat() for name, days in more.items()}

    answer = desk.post(f"{LIST}{alert.pk}/deal/", {"what": what, "reason": "Because.", **given})

    assert answer.status_code == 302
    alert.refresh_from_db()
    assert (alert.status, alert.owner == dana) == (status, owned)
    assert "Because." in desk.get(f"{LIST}{alert.pk}/change/").content.decode()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"what": "take_over"}, "Please say why."),
        ({"what": "snooze", "reason": "x"}, "Choose the day it is to come back."),
        ({"what": "snooze", "reason": "x", "until": "2020-01-01"}, "Choose a day within the next 30 days."),
        ({"what": "snooze", "reason": "x", "until": "soon"}, "Enter a valid date."),
        ({"what": "assign", "reason": "x"}, "Choose whose it is to be."),
        ({"what": "assign", "reason": "x", "owner": "999999"}, "Select a valid choice."),
        ({"what": "explode", "reason": "x"}, "There is no such thing to do."),
        ({}, "There is no such thing to do."),
    ],
)
def test_what_cannot_be_is_said_on_the_page_and_changes_nothing(
    desk: Client, given: dict[str, str], sentence: str
) -> None:
    alert = an_alert("1", owner=None)

    answer = desk.post(f"{LIST}{alert.pk}/deal/", given)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert Alert.objects.get().status == "open"
    assert Alert.objects.get().owner is None


def test_dealing_is_not_done_by_following_a_link(desk: Client) -> None:
    alert = an_alert("1", owner=None)

    assert desk.get(f"{LIST}{alert.pk}/deal/?what=close&reason=x").status_code == 302
    assert desk.get(LIST + "look/").status_code == 405
    assert Alert.objects.get().status == "open"


def bulk(desk: Client, action: str, alerts: list[Alert], **given: Any) -> str:
    chosen = [str(alert.pk) for alert in alerts]
    answer = desk.post(LIST, {"action": action, "_selected_action": chosen, "index": "0", **given}, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_many_are_given_put_off_and_closed_at_once_with_one_reason(desk: Client, dana: User) -> None:
    emil = User.objects.create_superuser("emil@example.org", "x")
    alerts = [an_alert(str(n), owner=None) for n in range(3)]
    tomorrow = (localtime(now()) + DAY).date().isoformat()

    assert "3 problems changed." in bulk(desk, "assign", alerts, owner=emil.pk, reason="Yours this week.")
    assert "3 problems changed." in bulk(desk, "take_over", alerts, reason="Emil is ill.")
    assert "3 problems changed." in bulk(desk, "snooze", alerts, until=tomorrow, reason="The server moves.")

    assert set(Alert.objects.values_list("status", "owner__email")) == {("snoozed", "dana@example.org")}


def test_those_of_many_that_cannot_be_closed_are_counted_with_the_reason(desk: Client) -> None:
    alerts = [
        an_alert("1", owner=None),
        an_alert("2", owner=None, kind=Kind.STALE),
        an_alert("3", owner=None, kind=Kind.STALE),
    ]

    page = bulk(desk, "close", alerts, reason="Known.")

    assert "1 problem changed." in page
    assert "2 left as they are: It closes by itself once it is dealt with." in page


@pytest.mark.parametrize("given", [{}, {"reason": "x", "until": "soon"}])
def test_many_without_a_reason_or_with_nonsense_stay_as_they_are(desk: Client, given: dict[str, str]) -> None:
    bulk(desk, "snooze", [an_alert("1", owner=None)], **given)

    assert Alert.objects.get().status == "open"


def test_the_file_holds_the_list_as_it_is_narrowed_and_no_formula(desk: Client, dana: User) -> None:
    alert = an_alert("1", owner=dana)
    alert.facts["subject"] = "=HYPERLINK(1)"
    alert.amount, alert.currency = 2400, "eur"
    alert.save()
    an_alert("2", owner=None)

    answer = desk.get(LIST + "csv/?owner=me")

    (row,) = csv.DictReader(io.StringIO(answer.content.decode()))
    assert row["about"] == "'=HYPERLINK(1)"
    assert (row["amount"], row["currency"], row["owner"]) == ("24.00", "EUR", "dana@example.org")
    assert row["link"].startswith("http")
    assert "attachment" in answer.headers["Content-Disposition"]


def test_looking_again_at_once_finds_and_closes(desk: Client) -> None:
    rows.an_event(status="dead", last_error="KeyError: 'charge'")

    page = desk.post(LIST + "look/", follow=True)

    assert "This is how it is now." in page.content.decode()
    assert "See why the event refund.updated could not be handled" in page.content.decode()


@pytest.mark.parametrize("path", ["/admin/", LIST])
def test_nobody_reads_of_what_they_have_just_dealt_with(desk: Client, path: str) -> None:
    event = rows.an_event(status="dead", last_error="KeyError: 'charge'")
    look(BY_KIND[Kind.DEAD])
    assert "See why the event" in desk.get(path).content.decode()

    type(event).objects.update(status="handled")

    assert "See why the event" not in desk.get(path).content.decode()
    assert Alert.objects.get().closed_how == "by_itself"


def test_the_start_page_folds_what_was_put_off_and_names_owner_and_amount(desk: Client, dana: User) -> None:
    alert = an_alert("1", owner=dana)
    Alert.objects.filter(pk=alert.pk).update(amount=2400, currency="eur")
    handling.snooze(an_alert("2", owner=None), now() + DAY, by=dana, reason="Later.")

    page = desk.get("/admin/").content.decode()

    opened, quiet = page.split("<details", 1)
    assert "buyer1@example.org" in opened
    assert "€24.00" in opened
    assert "· you" in opened or ">you" in opened or "you ·" in opened
    assert "buyer2@example.org" not in opened
    assert "buyer2@example.org" in quiet
    assert "1 put off" in quiet


@pytest.mark.parametrize("path", ["/admin/", LIST])
def test_a_page_asks_as_often_for_many_as_for_few(desk: Client, dana: User, path: str) -> None:
    emil = User.objects.create_superuser("emil@example.org", "x")
    for n in range(2):
        an_alert(str(n), owner=emil)
    desk.get(path)
    few = queries(lambda: desk.get(path))

    for n in range(2, 30):
        an_alert(str(n), owner=dana if n % 2 else emil)

    # One more: how many there are beyond those the start page names.
    assert queries(lambda: desk.get(path)) <= few + 1


def queries(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)


def test_the_start_page_reads_problems_in_a_handful_of_queries(dana: User) -> None:

    for n in range(5):
        an_alert(str(n), owner=dana)

    assert queries(lambda: board(dana)) <= 4


def test_the_jobs_say_when_they_ran_and_will_run(desk: Client) -> None:
    heartbeats.expect()
    heartbeats.beat("kit.send_mail", ok=True, took_ms=12)
    heartbeats.beat("ledger.seal", ok=False, took_ms=12, error="OperationalError: no connection")

    page = desk.get("/admin/monitoring/heartbeat/").content.decode()

    assert "kit.send_mail" in page
    assert "12 ms" in page
    assert "OperationalError: no connection" in page
    assert desk.get(reverse("admin:monitoring_heartbeat_change", args=["kit.send_mail"])).status_code == 200


def test_a_duty_is_given_only_to_somebody_who_can_do_it(desk: Client, dana: User) -> None:
    no = viewer("view_mail")
    page = desk.post("/admin/monitoring/duty/add/", {"kind": "stale", "user": no.pk})
    assert "This person lacks a permission to act on that." in page.content.decode()

    assert desk.post("/admin/monitoring/duty/add/", {"kind": "unsent", "user": no.pk}).status_code == 302
    assert desk.post("/admin/monitoring/duty/add/", {"kind": "", "user": dana.pk}).status_code == 302
    assert list(Duty.objects.values_list("kind", "user__email")) == [
        ("", "dana@example.org"),
        ("unsent", "viewer@example.org"),
    ]
