"""Lists page by cursor, expand follows the library's types."""

import pytest
import stripe

from tests.emulator.shop import Shop


def test_lists_are_newest_first_and_page_both_ways(client: stripe.StripeClient) -> None:
    made = [client.v1.customers.create({"email": f"{n}@b.example"}).id for n in range(5)]
    newest = list(reversed(made))

    first = client.v1.customers.list({"limit": 2})
    second = client.v1.customers.list({"limit": 2, "starting_after": first.data[-1].id})
    back = client.v1.customers.list({"limit": 2, "ending_before": newest[3]})

    assert [one.id for one in first.data] == newest[:2]
    assert (first.has_more, first.url) == (True, "/v1/customers")
    assert [one.id for one in second.data] == newest[2:4]
    assert [one.id for one in back.data] == newest[1:3]
    assert [one.id for one in first.auto_paging_iter()] == newest
    assert [one.id for one in client.v1.customers.list({"email": "3@b.example"}).data] == [made[3]]


@pytest.mark.parametrize("limit", [0, 101])
def test_a_page_holds_1_to_100(client: stripe.StripeClient, limit: int) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.customers.list({"limit": limit})

    assert refused.value.param == "limit"


def test_a_deleted_customer_is_gone_from_lists_and_says_so_when_asked(client: stripe.StripeClient) -> None:
    kept, gone = client.v1.customers.create({}), client.v1.customers.create({})
    client.v1.customers.delete(gone.id)

    assert client.v1.customers.retrieve(gone.id).deleted is True
    assert [one.id for one in client.v1.customers.list()] == [kept.id]
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.update(gone.id, {"name": "x"})


def test_metadata_is_merged_and_emptied(client: stripe.StripeClient) -> None:
    made = client.v1.customers.create({"metadata": {"a": "1", "b": "2"}})

    merged = client.v1.customers.update(made.id, {"metadata": {"a": "", "c": "3"}})
    emptied = client.v1.customers.update(made.id, {"metadata": ""})

    assert merged.metadata.to_dict() == {"b": "2", "c": "3"}
    assert emptied.metadata.to_dict() == {}
    with pytest.raises(stripe.InvalidRequestError, match="500 characters"):
        client.v1.customers.update(made.id, {"metadata": {"a": "x" * 501}})


def test_expand_follows_ids_through_objects_and_lists(client: stripe.StripeClient, shop: Shop) -> None:
    seller = shop.seller()
    charge = shop.charge(10_000, transfer_data={"destination": seller}, application_fee_amount=100)

    deep = client.v1.transfers.list({"expand": ["data.source_transaction.balance_transaction", "data.destination"]})
    four = client.v1.payment_intents.retrieve(
        charge.payment_intent, {"expand": ["latest_charge.transfer.destination_payment.balance_transaction"]}
    )

    assert deep.data[0].source_transaction.balance_transaction.fee == 320
    assert deep.data[0].destination.object == "account"
    assert four.latest_charge.transfer.destination_payment.balance_transaction.net == 9_900


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("amount", "cannot be expanded"),
        ("nothing", "cannot be expanded"),
        ("payment_intent.latest_charge.payment_intent.latest_charge.transfer", "more than 4 levels"),
    ],
)
def test_what_cannot_be_expanded_is_refused(client: stripe.StripeClient, shop: Shop, path: str, words: str) -> None:
    charge = shop.charge(10_000)

    with pytest.raises(stripe.InvalidRequestError, match=words):
        client.v1.charges.retrieve(charge.id, {"expand": [path]})


def test_lists_expand_with_the_data_prefix(client: stripe.StripeClient, shop: Shop) -> None:
    shop.charge(10_000)

    with pytest.raises(stripe.InvalidRequestError, match=r"prefix `data\.`"):
        client.v1.charges.list({"expand": ["payment_intent"]})


def test_a_sessions_lines_come_in_their_order_page_by_page(client: stripe.StripeClient, shop: Shop) -> None:
    price = {"currency": "eur", "unit_amount": 500}
    lines = [{"quantity": n, "price_data": {**price, "product_data": {"name": f"Hat {n}"}}} for n in (1, 2, 3)]
    session = shop.session(line_items=lines)

    first = client.v1.checkout.sessions.line_items.list(session.id, {"limit": 2})
    rest = client.v1.checkout.sessions.line_items.list(session.id, {"starting_after": first.data[-1].id})
    with_lines = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["line_items"]})

    assert ([one.description for one in first.data], first.has_more) == (["Hat 1", "Hat 2"], True)
    assert [(one.description, one.amount_total) for one in rest.data] == [("Hat 3", 1_500)]
    assert (len(with_lines.line_items.data), with_lines.amount_total) == (3, 3_000)
    assert "line_items" not in session


def test_sessions_are_found_by_their_payment(client: stripe.StripeClient, shop: Shop) -> None:
    session = shop.session()
    shop.session()
    shop.pay(session.id)
    intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent

    assert [one.id for one in client.v1.checkout.sessions.list({"payment_intent": intent})] == [session.id]
    assert [one.id for one in client.v1.checkout.sessions.list({"status": "complete"})] == [session.id]
    assert len(client.v1.checkout.sessions.list({"status": "open"}).data) == 1
