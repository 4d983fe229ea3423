"""Dana looks things up."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from catalog.models import Listing
from customers.models import Customer
from kit.clock import now
from orders import progress
from orders.models import Basket, FeeRule, Order, Purchase
from tests.factories import UserFactory
from tests.unit.orders.conftest import Place, fill, signed_in


@pytest.fixture
def dana(db: None) -> Client:
    return signed_in(UserFactory(email="dana@example.org", is_staff=True, is_superuser=True))


@pytest.fixture
def bought(basket: Basket, bowl: Listing, place: Place) -> Purchase:
    fill(basket, (bowl, 2))
    purchase = place()
    progress.mark_paid(purchase, at=now(), actor="worker", reason="Stripe confirmed the payment.")
    return purchase


@pytest.mark.parametrize("wanted", ["number", "order", "email"])
@pytest.mark.parametrize("page", ["purchase", "order"])
def test_purchases_and_orders_are_found_by_number_and_mail_address(
    dana: Client, bought: Purchase, page: str, wanted: str
) -> None:
    words = {"number": bought.number, "order": bought.orders.get().number, "email": "alice@example.org"}

    found = dana.get(f"/admin/orders/{page}/", {"q": words[wanted]})
    nothing = dana.get(f"/admin/orders/{page}/", {"q": "nobody@example.org"})

    assert found.context["cl"].result_count == 1
    assert nothing.context["cl"].result_count == 0


def test_a_purchase_shows_its_orders_and_history_and_links_them(dana: Client, bought: Purchase) -> None:
    order = bought.orders.get()

    html = dana.get(f"/admin/orders/purchase/{bought.pk}/change/").content.decode()

    assert f"/admin/orders/order/{order.pk}/change/" in html
    assert f"/admin/customers/customer/{bought.customer_id}/change/" in html
    assert "Stripe confirmed the payment." in html
    assert "€48.00" in html


def test_an_order_shows_lines_amounts_and_its_purchase(dana: Client, bought: Purchase) -> None:
    order = bought.orders.get()

    html = dana.get(f"/admin/orders/order/{order.pk}/change/").content.decode()

    assert f"/admin/orders/purchase/{bought.pk}/change/" in html
    assert "Grey bowl" in html
    assert all(amount in html for amount in ("€48.00", "€4.80", "€43.20"))


@pytest.mark.parametrize("model", [Purchase, Order, Basket])
def test_nothing_is_added_changed_or_deleted_by_hand(dana: Client, bought: Purchase, model: type) -> None:
    row = model.objects.get()  # type: ignore[attr-defined]
    base = f"/admin/orders/{model.__name__.lower()}"

    assert dana.get(f"{base}/add/").status_code == 403
    assert dana.post(f"{base}/{row.pk}/change/", {"status": "cancelled"}).status_code == 403
    assert dana.post(f"{base}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert dana.get(f"{base}/{row.pk}/change/").status_code == 200


@pytest.mark.parametrize("page", ["basket", "purchase", "order"])
def test_g6_lists_take_at_most_eight_queries(
    dana: Client,
    alice: Customer,
    basket: Basket,
    bowl: Listing,
    place: Place,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    page: str,
) -> None:
    for _time in range(3):
        fill(basket, (bowl, 1))
        progress.mark_paid(place(), at=now(), actor="worker", reason="Paid.")
        fill(Basket.objects.create(), (bowl, 1))

    with django_assert_max_num_queries(8):
        dana.get(f"/admin/orders/{page}/")


def test_buyers_and_sellers_are_not_let_in(alice: Customer, bob: object) -> None:
    for user in (alice.user, bob):
        assert signed_in(user).get("/admin/orders/purchase/").status_code == 302  # type: ignore[arg-type]


def rule_as_typed(**changes: str) -> dict[str, str]:
    typed = {"seller": "", "category": "", "basis_points": "800", "currency": "EUR", "minimum": "0.30", "cap": "25"}
    return typed | {"valid_from_0": "2026-01-01", "valid_from_1": "00:00", "note": "Agreed in May."} | changes


def test_a_fee_rule_is_written_with_amounts_as_people_write_them(dana: Client) -> None:
    answer = dana.post("/admin/orders/feerule/add/", rule_as_typed())

    rule = FeeRule.objects.get()
    assert answer.status_code == 302
    assert (rule.basis_points, rule.currency, rule.minimum, rule.cap) == (800, "eur", 30, 2500)
    assert "8%, at least €0.30, at most €25.00" in dana.get("/admin/orders/feerule/").content.decode()
    assert 'value="0.30"' in dana.get(f"/admin/orders/feerule/{rule.pk}/change/").content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"basis_points": "10001"}, "basis_points"),
        ({"currency": ""}, "currency"),
        ({"currency": "chf"}, "currency"),
        ({"currency": "jpy", "minimum": "0.5"}, "minimum"),
        ({"minimum": "a bit"}, "minimum"),
        ({"cap": "0.29"}, "cap"),
    ],
)
def test_a_fee_rule_that_makes_no_sense_is_refused_at_its_field(
    dana: Client, changes: dict[str, str], field: str
) -> None:
    answer = dana.post("/admin/orders/feerule/add/", rule_as_typed(**changes))

    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert not FeeRule.objects.exists()


def test_people_without_the_right_write_no_fee_rules(alice: Customer) -> None:
    answer = signed_in(alice.user).post("/admin/orders/feerule/add/", rule_as_typed())

    assert answer.status_code in (302, 403, 404)
    assert not FeeRule.objects.exists()
