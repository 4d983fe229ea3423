"""The seller guidelines: which version counts, who accepted it, how a new one is published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import Guidelines, GuidelinesAcceptance, Seller, User
from kit.clock import now


class OutdatedGuidelines(Exception):
    """The version that was read is not the current one any more."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or the items of a list."""

    text: str
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands under it."""

    title: str
    blocks: tuple[Block, ...]


def current() -> Guidelines | None:
    """The version sellers must have accepted: the highest one published."""
    return Guidelines.objects.exclude(published_at=None).order_by("-version").first()


def has_accepted(seller: Seller) -> bool:
    """Whether the current version was accepted for this seller. Nothing published means nothing to accept."""
    version = current()
    return version is None or GuidelinesAcceptance.objects.filter(seller=seller, guidelines=version).exists()


def accept(seller: Seller, *, version: int, user: User, ip_address: str | None) -> GuidelinesAcceptance:
    """Record that `user` accepts the guidelines for `seller`. Accepting twice keeps the first record.

    Raises OutdatedGuidelines when `version`, the one the person read, is not the current one.
    """
    with transaction.atomic():
        guidelines = current()
        if guidelines is None or guidelines.version != version:
            raise OutdatedGuidelines(f"version {version} is not the current one")
        acceptance, _created = GuidelinesAcceptance.objects.get_or_create(
            guidelines=guidelines,
            seller=seller,
            defaults={"user": user, "accepted_at": now(), "ip_address": ip_address},
        )
    return acceptance


def publish(guidelines: Guidelines, *, at: datetime | None = None) -> None:
    """Publish a drafted version. Every seller has to accept it before publishing a listing again."""
    Guidelines.objects.filter(pk=guidelines.pk, published_at=None).update(published_at=at or now())
    guidelines.refresh_from_db()


def sections(body: str) -> list[Section]:
    """Read the text: `## ` begins a section, a blank line a paragraph, `- ` an item of a list."""
    found: list[tuple[str, list[Block]]] = []
    for chunk in (part.strip() for part in body.split("\n\n")):
        if chunk.startswith("## "):
            found.append((chunk.removeprefix("## "), []))
        elif chunk:
            if not found:
                found.append(("", []))
            found[-1][1].append(_block(chunk))
    return [Section(title, tuple(blocks)) for title, blocks in found]


def _block(chunk: str) -> Block:
    lines = [line.strip() for line in chunk.splitlines()]
    if all(line.startswith("- ") for line in lines):
        return Block("", tuple(line.removeprefix("- ") for line in lines))
    return Block(" ".join(lines))
