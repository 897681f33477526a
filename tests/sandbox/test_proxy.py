"""The CONNECT proxy: default hosts reach the sandbox, gRPC and HTTP apart, nothing else passes."""

import contextlib
import socket
import ssl
from collections.abc import Callable

import pytest
import requests

from include.sandbox.proxy import is_served, offered_protocols
from tests.sandbox.meta_data import FILES
from tests.sandbox.running import Sandbox


@pytest.fixture(scope="module")
def sandbox(serve_data: Callable[..., Sandbox]) -> Sandbox:
    return serve_data(FILES)


def connect(sandbox: Sandbox, target: str) -> tuple[socket.socket, bytes]:
    """A socket on which CONNECT was asked for, and the proxy's answer."""
    plain = socket.create_connection(("127.0.0.1", sandbox.ports["proxy"]), timeout=10)
    plain.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    return plain, plain.recv(4096)


@pytest.mark.parametrize(
    ("protocols", "spoken"),
    [(["h2"], "h2"), (["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1"), ([], None)],
)
def test_the_client_hello_decides_where_a_tunnel_ends(
    sandbox: Sandbox, protocols: list[str], spoken: str | None
) -> None:
    context = ssl.create_default_context(cafile=sandbox.ca_file)
    if protocols:
        context.set_alpn_protocols(protocols)
    plain, answer = connect(sandbox, "googleads.googleapis.com:443")
    assert answer.startswith(b"HTTP/1.1 200 ")
    with context.wrap_socket(plain, server_hostname="googleads.googleapis.com") as secure:
        assert secure.selected_alpn_protocol() == spoken


def test_default_hosts_are_reached_through_it(sandbox: Sandbox) -> None:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(
            "https://graph.facebook.com/v26.0/me",
            timeout=10,
            verify=sandbox.ca_file,
            params={"access_token": "sandbox-meta-token"},
            proxies={"https": f"http://127.0.0.1:{sandbox.ports['proxy']}"},
        )
    assert answer.json()["name"] == "Sandbox System User"


@pytest.mark.parametrize("host", ["example.com", "facebook.com", "graph.facebook.com.evil.com"])
def test_other_hosts_are_refused(sandbox: Sandbox, host: str) -> None:
    plain, answer = connect(sandbox, f"{host}:443")
    plain.close()
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert not is_served(host)


def test_what_is_no_tls_is_hung_up_on(sandbox: Sandbox) -> None:
    plain, _ = connect(sandbox, "graph.facebook.com:443")
    with plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert plain.recv(100) == b""


def test_only_connect_is_answered(sandbox: Sandbox) -> None:
    with socket.create_connection(("127.0.0.1", sandbox.ports["proxy"]), timeout=10) as plain:
        plain.sendall(b"GET http://graph.facebook.com/ HTTP/1.1\r\n\r\n")
        assert plain.recv(100).startswith(b"HTTP/1.1 405 ")


@pytest.mark.parametrize("hello", [b"", b"\x01", b"\x02" + b"\0" * 60, b"\x01" + b"\xff" * 40])
def test_a_broken_client_hello_is_no_protocol(hello: bytes) -> None:
    with pytest.raises((IndexError, ValueError)):
        offered_protocols(hello)
