"""A request as received, and the checks that come before anything is executed."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from emulator import uploads
from emulator.errors import StripeError, invalid, not_modelled
from emulator.kinds import CONNECTED
from emulator.schema import forms
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.core import Emulator

_VERSION = re.compile(r"^\d{4}-\d{2}-\d{2}(\.\w+)?$")

# How parameters were called before the library's version: for clients that ask for an older one, or for none.
LEGACY_NAMES: dict[str, dict[str, str]] = {
    "POST /v1/checkout/sessions": {"payment_method_types": "allowed_payment_method_types"},
    "POST /v1/payment_intents": {"payment_method_types": "allowed_payment_method_types"},
    "POST /v1/payment_intents/{intent}": {"payment_method_types": "allowed_payment_method_types"},
    "POST /v1/payment_intents/{intent}/confirm": {"payment_method_types": "allowed_payment_method_types"},
    "POST /v1/setup_intents": {"payment_method_types": "allowed_payment_method_types"},
    "POST /v1/setup_intents/{intent}": {"payment_method_types": "allowed_payment_method_types"},
}
# What browsers and apps add to the calls of a publishable key, for statistics and fraud detection.
BROWSER_NAMES = frozenset(
    "client_attribution_metadata eid guid key muid pasted_fields payment_user_agent referrer sid time_on_page".split()
)
LEGACY_VALUES: dict[str, dict[str, dict[str, str]]] = {
    "POST /v1/checkout/sessions": {
        "ui_mode": {"hosted": "hosted_page", "embedded": "embedded_page", "custom": "elements"}
    },
    "POST /v1/accounts/{account}/reject": {"reason": {"fraud": "fraud_other"}},
}


@dataclass(frozen=True)
class Request:
    id: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    def header(self, name: str) -> str | None:
        return self.headers.get(name)

    @property
    def label(self) -> str:
        """What faults are matched against."""
        return f"{self.method} {self.path}"

    @property
    def is_v2(self) -> bool:
        return self.path.startswith("/v2/")

    @property
    def is_public(self) -> bool:
        """One of the calls a publishable key may make."""
        return self.path.startswith("/v1/payment_pages/") or self.label == "POST /v1/payment_methods"

    @property
    def account(self) -> str:
        return self.header("stripe-account") or self.header("stripe-context") or ""

    @property
    def idempotency_key(self) -> str | None:
        """v1 honours keys on POST, v2 on POST and DELETE."""
        if self.method == "POST" or (self.is_v2 and self.method == "DELETE"):
            return self.header("idempotency-key")
        return None


def make(id: str, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Request:
    path, _, query = url.partition("?")
    return Request(id, method, path, query, {name.lower(): value for name, value in headers.items()}, body or b"")


def authenticate(em: Emulator, request: Request) -> None:
    key = _api_key(request.header("authorization") or "") or _key_in_form(request)
    if not key:
        raise StripeError(
            401,
            "You did not provide an API key. You need to provide your API key in the Authorization header, using "
            "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
        )
    if key.startswith("pk_test_"):
        if not request.is_public:
            raise StripeError(
                401,
                "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a "
                "list of your API keys at https://dashboard.stripe.com/account/apikeys.",
                code="secret_key_required",
            )
        return
    if key.startswith(("sk_live_", "rk_live_", "pk_live_")):
        raise StripeError(401, "This is the emulator: it takes test keys only. Never send a live key here.")
    if key.startswith("pk_test_"):
        raise StripeError(
            403,
            "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list "
            "of your API keys at https://dashboard.stripe.com/account/apikeys.",
            code="secret_key_required",
        )
    if key != em.secret_key:
        hidden = key[:8] + "*" * max(0, len(key) - 12) + key[-4:] if len(key) > 12 else key[:3] + "****"
        raise StripeError(401, f"Invalid API Key provided: {hidden}")


def _key_in_form(request: Request) -> str:
    """Browsers and apps send their publishable key as a parameter; nothing else is taken from there."""
    if not request.is_public:
        return ""
    sent = parse_qs(request.query) | parse_qs(request.body.decode(errors="replace"))
    return next((key for key in sent.get("key", []) if key.startswith("pk_")), "")


def _api_key(header: str) -> str:
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def check_version(em: Emulator, request: Request) -> bool:
    """True when the older parameter names are served too: no version, or one before the library's."""
    version = request.header("stripe-version")
    if version is None:
        return True
    if not _VERSION.match(version):
        raise invalid(f"Invalid Stripe API version: {version}")
    if version[:10] > em.api_version[:10]:
        raise invalid(
            f"Invalid Stripe API version: {version} is newer than {em.api_version}, which this emulator speaks."
        )
    return version[:10] < em.api_version[:10]


def check_account(em: Emulator, request: Request) -> None:
    """The Stripe-Account header must name an account connected to this platform."""
    if not request.account or request.account == em.platform_id:
        return
    row = em.store.get(request.account)
    if row is None or row.kind != CONNECTED:
        raise no_access(em, request.account)


def no_access(em: Emulator, account: str) -> StripeError:
    """403, as for an account that does not exist or has disconnected."""
    key = em.secret_key[:8] + "*" * 20 + em.secret_key[-4:]
    return StripeError(
        403,
        f"The provided key '{key}' does not have access to account '{account}' (or that account does not exist). "
        "Application access may have been revoked.",
        code="account_invalid",
    )


def raw_params(request: Request, operation: str, *, legacy: bool) -> Json:
    """The parameters as sent: query for GET and DELETE, form (v1) or JSON (v2) for POST."""
    params = forms.decode(request.query)
    if request.body and request.method != "GET":
        params.update(_body(request, operation))
    if request.is_public:
        params = {name: value for name, value in params.items() if name not in BROWSER_NAMES}
    return _modern(params, operation) if legacy else params


def _body(request: Request, operation: str) -> Json:
    if request.is_v2:
        return _json(request.body)
    content_type = request.header("content-type")
    if not uploads.is_multipart(content_type):
        return forms.decode(_text(request.body))
    if operation != "POST /v1/files":
        raise not_modelled(f"a multipart/form-data body of {operation}")
    return uploads.parse(str(content_type), request.body)


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as problem:
        raise invalid("Invalid request body: it must be UTF-8.") from problem


def _json(body: bytes) -> Json:
    try:
        parsed: Any = json.loads(body)
        # a lone surrogate is legal in JSON, and no text that can be kept
        json.dumps(parsed, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as problem:
        raise invalid(f"Could not parse the request body as JSON: {problem}") from problem
    if not isinstance(parsed, dict):
        raise invalid("The request body must be a JSON object.")
    return parsed


def _modern(params: Json, operation: str) -> Json:
    names = LEGACY_NAMES.get(operation, {})
    renamed = {names.get(key, key): value for key, value in params.items()}
    for key, values in LEGACY_VALUES.get(operation, {}).items():
        if isinstance(renamed.get(key), str):
            renamed[key] = values.get(renamed[key], renamed[key])
    return renamed
