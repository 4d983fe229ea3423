"""Turning the knobs from a program: JSON in, JSON out (see access.py for who may)."""

import dataclasses
import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from emulator import hosted, panel
from emulator.actions import ACTIONS, BY_PATH
from emulator.errors import HostedError
from emulator.fault_kinds import CATALOGUE
from emulator.hosted import checkout_authenticate, checkout_pay, checkout_pay_debit, checkout_view
from emulator.settings import RETRY_PROFILES
from emulator.web.access import control, json_body, problem
from emulator.web.runtime import current

MAX_ROWS = 1000
LONGEST_MOVE = 10 * 366 * 86400
LONGEST_ROLL = 86400


def clock(request: HttpRequest) -> HttpResponse:
    """Read by the product about once a second; the time is no secret, so no token is asked."""
    if request.method != "GET":
        return problem(405, "Use GET here.")
    return JsonResponse(current().emulator.clock_state())


def with_body(work: Callable[[dict[str, Any]], HttpResponse], request: HttpRequest) -> HttpResponse:
    """Run with the request's JSON; a wrong value or a hosted page's refusal becomes a sentence."""
    try:
        return work(json_body(request))
    except (ValueError, TypeError, re.error) as error:
        return problem(400, str(error))
    except HostedError as error:
        return problem(error.status, error.message)


@control("POST")
def advance(request: HttpRequest) -> HttpResponse:
    return with_body(move_clock, request)


def move_clock(body: dict[str, Any]) -> HttpResponse:
    """{"seconds": n} or {"to": epoch}. Answers what fell due on the way, in order, and the clock."""
    emulator = current().emulator
    seconds, to = body.get("seconds"), body.get("to")
    if (seconds is None) == (to is None):
        raise ValueError("Give either seconds or to.")
    given = seconds if to is None else to
    if not isinstance(given, int):
        raise ValueError("seconds and to are whole numbers.")
    distance = given if to is None else given - emulator.now()
    if not 0 <= distance <= LONGEST_MOVE:
        raise ValueError("The clock moves forward only, and at most ten years at once.")
    happened = emulator.advance(seconds=seconds, to=to)
    return JsonResponse({"happened": happened, "clock": emulator.clock_state()})


@control("POST")
def reset(request: HttpRequest) -> HttpResponse:
    current().emulator.reset()
    return JsonResponse({"clock": current().emulator.clock_state()})


@control("GET", "POST", "DELETE")
def faults(request: HttpRequest) -> HttpResponse:
    """What is planned, with every kind there is; a POST plans one, a DELETE takes all back."""
    planned = current().emulator.faults
    if request.method == "DELETE":
        planned.clear()
    if request.method == "POST":
        return with_body(add_fault, request)
    return JsonResponse(
        {
            "data": [dataclasses.asdict(fault) for fault in planned.list()],
            "kinds": {name: kind.described() for name, kind in CATALOGUE.items()},
        }
    )


def add_fault(body: dict[str, Any]) -> HttpResponse:
    """{"kind", "match", "account", "nth", "times", "probability", …the kind's own parameters}"""
    if not isinstance(body.get("kind"), str) or not isinstance(body.get("match", ""), str):
        raise ValueError("kind and match are texts; name the fault's kind.")
    if not isinstance(body.get("account", ""), str | None):
        raise ValueError("account is the id of a connected account, or an empty text for the platform itself.")
    return JsonResponse({"id": current().emulator.faults.add(body.pop("kind"), **body)}, status=201)


@control("GET", "DELETE")
def one_fault(request: HttpRequest, id: int) -> HttpResponse:
    """Look at one fault, or take it back."""
    planned = current().emulator.faults
    found = next((fault for fault in planned.list() if fault.id == id), None)
    if found is None or (request.method == "DELETE" and not planned.remove(id)):
        return problem(404, f"There is no fault {id}.")
    return JsonResponse(dataclasses.asdict(found))


@control("GET")
def events(request: HttpRequest) -> HttpResponse:
    wanted, limit = request.GET.get("type") or None, row_limit(request)
    return JsonResponse({"data": panel.events(current().emulator, type=wanted, limit=limit)})


