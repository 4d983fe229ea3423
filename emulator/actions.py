"""The business actions as a table: what a program may call, and the buttons of the operator's panel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from emulator import business
from emulator.kinds import CONNECTED, PLATFORM
from emulator.resources import account_trouble, accounts_state, disputing, payouts
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.core import Emulator

Kind = Literal["choice", "flag", "amount", "number", "text"]
Choices = Callable[[Json], tuple[str, ...]]


@dataclass(frozen=True)
class Field:
    """One value of an action. `choices` may depend on the object; an amount left empty is None."""

    name: str
    label: str
    kind: Kind
    default: Any = None
    choices: Choices | None = None
    hint: str = ""

    def read(self, given: Json) -> Any:
        """The value of a program's JSON or of a form, where everything is text. Raises ValueError with a sentence."""
        value = given.get(self.name)
        if value is None or value == "":
            return self.default
        if self.kind == "flag":
            return value is True or value == "on"
        if self.kind in ("amount", "number"):
            return _whole(self.name, value)
        if not isinstance(value, str):
            raise ValueError(f"{self.name} is a text.")
        return value.strip()


def _whole(name: str, value: Any) -> int:
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 16:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError(f"{name} is a whole number of minor units." if name == "amount" else f"{name} is a whole number.")


@dataclass(frozen=True)
class Action:
    """`path` is "things/verb" of POST /_emulator/things/<id>/verb; `answer` names what `run` returns."""

    path: str
    label: str
    about: str
    kinds: tuple[str, ...]
    answer: str
    run: Callable[..., Any]
    fields: tuple[Field, ...] = ()
    applies: Callable[[Json], bool] = field(default=lambda body: True)
    grave: bool = False

    @property
    def verb(self) -> str:
        return self.path.partition("/")[2]

    def do(self, em: Emulator, id: str, given: Json) -> Any:
        """Raises ValueError for a value that cannot be read, HostedError when it cannot be done."""
        return self.run(em, id, **{one.name: one.read(given) for one in self.fields})


def _fixed(*choices: str) -> Choices:
    return lambda body: choices


def _paid(body: Json) -> bool:
    if body["object"] == "payment_intent":
        return bool(body["status"] == "succeeded")
    return bool(body["paid"] and body["captured"] and not body.get("source_transfer"))


def _processing(body: Json) -> bool:
    if body["object"] == "payment_intent":
        return bool(body["status"] == "processing")
    return bool(body["status"] == "complete" and body["payment_status"] == "unpaid" and body["payment_intent"])


_CHARGES = ("charge", "payment_intent")
_SESSIONS = ("checkout.session", "payment_intent")
_BALANCES = (CONNECTED, PLATFORM)
_CURRENCY = Field("currency", "Currency", "text", "", hint="The account's own unless given")

