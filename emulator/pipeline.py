"""The life of a request: authentication, account, faults, validation, idempotency, handler, events, answer."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import emulator.resources  # noqa: F401 - registers every modelled operation
from emulator import requests
from emulator.context import Ctx
from emulator.errors import ConnectionDropped, SelfCheckError, StripeError, not_modelled
from emulator.expand import expand
from emulator.idempotency import HOUR, V2_RETENTION, fingerprint
from emulator.registry import OPERATIONS, Modelled
from emulator.requests import Request
from emulator.schema.answers import object_shape
from emulator.schema.check import list_problems, problems
from emulator.schema.nodes import params_node
from emulator.schema.operations import Operation, table
from emulator.schema.params import coerce, require_modelled
from emulator.types import Json, Response

if TYPE_CHECKING:
    from emulator.core import Emulator

log = logging.getLogger("emulator")


def answer(em: Emulator, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Response:
    """The answer to one request; raises ConnectionDropped when a fault loses it after the commit."""
    started = time.perf_counter()
    request = requests.make("req_" + em.store.random_text(14), method, url, headers, body)
    response = _answer(em, request)
    _log(em, request, response, (time.perf_counter() - started) * 1000)
    early = em.faults.take("webhook_before_answer", request.label, request.account)
    if early is not None and em.deliver_now is not None:
        em.deliver_due(em.deliver_now)
    if em.faults.take("lost_response", request.label, request.account) is not None:
        raise ConnectionDropped(request.label)
    return response


def _answer(em: Emulator, request: Request) -> Response:
    try:
        requests.authenticate(em, request)
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
        log.exception("%s failed", request.label)
        failure = StripeError(500, f"The emulator failed: {type(problem).__name__}: {problem}", type="api_error")
        return _response(em, request, 500, failure.body())


def _operation(request: Request) -> tuple[Operation, dict[str, str]]:
    found = table().match(request.method, request.path)
    if found is None:
        raise StripeError(
            404,
            f"Unrecognized request URL ({request.method}: {request.path}). If you are trying to list objects, remove "
            "the trailing slash. If you are trying to retrieve an object, make sure you passed a valid (non-empty) "
            "identifier in your code. Please see https://stripe.com/docs or we can help at https://support.stripe.com/.",
        )
    return found


def _planned_error(em: Emulator, request: Request) -> None:
    fault = em.faults.take("error_before", request.label, request.account)
    if fault is None:
        return
    status = int(fault.params.get("status", 500))
    retry = fault.params.get("should_retry")
    default = "rate_limit" if status == 429 else None
    raise StripeError(
        status,
        str(fault.params.get("message", "An error planned by a fault.")),
        type="invalid_request_error" if status < 500 else "api_error",
        code=fault.params.get("code", default),
        headers={} if retry is None else {"Stripe-Should-Retry": "true" if retry else "false"},
    )


def _modelled(em: Emulator, operation: Operation, request: Request) -> Modelled:
    modelled = OPERATIONS.get(operation.name)
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
    if key is None:
        return _execute(em, request, operation, modelled, params, ids)
    em.keys.require_valid(key)
    scope = f"{'v2' if request.is_v2 else 'v1'}:{request.account}"
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
    delay = em.faults.take("delay", request.label, request.account)
    seconds = float(delay.params.get("seconds", 1)) if delay is not None else 0.0
    if delay is not None and not delay.params.get("after"):
        time.sleep(seconds)
    ctx = Ctx(em, em.now(), request.account, request.id, request.idempotency_key)
    if ctx.account == em.platform_id:
        ctx.account = ""
    with em.store.transaction():
        response = _run(ctx, request, operation, modelled, params, ids)
        # v2 re-attempts failed work, so only its successes are kept
        if save is not None and (not request.is_v2 or response.status < 400):
            em.keys.save(*save, response, ctx.now)
    em.write_events(ctx)
    if delay is not None and delay.params.get("after"):
        time.sleep(seconds)
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
        ctx.raised.clear()
        ctx.em.forget_endpoints()
        return _response(ctx.em, request, error.status, error.body(), error.headers)


def _handled(ctx: Ctx, request: Request, modelled: Modelled, params: Json, ids: dict[str, str]) -> Json:
    if ctx.em.faults.take("save_500", request.label, request.account) is not None:
        raise StripeError(500, "An unknown error occurred (planned by a fault).", type="api_error")
    return modelled.handler(ctx, params, ids)


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
    if not em.has_transcript:
        return
    em.write_transcript(
        {
            "method": request.method,
            "path": path,
            "form_body": request.body.decode(errors="replace"),
            "status": response.status,
            "response_body": json.loads(response.body),
        }
    )
