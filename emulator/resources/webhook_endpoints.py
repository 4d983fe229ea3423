"""v1/webhook_endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.context import metadata
from emulator.errors import invalid, not_modelled
from emulator.paging import page
from emulator.registry import PAGING, documented, operation
from emulator.schema.build import build
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

documented(
    "webhooks",
    "Signed with HMAC-SHA256 over `t.body`; t is the wall clock whatever the emulator's clock says.",
    "Only 2xx is a success; redirects, errors and timeouts are tried again, re-signed, with the same event id.",
    "connect=true endpoints hear connected accounts' events (top-level account), the others the platform's.",
    "The secret is shown only in the answer to create.",
    "A disabled endpoint hears of no further events, and nothing is tried again while it is disabled.",
    "While a secret is rolled, attempts carry one v1 for the new secret and one for the old.",
)


@operation("POST /v1/webhook_endpoints", "url enabled_events connect api_version description metadata")
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    _require_url(params["url"])
    if params.get("api_version") not in (None, ctx.em.api_version):
        raise not_modelled("webhook endpoints of another api_version", param="api_version")
    secret = "whsec_" + ctx.store.random_text(32)
    id = _insert(ctx, params, secret, registered=False)
    return {**ctx.shown(ctx.must(id)), "secret": secret}


@operation("GET /v1/webhook_endpoints/{webhook_endpoint}")
def retrieve(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return ctx.shown(ctx.own("webhook_endpoint", ids["webhook_endpoint"]))


@operation("GET /v1/webhook_endpoints", PAGING)
def list_all(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    return page(ctx, "webhook_endpoint", params, "/v1/webhook_endpoints")


@operation("POST /v1/webhook_endpoints/{webhook_endpoint}", "url enabled_events description metadata disabled")
def update(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("webhook_endpoint", ids["webhook_endpoint"])
    if "url" in params:
        _require_url(params["url"])
        row.body["url"] = params["url"]
    if "enabled_events" in params:
        row.body["enabled_events"] = list(params["enabled_events"])
    if "description" in params:
        row.body["description"] = params["description"] or None
    if "disabled" in params:
        row.body["status"] = "disabled" if params["disabled"] else "enabled"
    row.body["metadata"] = metadata(params.get("metadata"), row.body["metadata"])
    ctx.save(row)
    ctx.em.forget_endpoints()
    return ctx.shown(row)


@operation("DELETE /v1/webhook_endpoints/{webhook_endpoint}")
def delete(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.own("webhook_endpoint", ids["webhook_endpoint"])
    ctx.store.delete(row)
    ctx.em.forget_endpoints()
    return {"id": row.id, "object": "webhook_endpoint", "deleted": True}


def _require_url(url: str) -> None:
    if not url.startswith(("http://", "https://")):
        raise invalid(
            "Invalid URL: An explicit scheme (such as https) must be provided.", param="url", code="url_invalid"
        )


def register(ctx: Ctx, url: str, secret: str, connect: bool, enabled_events: list[str]) -> str:
    """An endpoint the operator configured with a known secret; one per url and connect flag."""
    for row in ctx.store.find("webhook_endpoint"):
        if row.body["url"] == url and row.private["connect"] == connect:
            row.private["secret"] = secret
            row.private.pop("older_secrets", None)
            row.body["enabled_events"] = enabled_events
            ctx.save(row)
            ctx.em.forget_endpoints()
            return row.id
    return _insert(ctx, {"url": url, "enabled_events": enabled_events, "connect": connect}, secret, registered=True)


def roll(ctx: Ctx, id: str, keep_seconds: int, secret: str | None) -> str | None:
    """A new secret; the old one keeps signing beside it for a while."""
    row = ctx.store.get(id)
    if row is None or row.kind != "webhook_endpoint":
        return None
    now = ctx.now
    older = [one for one in row.private.get("older_secrets", ()) if one["until"] > now]
    older.insert(0, {"secret": row.private["secret"], "until": now + keep_seconds})
    row.private["secret"] = secret or "whsec_" + ctx.store.random_text(32)
    row.private["older_secrets"] = older
    ctx.save(row)
    ctx.em.forget_endpoints()
    return str(row.private["secret"])


def _insert(ctx: Ctx, params: Json, secret: str, *, registered: bool) -> str:
    connect = bool(params.get("connect"))
    body = build(
        "webhook_endpoint",
        id="we_1" + ctx.store.random_text(23),
        api_version=params.get("api_version"),
        application=None,
        created=ctx.now,
        description=params.get("description") or None,
        enabled_events=list(params["enabled_events"]),
        metadata=metadata(params.get("metadata") or None),
        status="enabled",
        url=params["url"],
    )
    ctx.insert(body, private={"secret": secret, "connect": connect, "registered": registered})
    ctx.em.forget_endpoints()
    return str(body["id"])
