"""The one door of every status."""

from typing import Any

import pytest

from catalog.models import Reservation
from kit.transitions import IllegalMove, LostRace, MoveRecord, move, move_all
from tests.factories import ListingFactory

pytestmark = pytest.mark.django_db


def held() -> Reservation:
    return Reservation.objects.create(listing=ListingFactory(), quantity=1)


def test_a_move_changes_the_status_and_writes_its_history() -> None:
    reservation = held()

    move(reservation, "sold", actor="bob@example.org", reason="Paid.")

    reservation.refresh_from_db()
    record = reservation.moves.get()
    assert reservation.status == "sold"
    assert (record.from_status, record.to_status, record.actor, record.reason) == (
        "held",
        "sold",
        "bob@example.org",
        "Paid.",
    )


def test_a_move_the_table_forbids_changes_nothing() -> None:
    reservation = held()
    move(reservation, "sold", actor="x", reason="y")

    with pytest.raises(IllegalMove):
        move(reservation, "released", actor="x", reason="y")

    assert reservation.moves.count() == 1


def test_the_slower_of_two_movers_loses() -> None:
    first = held()
    second = Reservation.objects.get(pk=first.pk)
    move(first, "sold", actor="x", reason="y")

    with pytest.raises(LostRace):
        move(second, "released", actor="x", reason="y")

    assert Reservation.objects.get(pk=first.pk).status == "sold"


def test_many_rows_move_together_each_with_its_history() -> None:
    rows = [held(), held()]

    move_all(rows, "sold", actor="x", reason="y")
    move_all([], "sold", actor="x", reason="y")

    assert list(Reservation.objects.values_list("status", flat=True)) == ["sold", "sold"]
    assert [row.moves.get().to_status for row in rows] == ["sold", "sold"]


def test_when_one_of_many_was_moved_by_somebody_else_none_moves() -> None:
    rows = [held(), held()]
    move(Reservation.objects.get(pk=rows[1].pk), "released", actor="x", reason="y")

    with pytest.raises(LostRace):
        move_all(rows, "sold", actor="x", reason="y")
    with pytest.raises(IllegalMove):
        move_all(list(Reservation.objects.all()), "sold", actor="x", reason="y")

    rows[0].refresh_from_db()
    assert rows[0].status == "held"


@pytest.mark.parametrize("record", sorted(MoveRecord.__subclasses__(), key=lambda one: one.__name__))
def test_each_history_finds_words_for_its_statuses(record: type[MoveRecord]) -> None:
    meta: Any = record._meta

    assert dict(meta.get_field("subject").related_model._meta.get_field("status").flatchoices)
