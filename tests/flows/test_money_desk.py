"""Staff decide about money in the admin: the consequence first, then exactly that."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from payments import decisions
from payments.decisions import Decider, NotApprovable
from payments.models import MoneyAction, Refund, Release, Share
from tests.factories import ListingFactory
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

Kind = MoneyAction.Kind


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


@pytest.fixture
def desk(dana: User) -> Client:
    client = Client()
    client.force_login(dana)
    return client


def _page(share: Share, kind: str) -> str:
    return reverse("admin:payments_share_decide", args=[share.pk, kind])


def _refund(**changes: str) -> dict[str, str]:
    return {"amount": "10.00", "why": "changed_mind", "policy": "", "reason": "She asked for it."} | changes


def test_a_refund_is_shown_before_it_is_made(share: Share, desk: Client) -> None:
    shown = desk.post(_page(share, "refund"), _refund())

    assert shown.status_code == 200
    assert "Refund €10.00 to the buyer" in shown.content.decode()
    assert not Refund.objects.exists()


def test_confirming_makes_exactly_what_was_shown(share: Share, desk: Client, dana: User) -> None:
    plan = desk.post(_page(share, "refund"), _refund()).context["plan"]

    answer = desk.post(_page(share, "refund"), _refund(plan=plan.hash, confirm="1"))

    assert answer.status_code == 302
    refund, action = Refund.objects.get(), MoneyAction.objects.get()
    assert (refund.amount, refund.status, refund.from_fee) == (1000, "succeeded", 100)
    assert (action.user, action.reason, action.plan_hash, action.status) == (
        dana, "She asked for it.", plan.hash, "done",
    )  # fmt: skip


def test_what_changed_meanwhile_is_shown_again_instead(share: Share, desk: Client) -> None:
    plan = desk.post(_page(share, "refund"), _refund()).context["plan"]
    decisions.by_itself(
        share, Kind.REFUND, {"amount": 500, "reason": "goodwill", "policy": "platform"}, actor="test", reason="Sorry."
    )

    answer = desk.post(_page(share, "refund"), _refund(plan=plan.hash, confirm="1"))

    assert answer.status_code == 409
    assert answer.context["plan"].hash != plan.hash
    assert Refund.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": "24.01"}, "amount"),
        ({"amount": "1.005"}, "amount"),
        ({"amount": "-3"}, "amount"),
        ({"amount": "zwölf"}, "amount"),
        ({"amount": ""}, "amount"),
        ({"reason": "  "}, "reason"),
        ({"why": "outside"}, "why"),
    ],
)
def test_bad_input_is_said_at_its_field(share: Share, desk: Client, changes: dict[str, str], field: str) -> None:
    answer = desk.post(_page(share, "refund"), _refund(**changes))

    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not MoneyAction.objects.exists()


def test_a_hold_stops_the_release_until_it_is_ended(share: Share, desk: Client) -> None:
    _confirm(desk, share, "hold", {"reason": "Something is odd.", "until": ""})

    refused = desk.post(_page(share, "release"), {"amount": "", "reason": "Now."})
    hold = share.holds.get()
    _confirm(desk, share, "end_hold", {"hold": str(hold.pk), "reason": "It was fine."})
    _confirm(desk, share, "release", {"amount": "", "reason": "It was fine."})

    assert refused.status_code == 422
    assert "held back" in refused.content.decode()
    assert Release.objects.get().status == "sent"


def test_above_the_limit_another_person_approves(share: Share, desk: Client, dana: User, settings: Any) -> None:
    settings.SECOND_PERSON_ABOVE = {"eur": 500}
    emil = User.objects.create_superuser("emil@example.org", "a long enough password")
    _confirm(desk, share, "refund", _refund())
    action = MoneyAction.objects.get()
    page = reverse("admin:payments_moneyaction_approve", args=[action.pk])

    desk.post(page, {"approve": "1"})
    assert not Refund.objects.exists()
    other = Client()
    other.force_login(emil)
    other.post(page, {"approve": "1"})

    action.refresh_from_db()
    assert (action.status, action.approver, action.user) == ("done", emil, dana)
    assert Refund.objects.get().status == "succeeded"


@pytest.mark.parametrize("kind", ["refund", "release", "hold"])
def test_f34_a_button_pressed_twice_decides_once_and_says_so(share: Share, desk: Client, kind: str) -> None:
    answers = _refund() if kind == "refund" else {"amount": "", "until": "", "reason": "Asked for."}
    plan = desk.post(_page(share, kind), answers).context["plan"]
    confirmed = {**answers, "plan": plan.hash, "confirm": "1"}

    first, second = desk.post(_page(share, kind), confirmed), desk.post(_page(share, kind), confirmed, follow=True)

    assert first.status_code == 302
    assert "That is done already." in second.content.decode()
    assert MoneyAction.objects.count() == 1


def test_f34_a_hold_is_ended_once_though_the_form_has_nothing_to_offer_any_more(share: Share, desk: Client) -> None:
    _confirm(desk, share, "hold", {"reason": "Something is odd.", "until": ""})
    answers = {"hold": str(share.holds.get().pk), "reason": "It was fine."}
    plan = desk.post(_page(share, "end_hold"), answers).context["plan"]
    confirmed = {**answers, "plan": plan.hash, "confirm": "1"}

    desk.post(_page(share, "end_hold"), confirmed)
    again = desk.post(_page(share, "end_hold"), confirmed)

    assert again.status_code == 302
    assert MoneyAction.objects.filter(kind=Kind.END_HOLD).count() == 1


def test_an_approval_of_outdated_facts_moves_nothing(share: Share, dana: User, settings: Any) -> None:
    settings.SECOND_PERSON_ABOVE = {"eur": 500}
    emil = User.objects.create_superuser("emil@example.org", "a long enough password")
    request = {"amount": 2000, "reason": "changed_mind", "policy": "shared"}
    plan = decisions.preview(share, Kind.REFUND, request)
    action = decisions.confirm(
        share, Kind.REFUND, request, plan_hash=plan.hash, by=Decider(dana.email, dana), reason="Asked for."
    )
    decisions.by_itself(share, Kind.REFUND, request, actor="test", reason="Somebody was faster.")

    with pytest.raises(NotApprovable):
        decisions.approve(action, by=emil)

    action.refresh_from_db()
    assert action.status == "outdated"
    assert Refund.objects.count() == 1


def test_the_page_of_a_share_tells_its_story(share: Share, desk: Client) -> None:
    page = desk.get(reverse("admin:payments_share_change", args=[share.pk]))

    assert page.status_code == 200
    assert "Paid by the buyer" in page.content.decode()
    assert desk.get(reverse("admin:payments_share_changelist")).status_code == 200


def test_staff_without_the_permission_may_look_only(share: Share) -> None:
    viewer = User.objects.create_user("viewer@example.org", "a long enough password", is_staff=True)
    client = Client()
    client.force_login(viewer)

    assert client.get(_page(share, "refund")).status_code == 403


def _confirm(desk: Client, share: Share, kind: str, answers: dict[str, str]) -> None:
    shown = desk.post(_page(share, kind), answers)
    assert shown.status_code == 200, shown.context["form"].errors
    answer = desk.post(_page(share, kind), {**answers, "plan": shown.context["plan"].hash, "confirm": "1"})
    assert answer.status_code == 302
