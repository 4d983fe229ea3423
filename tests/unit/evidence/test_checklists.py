"""What banks want for each reason, and how much of it is there."""

from __future__ import annotations

from dataclasses import replace

import pytest
import stripe

from emulator.resources.disputes import FILES, TEXTS
from evidence import checklists, packs
from evidence.checklists import HOPELESS, wanted
from evidence.models import FILE_FIELDS, TEXT_FIELDS, Field

# Stripe's words (stripe.Dispute.reason).
REASONS = (
    "bank_cannot_process check_returned credit_not_processed customer_initiated debit_not_authorized duplicate "
    "fraudulent general incorrect_account_details insufficient_funds noncompliant product_not_received "
    "product_unacceptable subscription_canceled unrecognized"
).split()


def keys(reason: str, code: str = "", *, ways: tuple[str, ...] = ("shipped",), needed: bool = False) -> set[str]:
    return {item.key for item in wanted(reason, code, deliveries=ways) if item.required or not needed}


def test_the_fields_are_those_of_stripes_form():
    params = stripe.params.DisputeUpdateParamsEvidence.__annotations__

    assert {*TEXT_FIELDS, *FILE_FIELDS} == set(params) - {"enhanced_evidence", "appeal"}
    assert {*FILES.split()} == FILE_FIELDS
    assert {*TEXTS.split()} == TEXT_FIELDS


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_a_checklist_or_says_why_none_helps(reason: str):
    items = wanted(reason)

    assert bool(items) != bool(checklists.hopeless(reason))
    assert bool(items) != (reason in HOPELESS)
    assert all(item.label and item.why and set(item.fields) <= set(Field.values) for item in items)
    assert len({item.key for item in items}) == len(items)
    assert [item.required for item in items] == sorted((item.required for item in items), reverse=True)


def test_a_reason_nobody_knows_yet_is_answered_like_a_general_one():
    assert keys("brand_new") == keys("general")


def test_proof_of_delivery_is_what_the_way_it_was_delivered_can_prove():
    assert {"tracking", "carrier", "delivery"} <= keys("product_not_received", needed=True)
    assert keys("product_not_received", ways=("digital",), needed=True) == {"use", "service_date", "product"}
    assert "service" in keys("product_not_received", ways=("pickup",), needed=True)
    assert {"tracking", "use"} <= keys("product_not_received", ways=("shipped", "digital"), needed=True)


@pytest.mark.parametrize(
    ("reason", "code", "needs"),
    [
        ("fraudulent", "10.4", {"ip", "email"}),
        ("fraudulent", "4837", {"ip", "email", "delivery"}),
        ("duplicate", "12.6.1", {"two_receipts", "receipt"}),
        ("product_unacceptable", "13.4", {"genuine"}),
        ("product_unacceptable", "4853", {"product", "messages"}),
        ("credit_not_processed", "13.7", {"policy", "policy_shown", "no_refund"}),
        ("general", "13.1", {"tracking"}),
        ("subscription_canceled", "4841", {"not_cancelled"}),
    ],
)
def test_a_networks_own_code_says_more(reason: str, code: str, needs: set[str]):
    assert needs <= keys(reason, code, needed=True)


def test_about_the_authorisation_no_proof_of_delivery_is_asked():
    assert "tracking" not in keys("fraudulent", "11.3")
    assert "authorisation" in keys("general", "4808", needed=True)


def test_what_is_needed_counts_three_times_what_helps():
    items = wanted("product_not_received", deliveries=["digital"])
    needed = {item.field for item in items if item.required}

    nothing, some, everything = (
        packs.compared(items, filled) for filled in (set(), needed, {item.field for item in items})
    )

    assert (nothing.percent, everything.percent) == (0, 100)
    assert some.is_complete
    assert not nothing.is_complete
    assert some.score == pytest.approx(3 * len(needed) / (3 * len(needed) + len(items) - len(needed)))


def test_another_field_may_do_as_well():
    (use,) = [item for item in wanted("product_not_received", deliveries=["digital"]) if item.key == "use"]

    assert packs.compared([use], {"service_documentation"}).present == (use,)
    assert packs.compared([replace(use, or_fields=())], {"service_documentation"}).missing


def test_nothing_is_complete_where_nothing_helps():
    rated = packs.compared([], set(), hopeless=checklists.hopeless("insufficient_funds"))

    assert (rated.score, rated.is_complete) == (0, False)
    assert "reads no evidence" in str(rated.hopeless)
