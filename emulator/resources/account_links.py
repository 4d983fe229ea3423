"""v2/core/account_links: single-use ways into hosted onboarding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.clock import rfc3339
from emulator.errors import StripeError, invalid, not_modelled
from emulator.kinds import CONNECTED
from emulator.registry import documented, operation
from emulator.schema.build import build
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

_FLOW = "{refresh_url return_url collection_options{fields future_requirements}}"

documented(
    "account links",
    "Single use, about five minutes by the emulator's clock; afterwards refresh_url is where people go.",
)


@operation("POST /v2/core/account_links", f"account use_case{{type account_onboarding{_FLOW} account_update{_FLOW}}}")
def create(ctx: Ctx, params: Json, ids: dict[str, str]) -> Json:
    row = ctx.store.get(params["account"])
    if row is None or row.kind != CONNECTED:
        raise StripeError(404, f"Account {params['account']} not found.", code="not_found", param="account")
    use_case = params["use_case"]
    if use_case["type"] == "account_update":
        # only where the platform collects requirements, which needs a dashboard-less account: none is modelled
        raise not_modelled("account links of type account_update")
    flow = use_case.get("account_onboarding")
    if flow is None:
        raise invalid(
            "Missing required param: use_case.account_onboarding.",
            param="use_case.account_onboarding",
            code="parameter_missing",
        )
    token = ctx.store.random_text(32)
    expires = ctx.now + ctx.settings.link_seconds
    return_url = flow.get("return_url") or flow["refresh_url"]
    ctx.store.insert(
        {"id": f"link_{token}", "object": "account_link"},
        account=row.id,
        created=ctx.now,
        private={
            "account": row.id,
            "refresh_url": flow["refresh_url"],
            "return_url": return_url,
            "expires_at": expires,
            "used": False,
        },
    )
    return build(
        "v2.core.account_link",
        account=row.id,
        created=rfc3339(ctx.now),
        expires_at=rfc3339(expires),
        url=f"{ctx.em.public_url}/setup/e/{row.id}/{token}",
        use_case=use_case,
    )
