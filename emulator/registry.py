"""Which operations are modelled, by whom, and with which parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from emulator.schema.params import Allowed, allowed
from emulator.types import Json

if TYPE_CHECKING:
    from emulator.context import Ctx

Handler = Callable[["Ctx", Json, dict[str, str]], Json]
Scope = Literal["platform", "any"]
PAGING = "limit starting_after ending_before"


@dataclass(frozen=True)
class Modelled:
    """An operation the emulator honours, with exactly these parameters. `scope`: also for connected accounts?"""

    name: str
    handler: Handler
    parameters: str
    tree: Allowed
    scope: Scope


OPERATIONS: dict[str, Modelled] = {}
# Steps that no library has, but Stripe's own tools take: listed apart.
PRIVATE: dict[str, Modelled] = {}


def operation(name: str, parameters: str = "", *, scope: Scope = "platform") -> Callable[[Handler], Handler]:
    """Registers a handler for "METHOD /v1/path/{id}"; the placeholder's name is stripe-python's."""

    def register(handler: Handler) -> Handler:
        if name in OPERATIONS:
            raise ValueError(f"{name} is modelled twice")
        OPERATIONS[name] = Modelled(name, handler, parameters, allowed(f"{parameters} expand"), scope)
        return handler

    return register


def private_operation(name: str, parameters: str = "") -> Callable[[Handler], Handler]:
    """Registers a handler for a call stripe-python does not know; its parameters come as sent, unknown ones too."""

    def register(handler: Handler) -> Handler:
        PRIVATE[name] = Modelled(name, handler, parameters, allowed(parameters), "platform")
        return handler

    return register


@dataclass(frozen=True)
class Behaviour:
    """One rule the emulator follows, and how sure we are of it."""

    area: str
    text: str
    source: Literal["documented", "assumed"]


BEHAVIOURS: list[Behaviour] = []


def documented(area: str, *texts: str) -> None:
    BEHAVIOURS.extend(Behaviour(area, text, "documented") for text in texts)


def assumed(area: str, *texts: str) -> None:
    BEHAVIOURS.extend(Behaviour(area, text, "assumed") for text in texts)
