"""Any request: how it is refused, paged, expanded and labelled."""

from typing import Any

import pytest
import stripe

from tests.contract.marks import source
from tests.contract.target import Target, on, refused, why


def raw(target: Target, method: str, path: str, **params: Any) -> Any:
    """What the library's types would not let through."""
    return target.client.raw_request(method, path, **params)


@source("docs")
@pytest.mark.parametrize(
    ("given", "code", "param"),
    [
        ({"amuont": 1}, "parameter_unknown", "amuont"),
        ({"amount": "1x"}, "parameter_invalid_integer", "amount"),
        ({"amount": 100}, "parameter_missing", "currency"),
        ({"amount": 100, "currency": ""}, "parameter_invalid_empty", "currency"),
    ],
)
def test_a_wrong_parameter_is_named(target: Target, given: dict[str, Any], code: str, param: str) -> None:
    params = {"amount": 100, "currency": "eur", **given} if "amuont" in given else given
    if given.get("amount") == "1x":
        params = {**given, "currency": "eur"}

    error = refused(raw, target, "post", "/v1/payment_intents", **params)

    assert isinstance(error, stripe.InvalidRequestError)
    assert why(error) == (400, code, param)


@source("docs")
def test_a_wrong_parameter_deep_inside_is_named_with_its_path(target: Target) -> None:
    error = refused(
        raw, target, "post", "/v1/payment_intents", amount=100, currency="eur", transfer_data={"destinatoin": "x"}
    )

    assert error.error.param == "transfer_data[destinatoin]"


@source("docs")
def test_a_value_stripe_does_not_know_is_refused(target: Target) -> None:
    error = refused(raw, target, "post", "/v1/payment_intents", amount=100, currency="eur", capture_method="never")

    assert (error.http_status, error.error.param) == (400, "capture_method")


@source("docs")
def test_a_refusal_has_a_type_a_message_and_a_request(target: Target) -> None:
    error = refused(target.v1.customers.retrieve, "cus_none")

    assert (error.error.type, error.error.code) == ("invalid_request_error", "resource_missing")
    assert "cus_none" in str(error.error.message)
    assert str(error.error.doc_url).startswith("https://")
    assert str(error.request_id).startswith("req_")


@source("docs")
def test_what_is_missing_is_a_404_in_the_path_and_a_400_in_a_parameter(target: Target) -> None:
    path = refused(target.v1.charges.retrieve, "ch_none")
    param = refused(target.v1.refunds.create, {"charge": "ch_none"})

    assert why(path)[:2] == (404, "resource_missing")
    assert why(param) == (400, "resource_missing", "charge")


@source("docs")
def test_an_address_stripe_does_not_have_is_a_404(target: Target) -> None:
    error = refused(raw, target, "get", "/v1/chargez")

    assert error.http_status == 404
    assert "Unrecognized request URL" in str(error.error.message)


@source("docs")
def test_a_key_that_is_not_one_is_refused(target: Target) -> None:
    error = refused(target.v1.balance.retrieve, options={"api_key": "sk_test_this_is_no_key_at_all"})

    assert isinstance(error, stripe.AuthenticationError)
    assert error.http_status == 401


@source("docs")
def test_an_object_of_another_account_is_missing(target: Target) -> None:
    seller, charge = target.seller(), target.charge()

    error = refused(target.v1.charges.retrieve, charge.id, options=on(seller))

    assert why(error)[:2] == (404, "resource_missing")


@source("docs")
def test_an_object_of_another_kind_is_missing(target: Target) -> None:
    charge = target.charge()

    assert refused(target.v1.payment_intents.retrieve, charge.id).http_status == 404


@source("docs")
def test_test_objects_are_not_live(target: Target) -> None:
    charge = target.charge()

    assert charge.livemode is False
    assert charge.id.startswith("ch_")


@source("docs")
def test_a_request_of_an_older_version_may_use_the_older_names(target: Target) -> None:
    made = raw(
        target,
        "post",
        "/v1/payment_intents",
        amount=1_000,
        currency=target.currency,
        payment_method_types=["card"],
        stripe_version="2024-06-20",
    )

    assert made.data["payment_method_types"] == ["card"]


# --- lists ----------------------------------------------------------------------------------------------------


def three(target: Target) -> tuple[str, list[str]]:
    """Three payments of one customer, newest first."""
    customer = target.v1.customers.create({}).id
    return customer, [target.pay(customer=customer).id for _ in range(3)][::-1]


