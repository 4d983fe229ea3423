"""Bob builds a shelf for Alice and gets its money in three parts: every step on the pages, and what both are told."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from kit.models import Mail
from payments import holds
from payments.models import Hold, Milestone, MilestoneAgreement, Release, Share
from tests import invariants
from tests.factories import ListingFactory
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


class Sides:
    """Alice, who bought it, and Bob, who sells it, each signed in."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.alice, _customer = world.buyer()
        purchase = world.check_out(self.alice, ListingFactory(seller=world.seller(), price=10_000))
        world.pay(str(purchase.payments.get().session_id))
        world.settle()
        self.share = Share.objects.select_related("order__purchase").get()
        self.bob = Client()
        self.bob.force_login(User.objects.get(email="bob@example.org"))
        number, order = self.share.order.purchase.number, self.share.order.number
        self.desk, self.order_page = f"/desk/orders/{order}/", f"/orders/{number}/"
        self.milestones = f"/orders/{number}/milestones/{order}/"

    def propose(self, *rows: tuple[str, str], counted_in: str = "percent") -> Any:
        data = {"counted_in": counted_in, "part-TOTAL_FORMS": str(len(rows)), "part-INITIAL_FORMS": "0"}
        for place, (name, amount) in enumerate(rows):
            data |= {f"part-{place}-name": name, f"part-{place}-amount": amount}
        return self.bob.post(f"{self.desk}milestones/", data)

    def milestone(self, number: int) -> Milestone:
        found: Milestone = Milestone.objects.get(number=number)
        return found

    def done(self, number: int) -> None:
        self.bob.post(f"{self.desk}milestones/{self.milestone(number).pk}/done/")

    def confirm(self, number: int, *, plan: str = "") -> Any:
        address = f"{self.milestones}{self.milestone(number).pk}/"
        page = self.alice.get(address)
        shown = plan or (page.context or {}).get("plan_hash", "")
        return self.alice.post(address, {"plan": shown}, follow=True)

    def told(self, start: str) -> list[str]:
        return list(Mail.objects.filter(key__startswith=start).values_list("to", flat=True))


@pytest.fixture
def sides(world: World) -> Sides:
    return Sides(world)


def words(answer: Any) -> str:
    return str(answer.content.decode())


THIRDS = (("Drawing", "33.33"), ("Boards cut", "33.33"), ("Put up", "33.34"))


def test_a_shelf_is_paid_in_three_parts_as_each_is_confirmed(world: World, sides: Sides) -> None:
    assert "Propose milestones" in words(sides.bob.get(sides.desk))
    assert "To divide up" in words(sides.bob.get(f"{sides.desk}milestones/"))
    assert sides.propose(*THIRDS).status_code == 302
    page = words(sides.alice.get(sides.milestones))
    assert "Drawing" in page
    assert "Agree to these milestones" in page

    sides.alice.post(f"{sides.milestones}answer/", {"answer": "yes"})
    for number in (1, 2, 3):
        sides.done(number)
        sides.confirm(number)

    sides.share.refresh_from_db()
    amounts = list(Release.objects.order_by("pk").values_list("amount", flat=True))
    assert (sum(amounts), len(amounts), sides.share.status) == (9_000, 3, "released")
    assert sides.told("milestones-proposed") == ["alice@example.org"]
    assert sides.told("milestones-answered") == ["bob@example.org"]
    assert sides.told("milestone-done") == ["alice@example.org"] * 3
    assert "The part for “Drawing” went to the seller" in words(sides.alice.get(sides.order_page))
    assert "For “Put up”." in words(sides.bob.get(sides.desk))
    invariants.check_at_rest(world.emulator)


def test_the_buyer_sees_what_confirming_does_before_it_and_in_what_they_paid(sides: Sides) -> None:
    sides.propose(*THIRDS)
    sides.alice.post(f"{sides.milestones}answer/", {"answer": "yes"})
    sides.done(1)

    page = words(sides.alice.get(f"{sides.milestones}{sides.milestone(1).pk}/"))

    assert "€33.34" in page
    assert "You cannot take it back" in page
    assert not Release.objects.exists()


