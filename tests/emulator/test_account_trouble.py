"""What Stripe does to accounts and banks to balances, on the operator's word."""

import pytest
import stripe

from emulator import actions, business, hosted, panel
from emulator.core import Emulator
from emulator.errors import HostedError
from tests.emulator.shop import DAY, Inbox, Shop

INCLUDE = {"include": ["configuration.recipient", "requirements"]}


def v2_capability(client: stripe.StripeClient, account: str, name: str) -> tuple[str, str | None]:
    """(status, code of the first detail)"""
    found = client.v2.core.accounts.retrieve(account, INCLUDE).to_dict()
    capability = found["configuration"]["recipient"]["capabilities"]["stripe_balance"][name]
    details = capability["status_details"]
    return capability["status"], details[0]["code"] if details else None


def test_a_requirement_takes_nothing_away_before_its_deadline_and_transfers_after_it(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    seller, inbox = shop.seller(), Inbox(em)

    business.require_more(em, seller, "document", days=3)

    asked = client.v1.accounts.retrieve(seller)
    assert asked.requirements
    assert asked.requirements.currently_due == ["individual.verification.document"]
    assert (asked.requirements.past_due, asked.requirements.disabled_reason) == ([], None)
    assert asked.requirements.current_deadline == em.now() + 3 * DAY
    assert (asked.payouts_enabled, asked.capabilities and asked.capabilities.transfers) == (True, "active")
    assert v2_capability(client, seller, "stripe_transfers") == ("active", None)

    em.advance(seconds=3 * DAY)

    late = client.v1.accounts.retrieve(seller)
    assert late.requirements
    assert late.requirements.past_due == ["individual.verification.document"]
    assert late.requirements.disabled_reason == "requirements.past_due"
    assert (late.payouts_enabled, late.capabilities and late.capabilities.transfers) == (False, "inactive")
    assert v2_capability(client, seller, "stripe_transfers") == ("restricted", "requirements_past_due")
    em.deliver_due(inbox.send)
    assert inbox.types == ["account.updated", "account.updated", "capability.updated"]


def test_a_document_nobody_can_read_is_asked_for_again_and_a_readable_one_settles_it(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    seller = shop.seller()
    business.require_more(em, seller, "document", days=0)
    flow = hosted.onboarding_open(em, shop.link(seller))
    steps = [step for step, _done in hosted.onboarding_view(em, flow)["steps"]]

    hosted.onboarding_save(em, flow, "document", {"document": "unreadable"})

    refused = client.v1.accounts.retrieve(seller).requirements
    assert steps == ["business", "person", "document", "bank", "review"]
    assert refused
    assert [error.code for error in refused.errors or []] == ["verification_document_not_readable"]
    assert hosted.onboarding_view(em, flow)["step"] == "document"

    hosted.onboarding_save(em, flow, "document", {"document": "readable"})

    settled = client.v1.accounts.retrieve(seller)
    assert settled.requirements
    assert (settled.requirements.currently_due, settled.requirements.errors) == ([], [])
    assert settled.payouts_enabled


def test_somebody_born_in_1900_is_verified_by_a_document(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    seller = shop.account()
    shop.onboard(seller, dob_year="1900")
    assert not client.v1.accounts.retrieve(seller).payouts_enabled
    flow = hosted.onboarding_open(em, shop.link(seller))

    hosted.onboarding_save(em, flow, "document", {"document": "readable"})

    assert client.v1.accounts.retrieve(seller).payouts_enabled


@pytest.mark.parametrize(
    ("reason", "code"), [("under_review", "restricted_other"), ("rejected.fraud", "rejected_fraud")]
)
def test_a_disabled_account_gets_nothing_until_it_is_restored(
    em: Emulator, client: stripe.StripeClient, shop: Shop, reason: str, code: str
) -> None:
    seller = shop.seller()
    charge = shop.charge(at_once=True)

    business.disable_account(em, seller, reason)

    found = client.v1.accounts.retrieve(seller)
    assert found.requirements
    assert (found.requirements.disabled_reason, found.payouts_enabled) == (reason, False)
    assert v2_capability(client, seller, "stripe_transfers") == ("restricted", code)
    transfer = {"destination": seller, "amount": 500, "currency": "eur", "source_transaction": charge.id}
    with pytest.raises(stripe.InvalidRequestError, match="capabilities enabled"):
        client.v1.transfers.create(transfer)

    assert business.restore_account(em, seller) == "active"
    assert client.v1.transfers.create(transfer).amount == 500


@pytest.mark.parametrize(("lost", "kept"), [("transfers", "payouts"), ("payouts", "transfers")])
def test_one_capability_goes_and_the_other_stays(
    em: Emulator, client: stripe.StripeClient, shop: Shop, lost: str, kept: str
) -> None:
    seller = shop.seller()

    business.lose_capability(em, seller, lost)

    found = client.v1.accounts.retrieve(seller)
    allowed = {
        "transfers": (found.capabilities and found.capabilities.transfers) == "active",
        "payouts": found.payouts_enabled,
    }
    names = {"transfers": "stripe_transfers", "payouts": "payouts"}
    assert allowed == {lost: False, kept: True}
    assert v2_capability(client, seller, names[lost]) == ("restricted", "restricted_other")
    assert v2_capability(client, seller, names[kept]) == ("active", None)


def test_a_disconnected_account_says_so_once_and_is_out_of_reach(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    seller, inbox = shop.seller(), Inbox(em)
    charge = shop.charge(at_once=True)
    client.v1.transfers.create(
        {"destination": seller, "amount": 500, "currency": "eur", "source_transaction": charge.id}
    )
    em.deliver_due(inbox.send)
    before = len(inbox.events)

    business.deauthorise(em, seller)
    em.advance(seconds=10 * DAY)

    em.deliver_due(inbox.send)
    heard = [event for event in inbox.events[before:] if getattr(event, "account", None) == seller]
    assert [(event.type, event.data.object["object"]) for event in heard] == [
        ("account.application.deauthorized", "application")
    ]
    assert seller in [account["id"] for account in panel.accounts(em)]
    with pytest.raises(stripe.PermissionError):
        client.v1.accounts.retrieve(seller)
    with pytest.raises(stripe.PermissionError):
        client.v1.balance.retrieve(options={"stripe_account": seller})
    with pytest.raises(stripe.InvalidRequestError, match="No such destination"):
        client.v1.transfers.create({"destination": seller, "amount": 1, "currency": "eur"})


def test_balances_are_funded_and_drained(em: Emulator, client: stripe.StripeClient, shop: Shop) -> None:
    seller = shop.seller()

    assert business.fund(em, "platform", 5_000) == 5_000
    assert business.fund(em, seller, 2_000) == 2_000
    assert (shop.balance(), shop.balance(seller)) == ((5_000, 0), (2_000, 0))
    assert business.drain(em, seller, 500) == 1_500
    assert business.drain(em, "platform") == 0
    with pytest.raises(HostedError, match="nothing available"):
        business.drain(em, "platform")
    with pytest.raises(HostedError, match="insufficient funds"):
        business.drain(em, seller, 9_999)


def test_a_part_of_a_charge_is_disputed_and_what_is_lost_is_not_disputed_again(
    em: Emulator, client: stripe.StripeClient, shop: Shop
) -> None:
    charge = shop.charge(10_000)
    first = business.open_dispute(em, charge.id, amount=4_000)
    assert business.move_dispute(em, first, "under_review") == "under_review"
    assert business.move_dispute(em, first, "lost") == "lost"

    with pytest.raises(HostedError, match="from 1 to 6000"):
        business.open_dispute(em, charge.id, amount=6_001)
    second = business.open_dispute(em, charge.id)

    assert client.v1.disputes.retrieve(second).amount == 6_000


def test_every_action_names_what_it_cannot_do(em: Emulator) -> None:
    for action in actions.ACTIONS:
        with pytest.raises((HostedError, ValueError)) as refusal:
            action.do(em, "nobody_1", {})

        assert str(refusal.value).endswith("."), action.path


def test_values_of_the_wrong_kind_are_refused_with_a_sentence(em: Emulator, shop: Shop) -> None:
    seller = shop.seller()

    for path, given in (
        ("accounts/fund", {"amount": "lots"}),
        ("accounts/require", {"what": 7}),
        ("accounts/require", {"what": "shoes"}),
        ("accounts/disable", {"reason": "because"}),
        ("accounts/lose_capability", {"capability": "cards"}),
        ("accounts/fund", {"amount": -5}),
        ("accounts/fund", {"currency": "xyz"}),
    ):
        with pytest.raises((HostedError, ValueError)):
            actions.BY_PATH[path].do(em, seller, given)