ACTIONS = (
    Action(
        "charges/dispute",
        "Open a dispute",
        "The buyer's bank takes the money back, or only asks (an inquiry).",
        _CHARGES,
        "dispute",
        business.open_dispute,
        (
            Field("reason", "Reason", "choice", "fraudulent", _fixed(*disputing.NETWORK_CODES)),
            Field("amount", "Amount in minor units", "amount", hint="Everything that is left unless given"),
            Field("inquiry", "Only an inquiry: no money moves yet", "flag", False),
        ),
        _paid,
    ),
    Action(
        "charges/fraud_warning",
        "Raise a fraud warning",
        "The buyer's bank suspects fraud; no money moves.",
        _CHARGES,
        "early_fraud_warning",
        business.warn_of_fraud,
        (Field("fraud_type", "Kind of fraud", "choice", "made_with_stolen_card", _fixed(*business.FRAUD_TYPES)),),
        _paid,
    ),
    Action(
        "disputes/move",
        "Move the dispute",
        "What the bank and the buyer decide. Money moves when an inquiry becomes a dispute, and when one is won.",
        ("dispute",),
        "status",
        business.move_dispute,
        (Field("to", "It becomes", "choice", "", lambda body: tuple(business.dispute_ways(body["status"]))),),
        lambda body: bool(business.dispute_ways(body["status"])),
    ),
    Action(
        "payouts/fail",
        "Fail the payout",
        "The bank sends it back, even after it was paid; the money returns to the balance.",
        ("payout",),
        "status",
        business.fail_payout,
        (Field("code", "Failure code", "choice", "could_not_process", _fixed(*payouts.MESSAGES)),),
        lambda body: body["status"] in ("pending", "in_transit", "paid") and body["amount"] > 0,
    ),
    Action(
        "refunds/fail",
        "Fail the refund",
        "It does not reach the buyer, even after it succeeded; the money returns to the platform.",
        ("refund",),
        "status",
        business.fail_refund,
        (Field("reason", "Reason", "choice", "expired_or_canceled_card", _fixed(*business.REFUND_FAILURES)),),
        lambda body: body["status"] in ("pending", "succeeded") and not body.get("source_transfer_reversal"),
    ),
    Action(
        "sessions/settle",
        "Settle the payment",
        "The bank answers a payment that is still processing.",
        _SESSIONS,
        "status",
        lambda em, id, outcome: business.settle_payment(em, id, succeed=_succeeds(outcome)),
        (Field("outcome", "Outcome", "choice", "succeeded", _fixed("succeeded", "failed")),),
        _processing,
    ),
    Action(
        "accounts/require",
        "Require more",
        "Stripe asks the seller for something by a day; when it passes, transfers to the seller stop.",
        (CONNECTED,),
        "account",
        business.require_more,
        (
            Field("what", "What", "choice", "document", _fixed(*accounts_state.ASKABLE)),
            Field("days", "Days to give it", "number", 14, hint="0: past due at once"),
        ),
    ),
    Action(
        "accounts/disable",
        "Disable the account",
        "Neither transfers to it nor payouts of it, until it is restored.",
        (CONNECTED,),
        "disabled_reason",
        business.disable_account,
        (Field("reason", "Reason", "choice", "under_review", _fixed(*business.DISABLED_REASONS)),),
        grave=True,
    ),
    Action(
        "accounts/lose_capability",
        "Take a capability away",
        "The other one stays.",
        (CONNECTED,),
        "capability",
        business.lose_capability,
        (Field("capability", "Capability", "choice", "transfers", _fixed(*account_trouble.CAPABILITIES)),),
    ),
    Action(
        "accounts/restore",
        "Restore the account",
        "Takes back what was required, disabled, taken away or rejected.",
        (CONNECTED,),
        "transfers",
        business.restore_account,
    ),
    Action(
        "accounts/deauthorise",
        "Disconnect the account",
        "Its owner ends the connection: the platform cannot reach it any more. This cannot be taken back.",
        (CONNECTED,),
        "account",
        business.deauthorise,
        grave=True,
    ),
    Action(
        "accounts/fund",
        "Fund the balance",
        "A top-up that is available at once; a seller gets it by a transfer.",
        _BALANCES,
        "available",
        business.fund,
        (Field("amount", "Amount in minor units", "amount", 10_000), _CURRENCY),
    ),
    Action(
        "accounts/drain",
        "Drain the balance",
        "A payout of what is available.",
        _BALANCES,
        "available",
        business.drain,
        (Field("amount", "Amount in minor units", "amount", hint="All of it unless given"), _CURRENCY),
    ),
)
BY_PATH = {action.path: action for action in ACTIONS}


def _succeeds(outcome: str) -> bool:
    if outcome not in ("succeeded", "failed"):
        raise ValueError("outcome is succeeded or failed.")
    return outcome == "succeeded"


def of(kind: str, body: Json) -> list[Action]:
    """The actions on offer for an object as it is now."""
    return [action for action in ACTIONS if kind in action.kinds and action.applies(body)]