def test_pressed_twice_the_second_press_sends_nothing(sides: Sides) -> None:
    sides.propose(*THIRDS)
    sides.alice.post(f"{sides.milestones}answer/", {"answer": "yes"})
    sides.done(1)
    sides.confirm(1)

    again = sides.confirm(1)

    assert "Nothing waits for your word here" in words(again)
    assert Release.objects.count() == 1


def test_a_plan_that_was_not_shown_is_not_carried_out(sides: Sides) -> None:
    sides.propose(*THIRDS)
    sides.alice.post(f"{sides.milestones}answer/", {"answer": "yes"})
    sides.done(1)

    answer = sides.confirm(1, plan="0" * 64)

    assert answer.status_code == 409
    assert not Release.objects.exists()


def test_a_no_needs_a_reason_which_the_seller_reads(sides: Sides) -> None:
    sides.propose(*THIRDS)

    empty = sides.alice.post(f"{sides.milestones}answer/", {"answer": "no", "reason": ""})
    sides.alice.post(f"{sides.milestones}answer/", {"answer": "no", "reason": "I want all of it first."})

    assert empty.status_code == 422
    assert "Write a few words" in words(empty)
    desk = words(sides.bob.get(sides.desk))
    assert "I want all of it first." in desk
    assert "Propose milestones" in desk


def test_what_is_missing_is_told_to_the_seller_and_the_step_is_open_again(sides: Sides) -> None:
    sides.propose(*THIRDS)
    sides.alice.post(f"{sides.milestones}answer/", {"answer": "yes"})
    sides.done(1)

    address = f"{sides.milestones}{sides.milestone(1).pk}/not-done/"
    assert sides.alice.post(address, {"reason": ""}).status_code == 422
    sides.alice.post(address, {"reason": "The height is missing."})

    assert sides.milestone(1).status == "open"
    assert "The height is missing." in words(sides.bob.get(sides.desk))
    assert sides.told("milestone-not-done") == ["bob@example.org"]


def test_an_open_case_keeps_the_buyer_from_paying_out_by_mistake(sides: Sides) -> None:
    sides.propose(*THIRDS)
    sides.alice.post(f"{sides.milestones}answer/", {"answer": "yes"})
    sides.done(1)
    holds.write(
        sides.share, kind=Hold.Kind.CASE, ref="c", reason="A case is open.", ends_when="It is decided.", actor="case"
    )

    answer = sides.confirm(1)

    assert "held back at the moment" in words(answer)
    assert not Release.objects.exists()


def test_a_sum_that_does_not_add_up_is_said_on_the_form(sides: Sides) -> None:
    answer = sides.propose(("Drawing", "10.00"), ("Rest", "20.00"), counted_in="amounts")

    assert answer.status_code == 422
    assert "add up to €30.00, but your share is €90.00" in words(answer)
    assert not MilestoneAgreement.objects.exists()


def test_nobody_else_sees_or_moves_an_orders_milestones(world: World, sides: Sides) -> None:
    sides.propose(*THIRDS)
    stranger, _customer = world.buyer("charlie@example.org")
    world.seller("Other shop", email="mallory@example.org")
    mallory = Client()
    mallory.force_login(User.objects.get(email="mallory@example.org"))

    answers = [
        stranger.get(sides.milestones),
        stranger.post(f"{sides.milestones}answer/", {"answer": "yes"}),
        stranger.post(f"{sides.milestones}{sides.milestone(1).pk}/", {"plan": ""}),
        mallory.get(f"{sides.desk}milestones/"),
        mallory.post(f"{sides.desk}milestones/withdraw/"),
        mallory.post(f"{sides.desk}milestones/{sides.milestone(1).pk}/done/"),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert MilestoneAgreement.objects.get().status == "proposed"
