"""A dump restored into a new cluster: PostgreSQL's transaction numbers begin again, the books' positions must not."""

import io
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from structlog.testing import capture_logs

from ledger import guards
from ledger.guards import NewCluster, rebase, require_same_cluster
from ledger.journal import balance
from ledger.models import Account, Posting
from ledger.sealing import seal_due
from ledger.tasks import seal
from ledger.verifying import verify
from tests.unit.ledger.books import post_each

pytestmark = pytest.mark.django_db(transaction=True)

# How many transactions the old cluster had seen that the new one has not.
AHEAD = 5_000_000


@pytest.fixture
def restored() -> Iterator[None]:
    """Books sealed in a cluster that was further on."""
    guards.set_offset(AHEAD)
    post_each("a", "b")
    seal_due()
    post_each("not-sealed")
    guards.set_offset(0)
    yield
    guards.set_offset(0)


def test_sealing_refuses_until_positions_are_put_in_order(restored: None) -> None:
    with pytest.raises(NewCluster, match="ledger_rebase"):
        seal_due()


def test_the_job_asks_for_a_person(restored: None) -> None:
    with capture_logs() as logs:
        seal()

    assert [entry["event"] for entry in logs] == ["ledger_needs_a_person"]


def test_positions_go_on_where_the_books_ended(restored: None) -> None:
    out = io.StringIO()

    call_command("ledger_rebase", stdout=out)
    post_each("c")

    assert "higher" in out.getvalue()
    require_same_cluster()
    assert [posting.key for posting in Posting.objects.order_by("position")][-1] == "charge:c"
    assert balance(Account.PLATFORM_CASH, "", "eur") == 4000
    assert seal_due() == 2
    assert verify().postings == 4


def test_where_nothing_was_restored_nothing_is_changed() -> None:
    post_each("a")
    seal_due()

    assert rebase() == 0
    call_command("ledger_rebase", stdout=io.StringIO())
    require_same_cluster()
