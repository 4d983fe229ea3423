"""Random requests over every modelled operation: right by their types, or wrong in one way or another."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any
from urllib.parse import urlencode

from hypothesis import strategies as st

from emulator.registry import OPERATIONS
from emulator.schema.nodes import Node, params_node
from emulator.schema.operations import table
from emulator.schema.params import Allowed

JUNK = (
    "",
    "x",
    "-",
    "0",
    "-1",
    "1e9",
    "null",
    "🙂",
    "a\x00b",
    "²",
    "%zz",
    "9" * 400,
    "9223372036854775807",
    "acct_unknown",
    "y" * 6_000,
    {"0": "a", "b": "c"},
    {"²": "a"},
    ["a", ""],
    {"a": {"b": {"c": {"d": "e"}}}},
)
LIMITS = (1, 2, 10, 100, 0, 101)
SELDOM = ("expand", "starting_after", "ending_before")
INTEGERS = (-1, 0, 1, 2, 12, 29, 30, 31, 49, 50, 100, 999, 1_000, 2_500, 10_000, 99_999_999, 100_000_000, 2**62)
CURRENCIES = ("eur", "EUR", "usd", "jpy", "kwd", "zzz")
TEXTS = {
    "url": ("https://shop.example/x", "nowhere"),
    "email": ("ada@example.org", "nobody"),
    "country": ("DE", "US", "ZZ"),
    "external_account": ("btok_us", "btok_none"),
    "account_number": ("DE89370400440532013000", "000123456789", "1"),
    "routing_number": ("110000000", "1"),
    "number": ("4242424242424242", "4000000000000002", "5"),
    "token": ("tok_visa", "tok_none"),
    "source": ("@charge", "@transfer"),
    "code": ("x",),
    "percent_off": ("10", "33.333", "100", "0", "101"),
    "expand": ("customer", "data.customer", "latest_charge", "nothing.at.all", "data.charge.refunds", "line_items"),
    "types": ("charge.succeeded", "no.such"),
    "enabled_events": ("*", "charge.succeeded"),
    "statement_descriptor_suffix": ("HATS",),
    "ip": ("127.0.0.1",),
}
KINDS = {
    "account": "account",
    "destination": "account",
    "on_behalf_of": "account",
    "customer": "customer",
    "payment_intent": "payment_intent",
    "intent": "payment_intent",
    "payment_method": "payment_method",
    "default_payment_method": "payment_method",
    "charge": "charge",
    "source_transaction": "charge",
    "transfer": "transfer",
    "transfers": "transfer",
    "refund": "refund",
    "dispute": "dispute",
    "session": "checkout.session",
    "coupon": "coupon",
    "price": "price",
    "default_price": "price",
    "product": "product",
    "file": "file",
    "fee": "application_fee",
    "topup": "topup",
    "payout": "payout",
    "webhook_endpoint": "webhook_endpoint",
    "person": "person",
    "capability": "capability",
    "early_fraud_warning": "radar.early_fraud_warning",
    "shipping_rate": "shipping_rate",
    "shipping_rate_token": "shipping_rate",
}
# What the types leave open and Stripe asks for nevertheless.
ASKED_FOR = {
    "POST /v1/accounts/{account}/external_accounts": ("external_account",),
    "POST /v1/checkout/sessions": ("mode", "success_url", "line_items"),
    "POST /v1/coupons": ("percent_off",),
    "POST /v1/payment_methods": ("type", "card"),
    "POST /v1/payment_methods/{payment_method}/attach": ("customer",),
    "POST /v1/refunds": ("charge",),
    "POST /v1/shipping_rates": ("fixed_amount",),
    "POST /v1/transfers": ("amount", "source_transaction"),
}
# Deep parameters that are hardly ever right by chance.
GOOD: dict[str, Any] = {
    "line_items": [
        {
            "quantity": "1",
            "price_data": {"currency": "eur", "unit_amount": "900", "product_data": {"name": "Hat"}},
        }
    ],
    "card": {"number": "4242424242424242"},
    "mode": "payment",
    "currency": "eur",
}
BY_FOLDER = {
    "accounts": "account",
    "application_fees": "application_fee",
    "balance_transactions": "balance_transaction",
    "events": "event",
    "external_accounts": "bank",
    "products": "product",
    "refunds": "fee_refund",
    "reversals": "transfer_reversal",
    "setup_intents": "setup_intent",
    "transfers": "transfer",
}


NAMES = sorted(OPERATIONS.keys() & table().by_name.keys())


@dataclass
class Call:
    """One request, with "@kind" for the id of an object of that kind, chosen by `pick` when it is sent."""

    operation: str
    params: dict[str, Any]
    pick: int
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None


def form(params: dict[str, Any]) -> str:
    return urlencode(_pairs(params, ""), errors="surrogatepass")


def _pairs(value: Any, name: str) -> list[tuple[str, str]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[tuple[str, str]] = []
    for key, entry in items:
        path = f"{name}[{key}]" if name else str(key)
        if isinstance(entry, dict | list):
            found += _pairs(entry, path)
        else:
            found.append((path, "" if entry is None else str(entry)))
    return found


def _text(name: str) -> st.SearchStrategy[Any]:
    for word, texts in TEXTS.items():
        if name == word or (word in ("url", "email") and name.endswith(word)):
            return st.sampled_from(texts)
    if name in KINDS:
        return st.just("@" + KINDS[name])
    if name.endswith("currency"):
        return st.sampled_from(CURRENCIES)
    return st.sampled_from(("text", "@any", "winning_evidence", "losing_evidence"))


def value_of(node: Node, name: str, tree: Allowed, depth: int) -> st.SearchStrategy[Any]:
    """Mostly right by the type; once in a while anything."""
    right, junk = st.deferred(lambda: _right(node, name, tree, depth)), st.sampled_from(JUNK)
    if name in GOOD and depth == 0:
        right = st.one_of(st.just(GOOD[name]), right)
    return st.integers(0, 40).flatmap(lambda number: junk if number == 40 else right)


def _right(node: Node, name: str, tree: Allowed, depth: int) -> st.SearchStrategy[Any]:
    if node.kind == "enum":
        return st.sampled_from(node.values) if node.values else st.just("")
    if node.kind == "bool":
        return st.booleans().map(lambda yes: "true" if yes else "false")
    if node.kind == "int":
        return st.sampled_from(LIMITS if name == "limit" else INTEGERS)
    if node.kind in ("float", "decimal"):
        return st.sampled_from(("1.5", "10", "0", "33.333333"))
    if node.kind == "hash":
        return hash_of(node, tree, depth + 1)
    if node.kind == "map":
        return st.dictionaries(st.sampled_from(("a", "eur", "jpy")), st.sampled_from(("1", "x", "")), max_size=2)
    if node.kind == "list" and node.item is not None:
        return st.lists(value_of(node.item, name, tree, depth), min_size=1, max_size=2)
    if node.kind == "union":
        return st.one_of(*(_right(option, name, tree, depth) for option in node.options))
    return _text(name)


def hash_of(
    node: Node, tree: Allowed, depth: int, asked_for: tuple[str, ...] = ()
) -> st.SearchStrategy[dict[str, Any]]:
    fields = {key: one for key, one in node.fields.items() if not tree or key in tree}
    required = {
        key: value_of(fields[key], key, tree.get(key, {}), depth)
        for key in (*node.required, *asked_for)
        if key in fields
    }
    optional = {key: value_of(one, key, tree.get(key, {}), depth) for key, one in fields.items() if key not in required}
    if depth > 5:
        optional = {}
    usual = {key: one for key, one in optional.items() if key not in SELDOM}
    few = partial(_few, frozenset(required))
    common = st.fixed_dictionaries(required, optional=usual).map(few)
    return st.one_of(common, common, common, st.fixed_dictionaries(required, optional=optional).map(few))


def _few(required: frozenset[str], given: dict[str, Any]) -> dict[str, Any]:
    """At most three optional parameters: a request with everything is refused for one of them."""
    optional = [key for key in given if key not in required][:3]
    return {key: value for key, value in given.items() if key in required or key in optional}


@cache
def params_of(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Built once an operation: building is what takes the time."""
    operation = table().by_name[name]
    if operation.params is None:
        return st.just({})
    return hash_of(params_node(operation.params.load()), OPERATIONS[name].tree, 0, ASKED_FOR.get(name, ()))


