"""Payment methods of type sepa_debit: a bank account that is debited, with the answer days later."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from emulator import debits
from emulator.context import metadata
from emulator.debits import DEBIT_BY_IBAN, Debit
from emulator.errors import invalid
from emulator.resources.customers import full_address
from emulator.schema.build import build
from emulator.store import Row
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

TYPE = "sepa_debit"


def create(ctx: Ctx, params: Json) -> Row:
    """From POST /v1/payment_methods: a test IBAN with the name and e-mail a mandate needs."""
    given, billing = (params.get(TYPE) or {}).get("iban"), params.get("billing_details") or {}
    if not given:
        raise invalid("Missing required param: sepa_debit[iban].", param="sepa_debit[iban]", code="parameter_missing")
    debit = debits.find(str(given))
    if debit is None:
        raise invalid(
            "The IBAN you provided is not one of Stripe's test IBANs.",
            param="sepa_debit[iban]",
            code="invalid_bank_account_iban",
        )
    for name in ("name", "email"):
        if not billing.get(name):
            param = f"billing_details[{name}]"
            raise invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")
    return make(ctx, debit, billing=billing, data=params.get("metadata"))


def make(ctx: Ctx, debit: Debit, *, billing: Json | None = None, data: Json | None = None) -> Row:
    """A payment method of a test account; the same IBAN always has the same fingerprint."""
    billing = billing or {}
    body = build(
        "payment_method",
        id="pm_1" + ctx.store.random_text(23),
        allow_redisplay="unspecified",
        billing_details={
            "address": full_address(billing.get("address") or {}),
            "email": billing.get("email") or None,
            "name": billing.get("name") or None,
            "phone": billing.get("phone") or None,
            "tax_id": None,
        },
        created=ctx.now,
        customer=None,
        customer_account=None,
        livemode=False,
        metadata=metadata(data),
        sepa_debit={
            "bank_code": debit.iban[4:12] if debit.country == "DE" else debit.iban[4:9],
            "branch_code": "",
            "country": debit.country,
            "fingerprint": hashlib.sha256(debit.iban.encode()).hexdigest()[:16],
            "generated_from": {"charge": None, "setup_attempt": None},
            "last4": debit.last4,
        },
        type=TYPE,
    )
    return ctx.insert(body, private={"iban": debit.iban})


def is_debit(row: Row) -> bool:
    return bool(row.body["type"] == TYPE)


def debit_of(row: Row) -> Debit:
    return DEBIT_BY_IBAN[row.private["iban"]]


def charged(row: Row) -> Json:
    """payment_method_details of a charge."""
    account = row.body[TYPE]
    kept = {name: account[name] for name in ("bank_code", "branch_code", "country", "fingerprint", "last4")}
    return {TYPE: {**kept, "expected_debit_date": None, "mandate": None}, "type": TYPE}
