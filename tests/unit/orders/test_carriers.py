"""Carriers' news by HTTP: believed only when signed, stored first, handled once, also when it comes early."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from kit.clock import fixed_at, machine_now, now
from kit.models import Mail
from marketplace.environment import shared_secrets
from orders import carriers, progress
from orders.models import CarrierNews, Order
from payments import sweeps
from payments.models import Share
from tests.world import World

pytestmark = pytest.mark.django_db

SECRET = "a-secret-of-dhl-0123"
NUMBER = "00340434"


@pytest.fixture(autouse=True)
def secrets(settings: Any) -> None:
    """We have agreed on a secret with one carrier."""
    settings.CARRIER_SECRETS = {"dhl": [SECRET], "empty": [""]}


@pytest.fixture
def order(world: World) -> Order:
    """Bob sent what Alice bought, an hour ago."""
    (share,) = world.bought((1000,))
    send(share.order, at=now() - timedelta(hours=1))
    return share.order


def send(order: Order, *, at: datetime, carrier: str = "DHL") -> None:
    progress.fulfil(order, at=at, actor="bob", reason="Sent.", carrier=carrier, tracking_number=NUMBER)


def said(**changes: Any) -> bytes:
    return json.dumps({"tracking_number": NUMBER, "status": "delivered", "at": now().isoformat(), **changes}).encode()


def signed(body: bytes, *, secret: str = SECRET, age: float = 0) -> str:
    moment = int(machine_now().timestamp() - age)
    made = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={made}"


def knock(body: bytes, *, header: str | None = None, carrier: str = "dhl") -> tuple[int, str]:
    answer = Client(enforce_csrf_checks=True).post(
        f"/carriers/{carrier}/news",
        body,
        content_type="application/json",
        headers={"Carrier-Signature": signed(body) if header is None else header},
    )
    return answer.status_code, answer.content.decode()


def fresh(order: Order) -> Order:
    found: Order = Order.objects.get(pk=order.pk)
    return found


# --- what is believed ---


def test_a_parcel_a_carrier_delivered_is_delivered_and_its_money_gets_its_date(order: Order) -> None:
    at = now()

    assert knock(said(at=at.isoformat())) == (200, "Stored.\n")
    assert fresh(order).status == "fulfilled"
    assert carriers.handle_waiting() == 1
    sweeps.set_dates()

    share = Share.objects.get()
    assert (fresh(order).status, fresh(order).delivered_by, fresh(order).delivered_at) == ("delivered", "carrier", at)
    assert (share.release_basis, share.release_at) == ("delivered", at + timedelta(days=3))
    assert CarrierNews.objects.get().moves.get().reason == f"Orders of this parcel: {order.number}."


def test_forged_news_is_not_stored(order: Order) -> None:
    body = said()
    forged = [
        signed(body, secret="another-secret-0123"),
        signed(said(at=(now() - timedelta(minutes=1)).isoformat())),
        signed(body).replace("v1=", "v1=0"),
        signed(body).partition(",")[0],
        "t=,v1=",
        "t=x,v1=é",
        "",
    ]

    answers = [knock(body, header=header)[0] for header in forged]

    assert set(answers) <= {400, 401}
    assert not CarrierNews.objects.exists()


@pytest.mark.parametrize("age", [301, -301, 10**6])
def test_what_was_signed_long_ago_or_in_the_future_is_stale(order: Order, age: int) -> None:
    status, sentence = knock(body := said(), header=signed(body, age=age))

    assert (status, "five minutes" in sentence) == (401, True)
    assert not CarrierNews.objects.exists()


def test_a_signature_of_five_minutes_ago_counts_still(order: Order) -> None:
    assert knock(body := said(), header=signed(body, age=295))[0] == 200


def test_the_same_request_again_is_a_replay_and_the_same_news_signed_anew_is_known(order: Order) -> None:
    body = said()
    header = signed(body)

    first, replay, again = (
        knock(body, header=header),
        knock(body, header=header),
        knock(body, header=signed(body, age=9)),
    )

    assert (first[0], replay[0], again) == (200, 409, (200, "Known already.\n"))
    assert CarrierNews.objects.count() == 1


def test_what_is_too_large_is_not_read(order: Order) -> None:
    body = said(padding="x" * carriers.LARGEST_BODY)

    assert knock(body) == (413, "This is larger than any news.\n")


@pytest.mark.parametrize("carrier", ["ups", "empty"])
def test_a_carrier_without_a_secret_is_not_accepted(order: Order, carrier: str) -> None:
    assert knock(body := said(), carrier=carrier, header=signed(body, secret=""))[0] == 404


def test_while_a_secret_is_changed_both_count(order: Order, settings: Any) -> None:
    settings.CARRIER_SECRETS = {"dhl": ["the-new-secret-0123", SECRET]}

    assert knock(said())[0] == 200


def test_news_is_sent_by_post_only() -> None:
    answer = Client().get("/carriers/dhl/news")

    assert (answer.status_code, answer["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("changes", "status", "why"),
    [
        ({"at": "yesterday"}, 422, "time zone"),
        ({"at": "2026-11-23T10:00:00"}, 422, "time zone"),
        ({"at": "2026-13-45T10:00:00Z"}, 422, "time zone"),
        ({"at": 5}, 422, "time zone"),
        ({"at": "2099-01-01T00:00:00Z"}, 422, "still to come"),
        ({"status": "lost"}, 422, "delivered"),
        ({"tracking_number": ""}, 422, "tracking_number"),
        ({"tracking_number": "x" * 101}, 422, "tracking_number"),
        ({"tracking_number": "a\x00b"}, 422, "tracking_number"),
        ({"tracking_number": 7}, 422, "tracking_number"),
    ],
)
def test_news_that_cannot_be_understood_is_refused_with_a_sentence(
    changes: dict[str, Any], status: int, why: str
) -> None:
    answered, sentence = knock(said(**changes))

    assert (answered, why in sentence) == (status, True), sentence
    assert not CarrierNews.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{}", b"\xff\xfe", b'"delivered"', b"{" * 9])
def test_what_is_not_news_is_answered_with_an_example(body: bytes) -> None:
    status, sentence = knock(body)

    assert (status, "Send JSON like" in sentence) == (400, True)


# --- what comes of it ---


def test_news_of_a_number_nobody_wrote_down_yet_waits_for_its_parcel(world: World) -> None:
    (share,) = world.bought((1000,))
    sent_at = now() - timedelta(hours=2)
    knock(said())

    assert carriers.handle_waiting() == 0
    send(share.order, at=sent_at)
    assert carriers.handle_waiting() == 1

    assert (fresh(share.order).status, CarrierNews.objects.get().status) == ("delivered", "handled")


def test_a_parcel_cannot_have_arrived_before_it_was_sent(order: Order) -> None:
    knock(said(at=(now() - timedelta(days=2)).isoformat()))

    carriers.handle_waiting()

    news = CarrierNews.objects.get()
    assert (news.status, fresh(order).status) == ("refused", "fulfilled")
    assert news.moves.get().reason == f"Delivered before order {order.number} was sent: that cannot be."


def test_handled_twice_it_delivers_once(order: Order) -> None:
    knock(said())

    handled = carriers.handle_waiting(), carriers.handle_waiting()

    assert handled == (1, 0)
    assert fresh(order).moves.filter(to_status="delivered").count() == 1


def test_the_buyers_own_word_stands_when_the_carriers_comes_later(order: Order) -> None:
    progress.deliver(order, at=now(), actor="alice", reason="I have it.", said_by="buyer")
    knock(said())

    carriers.handle_waiting()

    assert (fresh(order).delivered_by, CarrierNews.objects.get().status) == ("buyer", "handled")


def test_the_same_number_of_another_carrier_is_another_parcel_and_holds_nothing_up(world: World, settings: Any) -> None:
    settings.CARRIER_SECRETS["royal-mail"] = [SECRET]
    (first,) = world.bought((1000,))
    second = world.bought_again(first, 2000)
    send(first.order, at=now() - timedelta(hours=1), carrier="Royal Mail")
    send(second.order, at=now() - timedelta(hours=1), carrier="")
    knock(said(), carrier="royal-mail")

    carriers.handle_waiting()

    assert (fresh(first.order).status, fresh(second.order).status) == ("delivered", "delivered")
    knock(said(at=(now() - timedelta(minutes=3)).isoformat()))
    with fixed_at(now() + timedelta(minutes=1)):
        carriers.handle_waiting()
    assert list(CarrierNews.objects.order_by("pk").values_list("status", flat=True)) == ["handled", "handled"]


def test_the_seller_and_the_buyer_hear_of_it_once(order: Order) -> None:
    knock(said())
    before = Mail.objects.count()

    carriers.handle_waiting()
    carriers.handle_waiting()

    assert Mail.objects.count() == before + 1


def test_a_secret_that_is_too_short_stops_the_start() -> None:
    with pytest.raises(ImproperlyConfigured, match="16 characters"):
        shared_secrets("CARRIER_SECRETS", ["dhl=short"])

    assert shared_secrets("CARRIER_SECRETS", ["dhl=" + SECRET, "dhl=" + SECRET[::-1]]) == {
        "dhl": [SECRET, SECRET[::-1]]
    }
