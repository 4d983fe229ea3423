"""The life of a request: authentication, account, faults, validation, idempotency, handler, events, answer."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING

import emulator.resources  # noqa: F401 - registers every modelled operation
from emulator import requests
from emulator.context import Ctx
from emulator.errors import ConnectionDropped, SelfCheckError, StripeError, not_modelled
from emulator.expand import expand
from emulator.faults import Fault
from emulator.idempotency import HOUR, V2_RETENTION, fingerprint
from emulator.registry import OPERATIONS, PRIVATE, Modelled
from emulator.requests import Request
from emulator.resources import files
from emulator.schema.answers import object_shape
from emulator.schema.check import list_problems, problems
from emulator.schema.nodes import params_node
from emulator.schema.operations import Operation, Table, table
from emulator.schema.params import coerce, require_modelled
from emulator.types import Json, Response

if TYPE_CHECKING:
    from emulator.core import Emulator

log = logging.getLogger("emulator")

# What Stripe says with the codes that planned errors most often have.
_MESSAGES = {
    "rate_limit": "Request rate limit exceeded.",
    "lock_timeout": "This object cannot be accessed right now because another API request or Stripe process is "
    "currently accessing it. If you see this error intermittently, retry the request.",
    "idempotency_key_in_use": "There is currently another in-progress request using this Idempotency Key. "
    "Please try again later.",
    "card_declined": "Your card was declined.",
}


def answer(em: Emulator, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Response:
    """The answer to one request; raises ConnectionDropped when a fault loses the request, or its answer."""
    started = time.perf_counter()
    request = requests.make("req_" + em.store.random_text(14), method, url, headers, body)
    _lose(em, "lost_request", request)
    response = _answer(em, request)
    _log(em, request, response, (time.perf_counter() - started) * 1000)
    early = _fault(em, "webhook_before_answer", request)
    if early is not None and em.deliver_now is not None:
        em.deliver_due(em.deliver_now)
    _lose(em, "lost_response", request)
    malformed = _fault(em, "malformed_body", request)
    return response if malformed is None else _malformed(response, malformed)


def _fault(em: Emulator, kind: str, request: Request) -> Fault | None:
    return em.faults.take(kind, request.label, _owner(em, request)) if em.faults.any else None


def _owner(em: Emulator, request: Request) -> str:
    """Whose objects the request is about; "" also when the platform names itself in the Stripe-Account header."""
    return "" if request.account and request.account == em.platform_id else request.account


def _lose(em: Emulator, kind: str, request: Request) -> None:
    fault = _fault(em, kind, request)
    if fault is not None:
        time.sleep(fault.given("seconds"))
        raise ConnectionDropped(request.label)


def _malformed(response: Response, fault: Fault) -> Response:
    """What a proxy, or a connection that broke off, may make of an answer whose work is committed."""
    headers, body = dict(response.headers), response.body
    if fault.given("how") == "truncated":
        body = body[: len(body) // 2]
    elif fault.given("how") == "html":
        headers["Content-Type"] = "text/html"
        body = b"<html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>"
    else:
        body = b""
    return Response(fault.given("status") or response.status, headers, body)


def _answer(em: Emulator, request: Request) -> Response:
    try:
        requests.authenticate(em, request)
        if files.is_contents(request):
            return _file_contents(em, request)
        operation, ids = _operation(request)
        legacy = requests.check_version(em, request)
        requests.check_account(em, request)
        _planned_error(em, request)
        modelled = _modelled(em, operation, request)
        params = _parameters(operation, modelled, request, legacy)
        return _idempotent(em, request, operation, modelled, params, ids)
    except StripeError as error:
        return _response(em, request, error.status, error.body(), error.headers)
    except Exception as problem:
        # the client sees Stripe's shape of a failure; in strict mode a failure of ours must fail the test
        if em.strict:
            raise
        return _response(em, request, 500, _failed(request, problem).body())


def _file_contents(em: Emulator, request: Request) -> Response:
    """The one answer that is no JSON: a file as it was uploaded."""
    requests.check_account(em, request)
    ctx = Ctx(em, em.now(), "" if request.account == em.platform_id else request.account)
    kind, content = files.contents(ctx, request.path.split("/")[3])
    return Response(200, {"Content-Type": kind, "Request-Id": request.id}, content)


def _operation(request: Request) -> tuple[Operation, dict[str, str]]:
    found = table().match(request.method, request.path) or _private_table().match(request.method, request.path)
    if found is None:
        raise StripeError(
            404,
            f"Unrecognized request URL ({request.method}: {request.path}). If you are trying to list objects, remove "
            "the trailing slash. If you are trying to retrieve an object, make sure you passed a valid (non-empty) "
            "identifier in your code. Please see https://stripe.com/docs or we can help at https://support.stripe.com/.",
        )
    return found


@cache
def _private_table() -> Table:
    steps = (name.split(" ", 1) for name in PRIVATE)
    return Table([Operation(method, path, None, None, False) for method, path in steps])


def _planned_error(em: Emulator, request: Request) -> None:
    fault = _fault(em, "error_before", request)
    if fault is None:
        return
    status = fault.given("status")
    code = fault.given("code") or ("rate_limit" if status == 429 else None)
    headers = _retry_header(fault)
    if fault.given("retry_after") is not None:
        headers["Retry-After"] = str(fault.given("retry_after"))
    raise StripeError(
        status,
        fault.given("message") or _MESSAGES.get(code or "", "An error planned by a fault."),
        type=fault.given("type") or _error_type(status),
        code=code,
        param=fault.given("param"),
        headers=headers,
        decline_code=fault.given("decline_code"),
    )


def _error_type(status: int) -> str:
    if status == 402:
        return "card_error"
    return "invalid_request_error" if status < 500 else "api_error"


def _retry_header(fault: Fault) -> dict[str, str]:
    retry = fault.given("should_retry")
    return {} if retry is None else {"Stripe-Should-Retry": "true" if retry else "false"}


def _modelled(em: Emulator, operation: Operation, request: Request) -> Modelled:
    modelled = OPERATIONS.get(operation.name) or PRIVATE.get(operation.name)
    if modelled is None:
        raise not_modelled(operation.name)
    if request.account not in ("", em.platform_id) and modelled.scope == "platform":
        raise not_modelled(f"{operation.name} with a Stripe-Account header")
    return modelled


def _parameters(operation: Operation, modelled: Modelled, request: Request, legacy: bool) -> Json:
    raw = requests.raw_params(request, operation.name, legacy=legacy)
    if operation.params is None:
        return raw
    # v2 lists page by the url of the next page, whose token is no parameter of the library's
    page = raw.pop("page", None) if request.is_v2 and request.method == "GET" else None
    json_mode = request.is_v2 and request.method == "POST"
    params = coerce(params_node(operation.params.load()), raw, json_mode=json_mode)
    require_modelled(params, modelled.tree, operation.name)
    return params if page is None else {**params, "page": page}


def _idempotent(
    em: Emulator, request: Request, operation: Operation, modelled: Modelled, params: Json, ids: dict[str, str]
) -> Response:
    key = request.idempotency_key
    if not key:
        return _execute(em, request, operation, modelled, params, ids)
    em.keys.require_valid(key)
    scope = f"{'v2' if request.is_v2 else 'v1'}:{_owner(em, request)}"
    mark = f"{request.path} {fingerprint(params)}"
    with em.keys.using(scope, key):
        age = V2_RETENTION if request.is_v2 else em.settings.idempotency_hours * HOUR
        saved = em.keys.saved(scope, key, mark, em.now() - age)
        if saved is None:
            return _execute(em, request, operation, modelled, params, ids, save=(scope, key, mark))
        first = saved.headers.get("Request-Id", "")
        again = {"Request-Id": request.id, "Idempotent-Replayed": "true", "Original-Request": first}
        return Response(saved.status, {**saved.headers, **again}, saved.body)


def _execute(
    em: Emulator,
    request: Request,
    operation: Operation,
    modelled: Modelled,
    params: Json,
    ids: dict[str, str],
    save: tuple[str, str, str] | None = None,
) -> Response:
    """Handler, events and the saved answer in one transaction: either all of it happened or none."""
    delay = _fault(em, "delay", request)
    if delay is not None and not delay.given("after"):
        time.sleep(delay.given("seconds"))
    ctx = Ctx(em, em.now(), _owner(em, request), request.id, request.idempotency_key)
    with em.store.transaction():
        em.versions.next_change()
        response = _run(ctx, request, operation, modelled, params, ids)
        # v2 re-attempts failed work, so only its successes are kept
        if save is not None and (not request.is_v2 or response.status < 400):
            em.keys.save(*save, response, ctx.now)
    em.write_events(ctx)
    if delay is not None and delay.given("after"):
        time.sleep(delay.given("seconds"))
    return response


def _run(
    ctx: Ctx, request: Request, operation: Operation, modelled: Modelled, params: Json, ids: dict[str, str]
) -> Response:
    try:
        with ctx.store.savepoint():
            try:
                body = _handled(ctx, request, modelled, params, ids)
            except StripeError as error:
                if not error.keep_writes:
                    raise
                return _response(ctx.em, request, error.status, error.body(), error.headers)
            expand(ctx, body, params.get("expand") or [], is_list=operation.result_is_list)
            _self_check(ctx.em, operation, body)
            return _response(ctx.em, request, 200, body)
    except StripeError as error:
        failure = error
    except Exception as problem:
        if ctx.em.strict:
            raise
        failure = _failed(request, problem)
    ctx.raised.clear()
    ctx.em.forget_endpoints()
    return _response(ctx.em, request, failure.status, failure.body(), failure.headers)


def _failed(request: Request, problem: Exception) -> StripeError:
    """A mistake of ours, in Stripe's shape of a failure."""
    log.error("%s failed", request.label, exc_info=problem)
    return StripeError(500, f"The emulator failed: {type(problem).__name__}: {problem}", type="api_error")


