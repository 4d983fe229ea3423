"""Are the demo's ports free? Asked before anything is started, so that the answer is a sentence and not a traceback."""

import socket

import psutil

from marketplace.demo.errors import DemoError

HOST = "127.0.0.1"


def read_port(text: str, default: int, variable: str) -> int:
    """The port named by the environment variable, or the default when it is empty."""
    if not text.strip():
        return default
    if text.strip().isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise DemoError(f"{variable}={text} is not a port: use a number from 1 to 65535, for example {variable}={default}.")


def require_free(port: int, variable: str, purpose: str) -> None:
    """Raise DemoError naming the port, who holds it when that can be seen, and how to use another one."""
    if is_free(port):
        return
    raise DemoError(
        f"Port {port}, wanted for {purpose}, is already in use{_holder(port)}. "
        f"Stop that program, or choose another port: make demo {variable}={_another(port)}"
    )


def is_free(port: int) -> bool:
    """Whether we can listen there. Some systems let two listen side by side, so we also knock."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as knock:
        knock.settimeout(0.5)
        return knock.connect_ex((HOST, port)) != 0


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        # Other people's processes are hidden from an ordinary user; the sentence is clear without the name.
        return ""
    return ""


def _another(port: int) -> int:
    return next((port + step for step in range(1, 50) if port + step <= 65535 and is_free(port + step)), port + 1)
