"""Who looked at which dispute, and what sellers wrote and were written: to be read, never changed."""

from __future__ import annotations

from django.contrib import admin

from evidence.models import Reading, SellerLetter, SellerWords
from kit.admin import ReadOnlyAdmin


@admin.register(Reading)
class ReadingAdmin(ReadOnlyAdmin):
    """Every page and file of a dispute that somebody opened."""

    list_display = ("at", "email", "party", "dispute", "what", "file")
    list_filter = ("party",)
    search_fields = ("email", "=dispute__stripe_id", "what")
    list_select_related = ("dispute", "file")
    date_hierarchy = "at"
    ordering = ("-pk",)


@admin.register(SellerWords)
class SellerWordsAdmin(ReadOnlyAdmin):
    """What sellers say about disputes."""

    list_display = ("dispute", "share", "item", "written_by", "written_at")
    search_fields = ("=dispute__stripe_id", "=share__order__number", "text")
    list_select_related = ("dispute", "share__order", "written_by")
    ordering = ("-pk",)


@admin.register(SellerLetter)
class SellerLetterAdmin(ReadOnlyAdmin):
    """Of what sellers were told, and when."""

    list_display = ("at", "kind", "round", "dispute", "share")
    list_filter = ("kind",)
    search_fields = ("=dispute__stripe_id", "=share__order__number")
    list_select_related = ("dispute", "share__order")
    ordering = ("-pk",)
