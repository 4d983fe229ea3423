"""Carriers' news in the admin: what was said, what came of it, and what still waits for its parcel."""

from __future__ import annotations

from django.contrib import admin

from kit.admin import ReadOnlyAdmin, ReadOnlyInline
from orders.models import CarrierNews, CarrierNewsMove


class CarrierNewsMoveInline(ReadOnlyInline):
    """What became of it, and why."""

    model = CarrierNewsMove


@admin.register(CarrierNews)
class CarrierNewsAdmin(ReadOnlyAdmin):
    """Every piece of news, newest first."""

    list_display = ("received_at", "carrier", "tracking_number", "says", "at", "status")
    list_filter = ("status", "carrier")
    search_fields = ("tracking_number",)
    date_hierarchy = "received_at"
    ordering = ("-pk",)
    inlines = (CarrierNewsMoveInline,)
