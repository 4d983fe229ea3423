"""Foreign keys point down, in the order of the rooms, so that a lower room never needs to know an upper one."""

from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps

from tests.house.tree import OURS, ROOMS

FLOOR = {room: number for number, rooms in enumerate(reversed(ROOMS)) for room in rooms}


def pointing_wrongly(found: list[type[models.Model]]) -> list[str]:
    """Every relation that points at a higher room, or at the room that stands beside its own."""
    wrong = []
    for model in found:
        for field in model._meta.get_fields():
            if field.auto_created or not field.is_relation:
                continue
            here = model._meta.app_label
            there = field.related_model._meta.app_label if field.related_model else "anything at all"
            if not may_point(here, there):
                wrong.append(f"{model.__name__}.{field.name}: {here} points at {there}")
    return wrong


def may_point(here: str, there: str) -> bool:
    """Django's own tables may be pointed at by anybody; a generic key may point anywhere, so it may not be."""
    if there not in OURS:
        return there in {"auth", "contenttypes"}
    return here == there or FLOOR[there] < FLOOR[here]


def test_every_foreign_key_points_down() -> None:
    ours = [model for model in apps.get_models() if model._meta.app_label in OURS]

    assert len(ours) > 20
    assert pointing_wrongly(ours) == []


def test_a_key_that_points_up_is_caught() -> None:
    with isolate_apps("payments", "ledger"):

        class Payment(models.Model):
            class Meta:
                app_label = "payments"

        class Posting(models.Model):
            payment = models.ForeignKey(Payment, on_delete=models.PROTECT)

            class Meta:
                app_label = "ledger"

        assert pointing_wrongly([Posting]) == ["Posting.payment: ledger points at payments"]
        assert pointing_wrongly([Payment]) == []


def test_a_key_between_rooms_that_stand_apart_is_caught() -> None:
    with isolate_apps("gateway", "ledger"):

        class Operation(models.Model):
            class Meta:
                app_label = "gateway"

        class Posting(models.Model):
            operations = models.ManyToManyField(Operation)

            class Meta:
                app_label = "ledger"

        assert pointing_wrongly([Posting]) == ["Posting.operations: ledger points at gateway"]