@st.composite
def calls(draw: st.DrawFn) -> Call:
    name = draw(st.sampled_from(NAMES))
    params: dict[str, Any] = draw(params_of(name))
    if draw(st.integers(0, 19)) == 0:
        params = {**params, draw(st.sampled_from(("amuont", "api_key", "x[y]", "🙂"))): "1"}
    headers = draw(
        st.sampled_from(
            (
                *({} for _ in range(10)),
                {"Stripe-Account": "@account"},
                {"Stripe-Account": "@account"},
                {"Stripe-Account": "acct_unknown"},
                {"Stripe-Version": "2020-08-27"},
                {"Idempotency-Key": "one"},
            )
        )
    )
    raw = draw(BODY) if draw(st.integers(0, 20)) == 20 else None
    return Call(name, params, draw(st.integers(0, 50)), dict(headers), raw)


BODIES = (
    b"{",
    b"[" * 5_000,
    b'{"a":' * 3_000,
    b'{"display_name": "\\ud800"}',
    b"a[" * 3_000 + b"]",
    b"amount=1&amount[a]=2",
    b"\xff\xfe=1",
    b"=" * 2_000,
    b"a[b]=1&a=2",
    b"&" * 2_000,
    b'{"identity": [], "metadata": 7}',
    b"a[][][]=1",
)


