"""What the documents say about the code is so: events, tasks, statuses, names, links, and the sums of the example."""

import importlib
import re
from datetime import UTC, datetime

import pytest
import stripe
from django.apps import apps

from accounts.models import ConnectedAccount
from cases.models import Case, Offer
from gateway.models import Operation
from gateway.objects import BalanceTransaction
from inbox.models import StripeEvent
from inbox.routes import ROUTES
from ledger.journal import PostingPlan
from marketplace.celery import app
from orders.models import Order
from payments import books, dispute_books, plans
from payments.models import Dispute, DisputeShare, MoneyAction, Payment, Payout, Refund, Release, Reversal, Share
from tests.house.tree import OURS, ROOT, Source, planted, sources

LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)#\s]+)[^)]*\)")
DOTTED = re.compile(rf"`((?:{'|'.join(sorted(OURS))})\.(?!py`)\w+(?:\.\w+)*)`")
FILE = re.compile(r"`([a-z_.]+(?:/[a-z_.-]+)+/?)`")


def pages() -> list[Source]:
    """Everything written for people, the emulator's own page included."""
    return sources("*.md")


def text(path: str) -> str:
    """One page."""
    return (ROOT / path).read_text()


def dead_links(found: list[Source]) -> list[str]:
    """Links to files that are not there."""
    links = [(page.path, link) for page in found for link in LINK.findall(page.text) if "://" not in link]
    return [f"{path} {link}" for path, link in links if not (ROOT / path).parent.joinpath(link).exists()]


def unknown_names(found: list[Source]) -> list[str]:
    """Names of our code, and of our files, that mean nothing."""
    dotted = [(page.path, name) for page in found for name in DOTTED.findall(page.text) if not _is_known(name)]
    files = [(page.path, name) for page in found for name in FILE.findall(page.text) if not (ROOT / name).exists()]
    return [f"{path} {name}" for path, name in [*dotted, *files]]


def _is_known(name: str) -> bool:
    """A module, something in one, a model or the name of a task. Loading tasks checks models, which asks the database
    what it can do.
    """
    app.loader.import_default_modules()
    parts = name.split(".")
    if name in app.tasks or parts[1].lower() in apps.get_app_config(parts[0]).models:
        return True
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[length:]:
            found = getattr(found, attribute, None)
        return found is not None
    return False


@pytest.mark.parametrize("endpoint", StripeEvent.Endpoint.values)
def test_the_events_to_choose_are_those_that_are_handled(endpoint: str) -> None:
    block = re.search(rf"<!-- events: {endpoint} -->(.+?)<!-- end -->", text("docs/operations.md"), re.DOTALL)
    handled = {kind for place, kind in ROUTES if place == endpoint}

    assert block is not None
    assert set(re.findall(r"`([\w.]+)`", block[1])) == handled
    assert all(f"`{kind}`" in text("README.md") for kind in handled)


def test_the_api_version_to_choose_is_the_librarys() -> None:
    assert f"`{stripe.api_version}`" in text("README.md")
    assert f"`{stripe.api_version}`" in text("docs/operations.md")


def test_the_tasks_that_run_by_themselves_are_listed_with_their_pace() -> None:
    listed = re.findall(r"\| (\d+) s \| `([\w.]+)`", text("docs/operations.md"))
    run = [(str(int(entry["schedule"])), entry["task"]) for entry in app.conf.beat_schedule.values()]

    assert sorted(listed) == sorted(run)


@pytest.mark.parametrize(
    "model",
    [
        Operation,
        StripeEvent,
        Payment,
        Payout,
        Order,
        Share,
        Release,
        Refund,
        Reversal,
        Dispute,
        MoneyAction,
        Case,
        Offer,
    ],
    ids=lambda model: model.__name__,
)
def test_every_status_is_explained_to_whoever_is_on_call(model: type[Operation]) -> None:
    written = text("docs/operations.md")

    assert [status for status in model.MOVES if f"`{status}`" not in written] == []


def test_the_example_of_the_money_is_what_would_be_booked() -> None:
    charge = BalanceTransaction("txn_1", 10000, 320, 9680, "eur")
    transfer = BalanceTransaction("txn_2", -10000, 0, -10000, "eur")
    fee = BalanceTransaction("txn_3", 1000, 0, 1000, "eur")
    at = datetime(2026, 1, 1, tzinfo=UTC)

    booked = [
        *plans.destination_payment(
            order_number="O", seller_ref="S", account="A", charge=charge, transfer=transfer, fee=fee, occurred_at=at
        ),
        plans.payout_sent(payout="P", account="A", amount=9000, currency="eur", occurred_at=at),
        plans.payout_arrived(payout="P", seller_ref="S", amount=9000, currency="eur", occurred_at=at),
        *held_and_released(at),
        *refunded(at),
        *disputed(at),
    ]

    lines = [f"{entry.account}:{entry.amount / 100:+.2f}" for posting in booked for entry in posting.entries]
    shown = re.findall(r"^\|[^|]*\| `(\w+)` \|[^|]*\| ([+−][\d.]+) \|$", text("docs/money-flow.md"), re.MULTILINE)
    assert [f"{account}:{amount.replace('−', '-')}" for account, amount in shown] == lines


