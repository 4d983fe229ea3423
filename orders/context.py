"""What the header of every page shows of the basket."""

from collections.abc import Callable

from django.http import HttpRequest

from orders.baskets import count


def basket(request: HttpRequest) -> dict[str, Callable[[], int]]:
    """`basket_count`: asked for only by pages that show it, once a page, and never for a visitor without a basket."""
    found: list[int] = []

    def basket_count() -> int:
        # An error page may be shown before the session and the user were put on the request.
        if not (hasattr(request, "session") and hasattr(request, "user")):
            return 0
        if not found:
            found.append(count(request))
        return found[0]

    return {"basket_count": basket_count}
