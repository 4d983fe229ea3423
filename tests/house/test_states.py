"""The pictures of the states are those of the code, and the tables behind them are complete."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import models

from kit.transitions import MoveRecord
from marketplace.management.commands.states import draw, with_moves
from orders.models import Order, Status


def test_the_states_page_is_current() -> None:
    call_command("states", check=True)


def test_a_page_that_differs_is_caught(settings: Any, tmp_path: Path) -> None:
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    call_command("states")
    page = tmp_path / "docs" / "states.md"
    page.write_text(page.read_text().replace("awaiting_payment --> paid", "awaiting_payment --> fulfilled"))

    with pytest.raises(CommandError, match="out of date"):
        call_command("states", check=True)


def test_a_changed_table_changes_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    before = draw([Order])
    monkeypatch.setattr(Order, "MOVES", {**Order.MOVES, Status.FULFILLED: frozenset({Status.CANCELLED})})

    assert "fulfilled --> cancelled" not in before
    assert "fulfilled --> cancelled" in draw([Order])


@pytest.mark.parametrize("model", with_moves(), ids=lambda model: model.__name__)
def test_every_table_is_complete(model: Any) -> None:
    choices = {value for value, _label in model._meta.get_field("status").flatchoices}
    reached = {status for onward in model.MOVES.values() for status in onward}

    assert reached <= set(model.MOVES) <= choices, "every status that can be reached says where it leads"
    assert issubclass(model.HISTORY, MoveRecord)
    assert model.HISTORY._meta.get_field("subject").related_model is model


def test_every_model_with_a_guarded_status_is_drawn() -> None:
    records: list[Any] = MoveRecord.__subclasses__()
    with_history = {record._meta.get_field("subject").related_model for record in records}

    assert with_history == set(with_moves())
    assert all(isinstance(model._meta.get_field("status"), models.CharField) for model in with_moves())
