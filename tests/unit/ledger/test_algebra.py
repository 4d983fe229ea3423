"""Whatever is posted, sealed, sealed in part and taken back: the sums of the books hold (invariants I01 and I02)."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ledger import sealing
from ledger.journal import EntryPlan, PostingPlan, Unbalanced, balance, balances, find, post, statement
from ledger.models import Account, Entry, Posting, Seal
from ledger.sealing import seal_batch, seal_due
from ledger.verifying import verify
from tests.unit.ledger.books import AT, run

EXAMPLES = 150
REFS = ["", "a", "b"]
CURRENCIES = ["eur", "usd", "jpy", "kwd"]

amounts = st.integers(min_value=-(10**12), max_value=10**12).filter(bool)
accounts = st.tuples(st.sampled_from([*Account]), st.sampled_from(REFS))


@st.composite
def entries(draw: st.DrawFn) -> tuple[EntryPlan, ...]:
    """One to four entries in each of one or two currencies, and one more in each that makes it sum to zero."""
    found = []
    for currency in draw(st.lists(st.sampled_from(CURRENCIES), min_size=1, max_size=2, unique=True)):
        lines = draw(st.lists(st.tuples(accounts, amounts), min_size=1, max_size=4))
        left = -sum(amount for _account, amount in lines)
        if left:
            lines.append((draw(accounts), left))
        found += [EntryPlan(kind, ref, amount, currency) for (kind, ref), amount in lines]
    return tuple(found)


# A number is the name of a posting: to be made, made again, or taken back.
steps = st.lists(
    st.one_of(
        st.tuples(st.just("post"), st.integers(0, 9), entries()),
        st.tuples(st.just("reverse"), st.integers(0, 9), st.none()),
        st.tuples(st.just("seal"), st.integers(1, 3), st.none()),
    ),
    min_size=1,
    max_size=14,
)


@pytest.fixture(scope="module")
def ran() -> Iterator[Counter[str]]:
    """How much was tried; printed, so that nobody takes an empty run for a proof."""
    counted: Counter[str] = Counter()
    yield counted
    print(f"\nledger algebra: {dict(counted)}")  # noqa: T201


def begin_anew() -> None:
    """Empty books for each example: quicker than a flush of every table."""
    run("SET session_replication_role = replica",
        "DELETE FROM ledger_checkpoint", "DELETE FROM ledger_seal", "DELETE FROM ledger_entry",
        "DELETE FROM ledger_posting", "RESET session_replication_role")  # fmt: skip


def carry_out(step: tuple[str, int, tuple[EntryPlan, ...] | None], monkeypatch: pytest.MonkeyPatch) -> None:
    what, number, lines = step
    if what == "seal":
        monkeypatch.setattr(sealing, "BATCH", number)
        seal_batch()
    elif what == "post" and lines is not None:
        post([PostingPlan(f"fact:{number}", "charge", "A fact", AT, lines)])
    elif (booked := find(f"fact:{number}")) is not None:
        post([booked.reversed(key=f"back:{number}", kind="back", description="Taken back", occurred_at=AT)])


def counted_in_full() -> dict[tuple[str, str, str], int]:
    """Every balance, by looking at every entry."""
    rows = Entry.objects.order_by().values_list("account", "ref", "currency").annotate(Sum("amount"))
    return {(account, ref, currency): total for account, ref, currency, total in rows}


@pytest.mark.django_db(transaction=True)
@given(program=steps)
@settings(
    max_examples=EXAMPLES,
    deadline=timedelta(seconds=20),
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_balances_by_checkpoint_are_those_of_a_full_count(
    program: list[tuple[str, int, tuple[EntryPlan, ...] | None]], ran: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_anew()

    for step in program:
        carry_out(step, monkeypatch)
        ran[step[0]] += 1
    ran["examples"] += 1
    counted = counted_in_full()

    for (account, ref, currency), total in counted.items():
        assert balance(Account(account), ref, currency) == total
        lines = statement(Account(account), ref, currency, limit=1000)
        assert (lines[0].balance, lines[-1].balance) == (total, lines[-1].amount)
    for account in Account:
        of_kind = {(ref, currency): total for (kind, ref, currency), total in counted.items() if kind == account}
        assert balances(account, REFS) == of_kind
    assert all(sum_of(currency) == 0 for currency in CURRENCIES)
    monkeypatch.setattr(sealing, "BATCH", 2)
    seal_due()
    assert verify().postings == Posting.objects.count()
    assert sum(Seal.objects.values_list("postings", flat=True)) == Posting.objects.count()


def sum_of(currency: str) -> int:
    return Entry.objects.filter(currency=currency).aggregate(total=Sum("amount"))["total"] or 0


@pytest.mark.django_db(transaction=True)
@given(made=st.lists(entries(), min_size=1, max_size=6), sealed_after=st.integers(0, 6))
@settings(max_examples=60, deadline=timedelta(seconds=20), suppress_health_check=[HealthCheck.too_slow])
def test_what_is_taken_back_leaves_every_balance_as_it_was(
    made: list[tuple[EntryPlan, ...]], sealed_after: int, ran: Counter[str]
) -> None:
    begin_anew()

    for number, lines in enumerate(made):
        post([PostingPlan(f"fact:{number}", "charge", "A fact", AT, lines)])
        if number == sealed_after:
            seal_due()
    for number in range(len(made)):
        booked = find(f"fact:{number}")
        assert booked is not None
        post([booked.reversed(key=f"back:{number}", kind="back", description="Taken back", occurred_at=AT)])
    ran["taken back"] += len(made)

    assert set(counted_in_full().values()) == {0}
    assert all(each == 0 for account in Account for each in balances(account, REFS).values())


@given(lines=entries(), spoiled=st.integers(min_value=1, max_value=10**9))
@settings(max_examples=300)
def test_a_plan_that_is_off_by_anything_cannot_be_made(lines: tuple[EntryPlan, ...], spoiled: int) -> None:
    off = EntryPlan(lines[0].account, lines[0].ref, lines[0].amount + spoiled, lines[0].currency)

    with pytest.raises(Unbalanced):
        PostingPlan("k", "charge", "A fact", AT, (off, *lines[1:]))


@pytest.mark.django_db
def test_find_gives_back_what_was_posted() -> None:
    lines = (EntryPlan(Account.SUSPENSE, "x", 5, "eur"), EntryPlan(Account.PLATFORM_LOSS, "", -5, "eur"))
    plan = PostingPlan("k", "charge", "A fact", AT, lines, balance_transaction="txn_1", order_number="O1")
    post([plan])

    assert find("k") == plan
    assert find("other") is None
    assert connection.in_atomic_block
