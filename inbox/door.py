"""The door Stripe's events come in by: outermost middleware, so that an event costs a signature check and one
INSERT.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from inbox.receive import ENDPOINTS, receive

GetResponse = Callable[[HttpRequest], HttpResponse]


class EventDoor:
    """Answers the two event addresses itself and lets everything else through."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        endpoint = ENDPOINTS.get(request.path_info)
        if endpoint is None:
            return self.get_response(request)
        return receive(request, endpoint)
