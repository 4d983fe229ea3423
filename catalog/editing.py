"""Two people at one listing: each save makes a version, and who saves on top of another's is told what changed.

Nothing typed is lost: what somebody did not touch takes the other's new words, what both changed keeps the later one's
and says so, and only the next press of the button stores it.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from catalog.models import Category, Listing, ListingEdit
from kit.clock import now
from kit.money import format_money

# What a version remembers, as the row has it.
FACTS = ("title", "category_id", "description", "price", "currency", "delivery")


class Overtaken(Exception):
    """Somebody saved since this form was opened. `edits` are their saves, the oldest first."""

    def __init__(self, edits: list[ListingEdit]) -> None:
        self.edits = edits
        super().__init__("The listing was saved by somebody else meanwhile.")


def locked(listing: Listing, version: int | None) -> Listing:
    """The listing's row as it is now, locked until the transaction ends; raises Overtaken if it is not `version` (what
    the form showed; None asks for nothing).
    """
    # Two who save at once: the second waits, and then reads that the version is not the one it was shown.
    row = Listing.objects.select_for_update(no_key=True).get(pk=listing.pk)
    if version is not None and row.version != version:
        raise Overtaken(list(row.edits.filter(version__gt=version)))
    return row


def facts(listing: Listing) -> dict[str, Any]:
    """What a version remembers of the listing."""
    return {name: getattr(listing, name) for name in FACTS}


def record(listing: Listing, before: Mapping[str, Any], after: Mapping[str, Any], actor: str) -> None:
    """Make the next version of a listing whose row is locked; nothing when nothing has changed."""
    changes = {name: [before[name], after[name]] for name in after if before.get(name) != after[name]}
    if not changes:
        return
    listing.version += 1
    Listing.objects.filter(pk=listing.pk).update(version=listing.version)
    ListingEdit.objects.create(listing=listing, version=listing.version, actor=actor, at=now(), changes=changes)


def changed(edits: list[ListingEdit]) -> dict[str, list[Any]]:
    """By fact, what it was before all of these edits, and what it is after them."""
    found: dict[str, list[Any]] = {}
    for edit in edits:
        for name, (before, after) in edit.changes.items():
            found[name] = [found[name][0] if name in found else before, after]
    return found


def in_words(name: str, value: Any, currency: str) -> str:
    """A fact as people read it."""
    if name == "category_id":
        return Category.objects.filter(pk=value).values_list("name", flat=True).first() or ""
    if name == "price":
        return format_money(value, currency)
    if name == "delivery":
        return str(Listing.Delivery(value).label)
    if name == "description":
        return _("(the new words are below)")
    if name == "variants":
        return ", ".join(each for each, *_facts in value) or _("none")
    return str(value)


def who(edits: list[ListingEdit]) -> str:
    """Whose edits these are."""
    return ", ".join(dict.fromkeys(edit.actor for edit in edits))