@control("GET")
def requests(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.get("status", "")
    if not re.fullmatch(r"([1-5]xx|[1-5]\d\d)?", wanted):
        return problem(400, "status is a code such as 402, or a class such as 4xx.")
    return JsonResponse({"data": panel.requests(current().emulator, limit=row_limit(request), status=wanted)})


def row_limit(request: HttpRequest) -> int:
    asked = request.GET.get("limit", "")
    return max(1, min(int(asked), MAX_ROWS)) if asked.isdigit() else 100


@control("POST")
def resend(request: HttpRequest, id: str) -> HttpResponse:
    """Send a delivery again (its number, or an event's id for all of its endpoints)."""
    queued = panel.resend(current().emulator, id)
    if not queued:
        return problem(404, f"There is no delivery and no event {id}.")
    return JsonResponse({"queued": queued})


@control("POST")
def roll_secret(request: HttpRequest, id: str) -> HttpResponse:
    """Give a webhook endpoint a new secret: {"secret", "keep_seconds"}; the old one signs too until then."""
    return with_body(lambda body: roll(id, body), request)


def roll(id: str, body: dict[str, Any]) -> HttpResponse:
    keep = body.get("keep_seconds", LONGEST_ROLL)
    if not isinstance(keep, int) or isinstance(keep, bool) or not 0 <= keep <= LONGEST_ROLL:
        raise ValueError(f"keep_seconds is a whole number of seconds, at most {LONGEST_ROLL} (a day).")
    given = text(body, "secret", "")
    secret = current().emulator.roll_secret(id, keep_seconds=keep, secret=given or None)
    return problem(404, f"There is no webhook endpoint {id}.") if secret is None else made("secret", secret)


@control("POST")
def retry_profile(request: HttpRequest) -> HttpResponse:
    """How failed deliveries are tried again: {"profile": "sandbox" | "live"}."""
    return with_body(choose_profile, request)


def choose_profile(body: dict[str, Any]) -> HttpResponse:
    name = text(body, "profile", "")
    if name not in RETRY_PROFILES:
        raise ValueError(f"profile is one of {', '.join(RETRY_PROFILES)}.")
    settings = current().emulator.settings
    settings.retry_profile = name
    return JsonResponse({"profile": name, "delays": settings.retry_delays})


@control("POST")
def complete_account(request: HttpRequest, account: str) -> HttpResponse:
    """Give an account everything that is due, with test data, as a person on the onboarding pages would."""
    return with_body(lambda body: complete(account, body), request)


def complete(account: str, body: dict[str, Any]) -> HttpResponse:
    hosted.complete_onboarding(current().emulator, account, country=body.get("country"))
    return JsonResponse({"account": account})


@control("POST")
def act(request: HttpRequest, things: str, id: str, verb: str) -> HttpResponse:
    """A business action: POST /_emulator/<things>/<id>/<verb>, with the fields of emulator/actions.py as JSON."""
    action = BY_PATH.get(f"{things}/{verb}")
    if action is None:
        return problem(404, f"There is no action {things}/<id>/{verb}. GET /_emulator/actions lists them.")
    return with_body(lambda body: JsonResponse({action.answer: action.do(current().emulator, id, body)}), request)


@control("GET")
def actions(request: HttpRequest) -> HttpResponse:
    """The business actions, with the values each takes and what they are when left out."""
    return JsonResponse(
        {
            "data": [
                {
                    "call": f"POST /_emulator/{action.path.replace('/', '/<id>/')}",
                    "about": action.about,
                    "objects": action.kinds,
                    "values": {one.name: one.default for one in action.fields},
                }
                for action in ACTIONS
            ]
        }
    )


def made(name: str, value: str) -> HttpResponse:
    return JsonResponse({name: value})


def text(body: dict[str, Any], name: str, default: str) -> str:
    given = body.get(name, default)
    if not isinstance(given, str):
        raise ValueError(f"{name} is a text.")
    return given


@control("POST")
def pay_session(request: HttpRequest, session_id: str) -> HttpResponse:
    """Pay as a person on the payment page would: {"number", "email", "authenticate": true|false for 3-D Secure}.

    {"iban", "name", "email"} pays by direct debit.
    """
    return with_body(lambda body: pay(session_id, body), request)


def pay(session_id: str, body: dict[str, Any]) -> HttpResponse:
    emulator = current().emulator
    year = dt.datetime.fromtimestamp(emulator.now(), dt.UTC).year + 3
    known = checkout_view(emulator, session_id)["customer_email"]
    if "iban" in body:
        outcome = checkout_pay_debit(
            emulator,
            session_id,
            iban=str(body["iban"]),
            email=str(body.get("email") or known or "buyer@example.com"),
            name=str(body.get("name") or "Kim Buyer"),
        )
        return JsonResponse(dataclasses.asdict(outcome))
    outcome = checkout_pay(
        emulator,
        session_id,
        number=str(body.get("number", "4242424242424242")),
        exp_month=str(body.get("exp_month", "12")),
        exp_year=str(body.get("exp_year", year)),
        cvc=str(body.get("cvc", "123")),
        email=str(body.get("email") or known or "buyer@example.com"),
        name=str(body.get("name", "")),
    )
    if outcome.kind == "requires_action" and "authenticate" in body:
        outcome = checkout_authenticate(emulator, session_id, succeed=bool(body["authenticate"]))
    return JsonResponse(dataclasses.asdict(outcome))
