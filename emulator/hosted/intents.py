"""The bank's page for an intent confirmed over the API: where next_action.redirect_to_url sends people."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit

from emulator.errors import HostedError, StripeError
from emulator.resources import payments, setup_intents
from emulator.types import Json, Outcome

if TYPE_CHECKING:
    from emulator.context import Ctx
    from emulator.core import Emulator
    from emulator.store import Row

_KINDS = ("payment_intent", "setup_intent")


def intent_view(em: Emulator, intent_id: str) -> Json:
    """Keys: setup (True: nothing is paid), total (minor units), currency, merchant, status, return_url | None."""
    with em.visit() as ctx:
        body = _waiting(ctx, intent_id).body
        return {
            "setup": body["object"] == "setup_intent",
            "total": body.get("amount"),
            "currency": body.get("currency"),
            "merchant": em.settings.platform_name,
            "status": body["status"],
            "return_url": _return_url(body),
        }


def intent_authenticate(em: Emulator, intent_id: str, *, succeed: bool) -> Outcome:
    """Answer the bank's question; `redirect_url` leads back to the platform either way."""
    with em.visit() as ctx:
        row = _waiting(ctx, intent_id)
        back = _back(row.body)
        if row.kind == "setup_intent":
            return _set_up(ctx, row, succeed, back)
        if not succeed:
            payments.refuse_authentication(ctx, row)
            return Outcome("declined", row.body["last_payment_error"]["message"], redirect_url=back)
        if row.body["confirmation_method"] == "manual":
            # the server confirms once more; the bank's answer is kept until then
            row.private["authenticated"] = True
            row.body |= {"next_action": None, "status": "requires_confirmation"}
            ctx.save(row)
            return Outcome("complete", redirect_url=back)
        try:
            payments.attempt(ctx, row, ctx.must(row.body["payment_method"]), authenticated=True)
        except StripeError as refused:
            # the seller lost the right to receive money since the payment was confirmed
            raise HostedError(f"This payment cannot be taken now: {refused.message}", status=409) from refused
        return Outcome("paid", redirect_url=back)


def _set_up(ctx: Ctx, row: Row, succeed: bool, back: str | None) -> Outcome:
    if not succeed:
        setup_intents.refuse_authentication(ctx, row)
        return Outcome("declined", row.body["last_setup_error"]["message"], redirect_url=back)
    setup_intents.attempt(ctx, row, ctx.must(row.body["payment_method"]), authenticated=True)
    return Outcome("complete", redirect_url=back)


def _waiting(ctx: Ctx, id: str) -> Row:
    row = ctx.store.get(id)
    if row is None or row.kind not in _KINDS or row.private.get("session"):
        raise HostedError("There is no such payment.", status=404)
    if row.body["status"] != "requires_action":
        raise HostedError("This payment does not ask for anything any more.", status=409)
    return row


def _return_url(body: Json) -> str | None:
    action = (body["next_action"] or {}).get("redirect_to_url") or {}
    url: str | None = action.get("return_url")
    return url


def _back(body: Json) -> str | None:
    """return_url with the intent's id and client secret added to its query, as Stripe does."""
    url = _return_url(body)
    if url is None:
        return None
    kind, parts = body["object"], urlsplit(url)
    added = urlencode({kind: body["id"], f"{kind}_client_secret": body["client_secret"]})
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))