def held_and_released(at: datetime) -> list[PostingPlan]:
    """Two sellers' orders are paid at once; the first one's money is released."""
    charge = BalanceTransaction("txn_4", 12800, 401, 12399, "eur")
    transfer = BalanceTransaction("txn_5", -9000, 0, -9000, "eur")
    account = ConnectedAccount(seller_id=1, stripe_id="A")
    share = Share(order=Order(number="B"), account=account, currency="eur", gross=10000, fee=1000)
    return [
        *plans.held_payment(number="P", orders={"B": 10000, "C": 2800}, charge=charge, occurred_at=at),
        books.released(Release(share=share, amount=9000), transfer, at=at),
        *books.fee_earned(share, at=at),
    ]


@pytest.mark.django_db
def test_links_and_names_lead_somewhere() -> None:
    assert dead_links(pages()) == []
    assert unknown_names(pages()) == []


@pytest.mark.django_db
def test_a_dead_link_and_an_unknown_name_are_caught() -> None:
    page = planted(
        "[x](docs/none.md) ![later](docs/none.png) [s](docs/states.md)\n"
        "`payments.settlement` `payments.plans.nothing` `inbox.handle_events` `docs/nothing.md` `tests/house`",
        "planted.md",
    )

    assert dead_links(page) == ["planted.md docs/none.md"]
    assert unknown_names(page) == ["planted.md payments.plans.nothing", "planted.md docs/nothing.md"]


def refunded(at: datetime) -> list[PostingPlan]:
    """One order is refunded in part before its release, the other in full after it, which leaves a debt."""
    account = ConnectedAccount(seller_id=1, stripe_id="A")
    held = Share(order=Order(number="C"), account=account, currency="eur", gross=2800, fee=280)
    gone = Share(order=Order(number="B"), account=account, currency="eur", gross=10000, fee=1000, fee_earned=True)
    later = Share(order=Order(number="D"), account=account, currency="eur", gross=5000, fee=500)
    part = Refund(pk=1, share=held, amount=1000, from_seller=900, from_fee=100, absorbed=900)
    whole = Refund(pk=2, share=gone, amount=10000, from_seller=9000, from_fee=1000, owed=9000)
    back = Reversal(release=Release(share=gone, amount=9000), amount=6000)
    lines = [BalanceTransaction(f"txn_{n}", -amount, 0, -amount, "eur") for n, amount in ((6, 1000), (7, 10000))]
    return [
        books.refund_accepted(part, at=at),
        books.refund_paid(part, lines[0], at=at),
        books.refund_accepted(whole, at=at),
        books.refund_paid(whole, lines[1], at=at),
        books.reversed_for_refund(back, BalanceTransaction("txn_8", 6000, 0, 6000, "eur"), at=at),
        books.netted(Release(pk=1, share=later, amount=1500, netted=3000), at=at),
    ]


def disputed(at: datetime) -> list[PostingPlan]:
    """A released order is disputed and lost; some of it could be fetched back."""
    account = ConnectedAccount(seller_id=1, stripe_id="A")
    share = Share(order=Order(number="B"), account=account, currency="eur", gross=10000, fee=1000, fee_earned=True)
    dispute = Dispute(stripe_id="D", payment_id=1, amount=10000, currency="eur", line_currency="eur", withdrawn=10000)
    back = Reversal(release=Release(share=share, amount=9000), amount=6000)
    part = DisputeShare(pk=1, dispute=dispute, share=share, amount=10000, from_fee=1000, absorbed=6000, owed=3000)
    return [
        dispute_books.moved(dispute, BalanceTransaction("txn_9", -10000, 1500, -11500, "eur"), at=at),
        books.reversed_into_hold(back, BalanceTransaction("txn_10", 6000, 0, 6000, "eur"), sellers=6000, at=at),
        dispute_books.borne(part, at=at),
        # Won on appeal, after some of the debt was set off.
        dispute_books.moved(dispute, BalanceTransaction("txn_11", 10000, 0, 10000, "eur"), at=at),
        dispute_books.undone(part, restored=1000, at=at),
    ]
