"""The emulator's floor: the least a Django view can do, on the emulator's own server class. No middleware, no store.

Run as a program: `python -m bench.emulated_floor PORT`. It answers every POST with as many bytes as the emulator does.
"""

import signal
import sys

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import re_path

from emulator.web.server import listen

ANSWER = b'{"object": "payment_intent", "padding": "' + b"x" * 1900 + b'"}'
ENDING = {signal.SIGTERM, signal.SIGINT}

settings.configure(
    DEBUG=False, SECRET_KEY="nothing is signed", ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, MIDDLEWARE=[]
)


def answer(request: HttpRequest) -> HttpResponse:
    """Read the body, and answer."""
    return HttpResponse(ANSWER, content_type="application/json", headers={"X-Read": str(len(request.body))})


urlpatterns = [re_path("^v1/", answer)]


def main() -> None:
    """Serve until told to end."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    server = listen("127.0.0.1", int(sys.argv[1]), get_wsgi_application(), served=lambda: None)
    signal.sigwait(ENDING)
    server.shutdown()


if __name__ == "__main__":
    main()
