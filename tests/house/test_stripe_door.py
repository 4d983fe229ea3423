"""Whatever is asked of Stripe goes through the gateway, and whatever changes something there through an operation."""

import ast

import pytest

from tests.house.tree import Source, at, calls, name_of, nodes, planted, room_sources

# Stripe's library is used to speak to Stripe and to check a signature, and nowhere else.
MAY_IMPORT_STRIPE = {"gateway/client.py", "gateway/signatures.py"}
MAY_SEND = {"gateway/client.py", "gateway/operations.py"}
MAY_READ = {"gateway/client.py", "gateway/reads.py", "gateway/operations.py", "gateway/finders.py"}
SPEAKERS = {"StripeClient", "raw_request", "RequestsClient", "HTTPXClient", "UrllibClient"}


def strangers_to_stripe(found: list[Source]) -> list[str]:
    """Imports of Stripe's library, of the client, and calls that send, where they do not belong."""
    return [finding for source in found for finding in [*_imports(source), *_requests(source)]]


def _imports(source: Source) -> list[str]:
    wrong = []
    for node in nodes(source):
        modules = _imported(node)
        if "stripe" in {module.split(".")[0] for module in modules} and source.path not in MAY_IMPORT_STRIPE:
            wrong.append(at(source, node, "imports stripe"))
        if modules & {"gateway.client", "gateway.client.post", "gateway.client.get"} and source.path not in MAY_READ:
            wrong.append(at(source, node, "imports the client"))
        if "gateway.client.post" in modules:
            wrong.append(at(source, node, "takes post out of the client, where this test cannot follow it"))
    return wrong


def _imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return set()


def _requests(source: Source) -> list[str]:
    wrong = []
    for call in calls(source):
        if name_of(call) in SPEAKERS and source.path != "gateway/client.py":
            wrong.append(at(source, call, f"speaks to Stripe by {name_of(call)}"))
        if ast.unparse(call.func) in {"client.post", "gateway.client.post"} and source.path not in MAY_SEND:
            wrong.append(at(source, call, "sends a change without an operation"))
    return wrong


def test_only_the_gateway_speaks_to_stripe_and_only_operations_change_anything() -> None:
    assert strangers_to_stripe(room_sources()) == []


def test_operations_do_send_through_the_client() -> None:
    sent = [call for source in room_sources() for call in calls(source) if ast.unparse(call.func) == "client.post"]

    assert sent, "the rule above would hold for nothing"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("payments/checkout.py", "import stripe"),
        ("payments/checkout.py", "def pay():\n    from stripe import StripeClient"),
        ("gateway/reads.py", "import stripe.checkout"),
        ("payments/checkout.py", "from gateway import client"),
        ("gateway/reads.py", 'client.post("/v1/refunds", {}, key="k")'),
        ("gateway/operations.py", "from gateway.client import post"),
        ("gateway/reads.py", 'client._current().raw_request("post", "/v1/refunds")'),
    ],
)
def test_a_way_around_the_door_is_caught(path: str, text: str) -> None:
    assert len(strangers_to_stripe(planted(text, path))) == 1