@source("docs")
def test_a_list_is_walked_by_cursor_in_both_directions(target: Target) -> None:
    customer, ids = three(target)
    intents = target.v1.payment_intents

    first = intents.list({"customer": customer, "limit": 2})
    rest = intents.list({"customer": customer, "limit": 2, "starting_after": first.data[-1].id})
    back = intents.list({"customer": customer, "limit": 2, "ending_before": ids[2]})

    assert ([one.id for one in first.data], first.has_more) == (ids[:2], True)
    assert ([one.id for one in rest.data], rest.has_more) == (ids[2:], False)
    assert [one.id for one in back.data] == ids[:2]
    assert (first.object, first.url) == ("list", "/v1/payment_intents")


@source("library")
def test_the_library_walks_a_list_to_its_end(target: Target) -> None:
    customer, ids = three(target)

    pages = target.v1.payment_intents.list({"customer": customer, "limit": 1})

    assert [one.id for one in pages.auto_paging_iter()] == ids


@source("docs")
@pytest.mark.parametrize("limit", [0, 101])
def test_a_page_has_one_to_a_hundred_objects(target: Target, limit: int) -> None:
    assert refused(target.v1.charges.list, {"limit": limit}).error.param == "limit"


@source("docs")
def test_a_page_has_ten_objects_unless_told_otherwise(target: Target) -> None:
    for _ in range(11):
        target.v1.customers.create({})

    assert len(target.v1.customers.list().data) == 10


@source("docs")
def test_a_cursor_nobody_has_is_refused(target: Target) -> None:
    error = refused(target.v1.charges.list, {"starting_after": "ch_none"})

    assert why(error)[1:] == ("resource_missing", "starting_after")


@source("docs")
def test_a_list_is_bounded_by_the_moment_of_creation(target: Target) -> None:
    customer, ids = three(target)
    made = target.v1.payment_intents.retrieve(ids[0]).created
    intents = target.v1.payment_intents

    after = intents.list({"customer": customer, "created": {"gt": made}}).data
    until = intents.list({"customer": customer, "created": {"lte": made}}).data

    assert (after, [one.id for one in until]) == ([], ids)


# --- expand ---------------------------------------------------------------------------------------------------


@source("docs")
def test_an_id_is_expanded_along_a_path(target: Target) -> None:
    charge = target.charge(transfer_data={"destination": target.seller()})

    plain = target.v1.payment_intents.retrieve(str(charge.payment_intent))
    full = target.v1.payment_intents.retrieve(plain.id, {"expand": ["latest_charge.transfer.destination_payment"]})

    assert plain.latest_charge == charge.id
    assert full.latest_charge.transfer.destination_payment.amount == 10_000


@source("docs")
def test_lists_are_expanded_inside_their_data(target: Target) -> None:
    customer, _ = three(target)
    params: Any = {"customer": customer, "expand": ["data.latest_charge"]}

    listed = target.v1.payment_intents.list(params).data

    assert {one.latest_charge.object for one in listed} == {"charge"}
    assert refused(target.v1.payment_intents.list, {"expand": ["latest_charge"]}).http_status == 400


@source("docs")
@pytest.mark.parametrize("path", ["amount", "nothing", "latest_charge.nothing", "a.b.c.d.e"])
def test_what_cannot_be_expanded_is_refused(target: Target, path: str) -> None:
    intent = target.pay()

    assert refused(target.v1.payment_intents.retrieve, intent.id, {"expand": [path]}).http_status == 400


# --- metadata -------------------------------------------------------------------------------------------------


@source("docs")
def test_metadata_is_merged_and_unset_by_an_empty_text(target: Target) -> None:
    made = target.v1.customers.create({"metadata": {"a": "1", "b": "2"}})

    merged = target.v1.customers.update(made.id, {"metadata": {"b": "", "c": "3"}})
    emptied = target.v1.customers.update(made.id, {"metadata": ""})

    assert merged.metadata.to_dict() == {"a": "1", "c": "3"}
    assert emptied.metadata.to_dict() == {}


@source("docs")
@pytest.mark.parametrize(
    "given",
    [{str(number): "x" for number in range(51)}, {"x" * 41: "1"}, {"a": "x" * 501}],
    ids=["many", "key", "value"],
)
def test_metadata_has_its_limits(target: Target, given: dict[str, str]) -> None:
    assert refused(target.v1.customers.create, {"metadata": given}).http_status == 400


@source("docs")
def test_metadata_at_its_limits_is_kept(target: Target) -> None:
    given = {str(number).rjust(40, "k"): "x" * 500 for number in range(50)}

    made = target.v1.customers.create({"metadata": given})

    assert made.metadata.to_dict() == given
