"""Whatever is asked of Stripe goes through the gateway, and whatever changes something there through an operation."""

import ast

import pytest

from tests.house.tree import ROOT, Source, at, calls, nodes, planted, room_sources

CLIENT, OPERATIONS = "gateway/client.py", "gateway/operations.py"
# Stripe's library is used to speak to Stripe and to check a signature, and nowhere else.
MAY_IMPORT_STRIPE = {CLIENT, "gateway/signatures.py"}
MAY_READ = {CLIENT, "gateway/reads.py", OPERATIONS, "gateway/finders.py"}
SPEAKERS = {"StripeClient", "raw_request", "RequestsClient", "HTTPXClient", "UrllibClient"}
# What others may take out of the client; it sends changes with `post`, which operations alone may touch.
OFFERED = {"get", "ask_leave", "speaking_through"}
HOSTS = ("api.stripe.com", "files.stripe.com", "connect.stripe.com/oauth")


def strangers_to_stripe(found: list[Source]) -> list[str]:
    """Imports of Stripe's library, of the client, and whatever sends, where they do not belong."""
    return [finding for source in found for rule in (_imports, _speakers, _uses, _hosts) for finding in rule(source)]


def _imports(source: Source) -> list[str]:
    wrong = []
    for node in nodes(source):
        modules = _imported(node)
        if "stripe" in {module.split(".")[0] for module in modules} and source.path not in MAY_IMPORT_STRIPE:
            wrong.append(at(source, node, "imports stripe"))
        if "gateway.client" in modules and source.path not in MAY_READ:
            wrong.append(at(source, node, "imports the client"))
        elif any(module.startswith("gateway.client.") for module in modules) or _renames_the_client(node):
            wrong.append(at(source, node, "takes something out of the client, where this test cannot follow it"))
    return wrong


def _imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return set()


def _renames_the_client(node: ast.AST) -> bool:
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return False
    return any(alias.asname and alias.name in ("client", "gateway.client") for alias in node.names)


def _speakers(source: Source) -> list[str]:
    """Stripe's own ways to send, by whatever name they are reached: called, kept, or spelled for getattr."""
    if source.path == CLIENT:
        return []
    return [at(source, node, f"speaks to Stripe by {_word(node)}") for node in nodes(source) if _word(node) in SPEAKERS]


def _word(node: ast.AST) -> str:
    match node:
        case ast.Attribute():
            return node.attr
        case ast.Name():
            return node.id
        case ast.Constant(value=str() as text):
            return text
    return ""


def _uses(source: Source) -> list[str]:
    """Anything of the client's but what it offers, whether it is called or handed on."""
    allowed = OFFERED | ({"post"} if source.path == OPERATIONS else set())
    if source.path == CLIENT:
        return []
    return [
        at(source, node, f"uses the client's {node.attr}, which only operations may")
        for node in nodes(source)
        if isinstance(node, ast.Attribute) and _is_the_client(node.value, source) and node.attr not in allowed
    ]


def _is_the_client(value: ast.expr, source: Source) -> bool:
    name = ast.unparse(value)
    return name == "gateway.client" or (name == "client" and source.path.startswith("gateway/"))


def _hosts(source: Source) -> list[str]:
    return [
        at(source, node, "writes to Stripe by its address")
        for node in nodes(source)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and any(host in node.value for host in HOSTS)
    ]


def senders(source: Source) -> dict[str, ast.FunctionDef]:
    """The functions that send, by name."""
    return {
        function.name: function
        for function in nodes(source)
        if isinstance(function, ast.FunctionDef)
        and any(ast.unparse(call.func) == "client.post" for call in ast.walk(function) if isinstance(call, ast.Call))
    }


def test_only_the_gateway_speaks_to_stripe_and_only_operations_change_anything() -> None:
    assert strangers_to_stripe(room_sources()) == []


def test_operations_send_what_they_have_claimed_and_under_its_key() -> None:
    source = Source(OPERATIONS, (ROOT / OPERATIONS).read_text())
    sending = senders(source)

    assert set(sending) == {"_send", "run_once"}, "the rules above would hold for nothing"
    for function in sending.values():
        sent = [call for call in ast.walk(function) if isinstance(call, ast.Call)]
        [post] = [call for call in sent if ast.unparse(call.func) == "client.post"]
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in post.keywords}
        assert given["key"] == "operation.key"
        assert ast.unparse(post.args[0]) == "operation.path"
        written = ast.unparse(function)
        assert "mine: claims.Claim" in written or "mine = claims.claim(operation)" in written


def test_a_claim_is_made_in_two_places_and_each_has_leave_to_send() -> None:
    source = Source(OPERATIONS, (ROOT / OPERATIONS).read_text())
    claiming = [
        function
        for function in nodes(source)
        if isinstance(function, ast.FunctionDef) and "claims.claim(" in ast.unparse(function)
    ]

    assert {function.name for function in claiming} == {"_advance", "run_once"}
    assert all("client.ask_leave(" in ast.unparse(function) for function in claiming)


def test_nothing_else_in_the_project_posts() -> None:
    posting = [
        source.path
        for source in room_sources()
        if source.path != CLIENT and any(ast.unparse(call.func) == "client.post" for call in calls(source))
    ]

    assert posting == [OPERATIONS]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("payments/checkout.py", "import stripe"),
        ("payments/checkout.py", "def pay():\n    from stripe import StripeAPI"),
        ("gateway/reads.py", "import stripe.checkout"),
        ("payments/checkout.py", "from gateway import client"),
        ("gateway/reads.py", 'client.post("/v1/refunds", {}, key="k")'),
        ("gateway/finders.py", "send = client.post"),
        ("gateway/reads.py", 'client._request("post", "/v1/refunds", {})'),
        ("gateway/lookups.py", "client._client = None"),
        ("gateway/operations.py", "from gateway.client import post"),
        ("gateway/operations.py", "from gateway import client as door"),
        ("gateway/reads.py", 'self.stripe.raw_request("post", "/v1/refunds")'),
        ("gateway/reads.py", 'getattr(door, "raw_request")'),
        ("payments/refunds.py", 'gateway.client.post("/v1/refunds", {}, key="k")'),
        ("payments/refunds.py", 'requests.post("https://api.stripe.com/v1/refunds")'),
    ],
)
def test_a_way_around_the_door_is_caught(path: str, text: str) -> None:
    assert len(strangers_to_stripe(planted(text, path))) == 1
