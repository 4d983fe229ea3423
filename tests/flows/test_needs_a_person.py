"""The admin begins with what needs a person, the oldest first, each with the page where it is done."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from inbox.models import StripeEvent
from kit.clock import now
from kit.mail import GIVE_UP_AFTER
from kit.models import Mail
from monitoring.queries import Line, open_problems
from monitoring.sweeping import sweep
from payments import decisions
from payments.decisions import Decider
from payments.models import MoneyAction, Payment, Refund, Share
from tests.factories import ListingFactory
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

REQUEST = {"amount": 2000, "reason": "changed_mind", "policy": "shared"}


@pytest.fixture
def share(world: World) -> Share:
    """Alice paid 24.00 for something of Bob's that has to be sent."""
    listing = ListingFactory(seller=world.seller(), price=2400)
    client, _customer = world.buyer()
    purchase = world.check_out(client, listing)
    world.pay(str(purchase.payments.get().session_id))
    world.settle()
    return Share.objects.get(payment__purchase=purchase)


@pytest.fixture
def dana() -> User:
    return User.objects.create_superuser("dana@example.org", "a long enough password")


def test_nothing_is_said_as_such(dana: User) -> None:
    page = _signed_in(dana).get("/admin/")

    assert "Nothing. Decisions that wait for a second person" in page.content.decode()


def test_a_decision_above_the_limit_waits_for_somebody_else(share: Share, dana: User, settings: Any) -> None:
    emil = User.objects.create_superuser("emil@example.org", "a long enough password")
    action = _ask(share, dana, settings)

    theirs, own = _found(emil), _found(dana)

    assert [task.what for task in theirs] == ["Approve or decline: Refund, €20.00"]
    assert [task.what for task in own] == ["Somebody else has to approve what you asked for: Refund, €20.00"]
    assert theirs[0].url == reverse("admin:payments_moneyaction_approve", args=[action.pk])


def test_a_refund_that_came_back_leads_to_paying_it_again(share: Share, dana: User) -> None:
    decisions.by_itself(share, MoneyAction.Kind.REFUND, REQUEST, actor="test", reason="Asked for.")
    Refund.objects.update(status=Refund.Status.FAILED)

    (task,) = _found(dana)

    assert task.what == "Pay the buyer €20.00 again: the refund came back"
    assert _signed_in(dana).get(task.url).status_code == 200


def test_everything_that_is_stuck_is_there_the_oldest_first(share: Share, dana: User) -> None:
    share.deadline_warned_at = now() - timedelta(days=1)
    share.save(update_fields=["deadline_warned_at"])
    Payment.objects.update(status=Payment.Status.REVIEW, created_at=now() - timedelta(days=3))
    StripeEvent.objects.update(received_at=now() - timedelta(days=2))
    StripeEvent.objects.exclude(pk=StripeEvent.objects.earliest("pk").pk).delete()
    StripeEvent.objects.update(status=StripeEvent.Status.DEAD, last_error="Traceback\nKeyError: 'charge'")
    Mail.objects.exclude(pk=Mail.objects.earliest("pk").pk).delete()
    Mail.objects.update(sent_at=None, attempts=GIVE_UP_AFTER, created_at=now())

    tasks = _found(dana)

    assert [task.what.split()[0:4] for task in tasks] == [
        ["Look", "at", "a", "payment"],
        ["See", "why", "the", "event"],
        ["Release", "or", "refund", "€21.60"],
        ["See", "why", "a", "mail"],
    ]
    assert tasks[1].about == "KeyError: 'charge'"
    desk = _signed_in(dana)
    assert [desk.get(task.url).status_code for task in tasks] == [200] * 4


def test_staff_see_only_what_they_may(share: Share, dana: User, settings: Any) -> None:
    _ask(share, dana, settings)
    viewer = User.objects.create_user("viewer@example.org", "a long enough password", is_staff=True)

    assert _found(viewer) == []

    viewer.user_permissions.add(Permission.objects.get(codename="add_moneyaction"))
    assert len(_found(User.objects.get(pk=viewer.pk))) == 1


def _found(user: User) -> list[Line]:
    """What the start page says after the worker has looked."""
    sweep()
    return open_problems(user)


def _ask(share: Share, user: User, settings: Any) -> MoneyAction:
    settings.SECOND_PERSON_ABOVE = {"eur": 500}
    plan = decisions.preview(share, MoneyAction.Kind.REFUND, REQUEST)
    return decisions.confirm(
        share,
        MoneyAction.Kind.REFUND,
        REQUEST,
        plan_hash=plan.hash,
        by=Decider(user.email, user),
        reason="Asked for.",
    )


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