def _handled(ctx: Ctx, request: Request, modelled: Modelled, params: Json, ids: dict[str, str]) -> Json:
    failure = _fault(ctx.em, "save_500", request)
    if failure is not None:
        acted = failure.given("acted")
        if acted:
            modelled.handler(ctx, params, ids)
        message = "An unknown error occurred (planned by a fault)."
        raise StripeError(500, message, type="api_error", keep_writes=acted, headers=_retry_header(failure))
    body = modelled.handler(ctx, params, ids)
    return _perhaps_stale(ctx, request, body, lambda: modelled.handler(ctx, params, ids))


def _perhaps_stale(ctx: Ctx, request: Request, body: Json, again: Callable[[], Json]) -> Json:
    """The answer, or with a fault an earlier one: of the objects shown, those that have changed since."""
    if request.method != "GET" or not ctx.em.versions.keeping:
        return body
    shown = body["data"] if isinstance(body.get("data"), list) else [body]
    changed = [item["id"] for item in shown if "id" in item and ctx.em.versions.of(item["id"]) is not None]
    stale = _fault(ctx.em, "stale_read", request) if changed else None
    return body if stale is None else ctx.em.versions.read(changed, stale.given("back"), again)


def _self_check(em: Emulator, operation: Operation, body: Json) -> None:
    if not em.strict or operation.result is None:
        return
    if operation.result_is_list:
        wrong = [text for item in body["data"] for text in problems(item["object"], item)]
        wrong += list_problems("list", {**body, "data": []})
    else:
        wrong = problems(str(body["object"]), body)
        if object_shape(str(body["object"])).cls is not operation.result.load():
            wrong.append(f"a {body['object']} where {operation.result.name} is promised")
    if wrong:
        raise SelfCheckError(f"{operation.name}: " + "; ".join(wrong))


