"""The whole state from outside: snapshots by name, the state as a file, the transcript, the clock's mode."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, get_args

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt

from emulator.clock import ClockMode
from emulator.snapshots import SnapshotError
from emulator.web.access import control, problem
from emulator.web.runtime import current
from emulator.web.views import controls

PIECE = 1 << 16
MODES: tuple[str, ...] = get_args(ClockMode)


@csrf_exempt
def clock(request: HttpRequest) -> HttpResponseBase:
    """GET is open to all; POST {"mode"} goes on from this second as a real, offset or frozen clock."""
    return set_clock(request) if request.method == "POST" else controls.clock(request)


@control("POST")
def set_clock(request: HttpRequest) -> HttpResponse:
    return controls.with_body(in_mode, request)


def in_mode(body: dict[str, Any]) -> HttpResponse:
    mode = body.get("mode")
    if mode not in MODES:
        raise ValueError(f"mode is one of {', '.join(MODES)}.")
    happened = current().emulator.set_clock(mode)
    return JsonResponse({"happened": happened, "clock": current().emulator.clock_state()})


@control("GET")
def snapshots(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"data": current().emulator.snapshots.list()})


@control("POST")
def snapshot(request: HttpRequest) -> HttpResponse:
    """{"name"}: keep everything as it is now under this name."""
    return controls.with_body(save, request)


def save(body: dict[str, Any]) -> HttpResponse:
    name = controls.text(body, "name", "")
    current().emulator.snapshots.save(name)
    return JsonResponse({"snapshot": name, "clock": current().emulator.clock_state()}, status=201)


@control("POST")
def restore(request: HttpRequest) -> HttpResponse:
    """{"name"}: everything as it was then, the clock included."""
    return controls.with_body(go_back, request)


def go_back(body: dict[str, Any]) -> HttpResponse:
    name = controls.text(body, "name", "")
    current().emulator.snapshots.restore(name)
    return JsonResponse({"restored": name, "clock": current().emulator.clock_state()})


@control("DELETE")
def one_snapshot(request: HttpRequest, name: str) -> HttpResponse:
    try:
        current().emulator.snapshots.remove(name)
    except SnapshotError as error:
        return problem(404, str(error))
    return JsonResponse({"removed": name})


@control("GET", "PUT")
def state(request: HttpRequest) -> HttpResponseBase:
    """GET is the whole state as one file, PUT takes such a file. Where it is kept is the caller's business."""
    with tempfile.TemporaryDirectory(prefix="emulator-state-") as folder:
        path = Path(folder) / "state.sqlite3"
        if request.method == "PUT":
            return taken(request, path)
        current().emulator.snapshots.write(path)
        # opened before the folder goes: the bytes stay readable until the answer has left
        size, file = path.stat().st_size, path.open("rb")
    return streamed(size, read_and_close(file), "application/vnd.sqlite3")


def read_and_close(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


def taken(request: HttpRequest, path: Path) -> HttpResponse:
    with path.open("wb") as file:
        while piece := request.read(PIECE):
            file.write(piece)
    try:
        current().emulator.snapshots.read(path)
    except SnapshotError as error:
        return problem(400, str(error))
    return JsonResponse({"clock": current().emulator.clock_state()})


@control("GET")
def export(request: HttpRequest) -> HttpResponseBase:
    """Every exchange and event since the start or the last reset, one JSON line each."""
    transcript = current().emulator.transcript
    if transcript is None:
        return problem(409, "This emulator keeps no transcript.")
    length, pieces = transcript.export()
    return streamed(length, pieces, "application/jsonl; charset=utf-8")


def streamed(length: int, pieces: Iterator[bytes], type: str) -> HttpResponseBase:
    """With its length: the connection is kept, so its end would not tell."""
    return StreamingHttpResponse(pieces, content_type=type, headers={"Content-Length": str(length)})