BODY = st.one_of(st.binary(max_size=200), st.sampled_from(BODIES))


class Ids:
    """The ids of a world, by kind, in the order they were made."""

    def __init__(self, rows: list[tuple[str, str]], banks: list[str] | None = None) -> None:
        self.by_kind: dict[str, list[str]] = {}
        for id, kind in rows:
            self.by_kind.setdefault("account" if kind == "v2.core.account" else kind, []).append(id)
        self.by_kind["bank"] = banks or ["none"]
        self.by_kind["any"] = [id for id, _ in rows]
        self.by_kind["capability"] = ["transfers", "card_payments", "no_such"]
        self.by_kind["person"] = [f"person_{id[5:]}" for id in self.by_kind.get("account", [])]

    def fill(self, value: Any, pick: int) -> Any:
        if isinstance(value, dict):
            return {key: self.fill(entry, pick) for key, entry in value.items()}
        if isinstance(value, list):
            return [self.fill(entry, pick) for entry in value]
        if isinstance(value, str) and value.startswith("@"):
            known = self.by_kind.get(value[1:], ["none"])
            return known[pick % len(known)]
        return value


def request(call: Call, ids: Ids) -> tuple[str, str, dict[str, str], bytes]:
    """Method, url, headers and body as sent."""
    method, path = call.operation.split(" ", 1)
    folder = re.findall(r"(\w+)/\{(\w+)\}", path)
    for before, placeholder in folder:
        kind = BY_FOLDER.get(before) if placeholder in ("id", "intent") else KINDS.get(placeholder)
        path = path.replace(f"{{{placeholder}}}", ids.fill("@" + (kind or KINDS.get(placeholder, "any")), call.pick), 1)
    params, headers = ids.fill(call.params, call.pick), ids.fill(call.headers, call.pick)
    if call.raw is not None:
        return method, path, headers, call.raw
    if path.startswith("/v2/") and method == "POST":
        return method, path, headers, json.dumps(params).encode()
    text = form(params)
    if method == "POST":
        return method, path, headers, text.encode()
    return method, f"{path}?{text}" if text else path, headers, b""
