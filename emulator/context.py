"""One request (or one page visit, or one tick of the clock) at work: what every handler is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from emulator import events, ledger
from emulator.errors import invalid, missing
from emulator.kinds import CONNECTED
from emulator.money import require_currency
from emulator.render import render
from emulator.settings import Settings
from emulator.store import Row, Store
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.core import Emulator


@dataclass
class Ctx:
    """`account` is the connected account of the Stripe-Account header, "" for the platform itself."""

    em: Emulator
    now: int
    account: str = ""
    request_id: str | None = None
    idempotency_key: str | None = None
    raised: list[Json] = field(default_factory=list)  # events, for the transcript

    @property
    def store(self) -> Store:
        return self.em.store

    @property
    def settings(self) -> Settings:
        return self.em.settings

    # --- objects ---

    def own(self, kind: str, id: str) -> Row:
        """The object the path names: 404 when this account has none of that id."""
        row = self.store.get(id)
        if row is None or row.kind != kind or row.account != self.account:
            raise missing(kind, id)
        return row

    def referenced(self, kind: str, id: str, param: str) -> Row:
        """An object a parameter names: 400 with that parameter."""
        row = self.store.get(id)
        if row is None or row.kind != kind or row.account != self.account:
            raise missing(kind, id, param=param, status=400)
        return row

    def must(self, id: str) -> Row:
        """An object another one points to: it exists."""
        row = self.store.get(id)
        if row is None:
            raise KeyError(f"dangling reference {id}")
        return row

    def connected(self, id: str, param: str) -> Row:
        """A connected account a parameter names."""
        row = self.store.get(id)
        if row is None or row.kind != CONNECTED:
            raise invalid(f"No such destination: '{id}'", param=param, code="resource_missing")
        return row

    def insert(self, body: Json, *, account: str | None = None, private: Json | None = None) -> Row:
        owner = self.account if account is None else account
        return self.store.insert(body, account=owner, created=self.now, private=private)

    def save(self, row: Row) -> None:
        self.store.save(row)

    def shown(self, row: Row) -> Json:
        """The object as the API shows it now."""
        return render(self, row)

    # --- events and money ---

    def emit(self, type: str, row: Row | Json, *, account: str | None = None, previous: Json | None = None) -> None:
        """Raise an event about an object as it is now; it belongs to the object's account unless told otherwise."""
        if isinstance(row, Row):
            owner = row.account if account is None else account
            events.emit(self, type, self.shown(row), owner, previous)
        else:
            events.emit(self, type, row, account or "", previous)

    def post(self, account: str, type: str, amount: int, currency: str, source: str, **more: Any) -> str:
        """One ledger row; see `ledger.post`."""
        return ledger.post(self, account, type, amount, currency, source, **more)

    def currency(self, code: str, param: str = "currency") -> str:
        return require_currency(code, param)


def metadata(given: Any, current: Json | None = None) -> Json:
    """Metadata after an update: '' for one key removes it, '' for the whole removes everything."""
    if given is None:
        return dict(current or {})
    if given == "":
        return {}
    merged = dict(current or {})
    for key, value in given.items():
        if value in ("", None):
            merged.pop(key, None)
        else:
            merged[key] = str(value)
    if len(merged) > 50:
        raise invalid("You cannot have more than 50 metadata keys.", param="metadata")
    for key, value in merged.items():
        if len(key) > 40:
            raise invalid(f"Metadata keys can have up to 40 characters, but {key} has {len(key)}.", param="metadata")
        if len(value) > 500:
            raise invalid(
                f"Metadata values can have up to 500 characters, but you passed in a value that is {len(value)} "
                f"characters. Invalid value: {value[:20]}…",
                param=f"metadata[{key}]",
            )
    return merged