def _response(
    em: Emulator, request: Request, status: int, body: Json, extra: Mapping[str, str] | None = None
) -> Response:
    headers = {
        "Content-Type": "application/json",
        "Request-Id": request.id,
        "Stripe-Version": request.header("stripe-version") or em.api_version,
    }
    for name in ("Idempotency-Key", "Stripe-Account"):
        value = request.header(name.lower())
        if value is not None:
            headers[name] = value
    headers.update(extra or {})
    return Response(status, headers, json.dumps(body, indent=2).encode())


def _log(em: Emulator, request: Request, response: Response, ms: float) -> None:
    path = f"{request.path}?{request.query}" if request.query else request.path
    message = None
    if response.status >= 400:
        message = str(json.loads(response.body)["error"].get("message", ""))
    em.store.run(
        "INSERT INTO request_log (request_id, at, method, path, account, idempotency_key, status, error, ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            request.id,
            em.now(),
            request.method,
            path,
            request.account,
            request.idempotency_key,
            response.status,
            message,
            ms,
        ),
    )
    if em.transcript is None or (response.status == 200 and files.is_contents(request)):
        return
    em.transcript.write(
        {
            "method": request.method,
            "path": path,
            "form_body": request.body.decode(errors="replace"),
            "status": response.status,
            "response_body": json.loads(response.body),
        }
    )
