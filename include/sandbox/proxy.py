"""A blind CONNECT proxy: every SDK reaches the sandbox on its default hosts through it.

It never decrypts. It looks at the ClientHello alone: a client that offers `h2` without `http/1.1`
speaks gRPC, any other HTTP/1.1. Hosts the certificate does not name are refused.
"""

import asyncio
import contextlib
from fnmatch import fnmatchcase

from include.sandbox.certificates import ADDRESSES, HOSTS

_ALPN = 16
_HANDSHAKE = 22
_TIMEOUT = 30


def is_served(host: str) -> bool:
    """Whether the sandbox stands in for this host."""
    name = host.lower().strip("[]")
    return name in ADDRESSES or any(fnmatchcase(name, pattern) for pattern in HOSTS)


def offered_protocols(hello: bytes) -> list[str]:
    """The ALPN protocols a TLS ClientHello handshake message offers (RFC 8446 4.1.2, RFC 7301).

    Raises IndexError or ValueError on bytes that are no ClientHello.
    """

    def number(at: int, size: int) -> int:
        if at + size > len(hello):
            raise IndexError("ClientHello is cut short")
        return int.from_bytes(hello[at : at + size], "big")

    if number(0, 1) != 1:
        raise ValueError("not a ClientHello")
    at = 4 + 2 + 32
    at += 1 + number(at, 1)
    at += 2 + number(at, 2)
    at += 1 + number(at, 1)
    if at >= len(hello):
        return []
    end = at + 2 + number(at, 2)
    at += 2
    while at < end:
        kind, size = number(at, 2), number(at + 2, 2)
        if kind == _ALPN:
            protocols, item, last = [], at + 6, at + 4 + size
            while item < last:
                length = number(item, 1)
                protocols.append(hello[item + 1 : item + 1 + length].decode("ascii", "replace"))
                item += 1 + length
            return protocols
        at += 4 + size
    return []


async def _client_hello(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The bytes as they came, and the handshake message in them (it may span TLS records)."""
    raw = message = b""
    while len(message) < 4 or len(message) < 4 + int.from_bytes(message[1:4], "big"):
        header = await reader.readexactly(5)
        if header[0] != _HANDSHAKE or len(raw) > 1 << 18:
            raise ValueError("not a TLS handshake")
        fragment = await reader.readexactly(int.from_bytes(header[3:5], "big"))
        raw += header + fragment
        message += fragment
    return raw, message


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(1 << 16):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()


class ConnectProxy:
    """`https_port` and `grpc_port` are where the tunnels end, on loopback."""

    def __init__(self, https_port: int, grpc_port: int) -> None:
        self._https_port, self._grpc_port = https_port, grpc_port
        self._server: asyncio.Server | None = None
        self._tunnels: set[asyncio.Task[None]] = set()

    async def start(self, port: int, host: str = "127.0.0.1") -> int:
        """Gives the port. Raises OSError when it is busy, or the host no address to listen on."""
        self._server = await asyncio.start_server(self._accept, host, port)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Closes the listener and every tunnel."""
        if self._server:
            self._server.close()
        for tunnel in self._tunnels:
            tunnel.cancel()
        await asyncio.gather(*self._tunnels, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tunnels.add(task)
        try:
            await self._tunnel(reader, writer)
        except (OSError, EOFError, ValueError, IndexError, TimeoutError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._tunnels.discard(task)
            writer.close()

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_TIMEOUT):
            head = await reader.readuntil(b"\r\n\r\n")
            verb, _, rest = head.decode("latin-1").partition(" ")
            target = rest.split(" ", 1)[0]
            host = target.rpartition(":")[0]
            if verb != "CONNECT":
                await _answer(writer, "405 Method Not Allowed", "This proxy takes CONNECT only.")
                return
            if not is_served(host):
                await _answer(writer, "403 Forbidden", f"The sandbox does not serve {host}.")
                return
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            raw, hello = await _client_hello(reader)
        protocols = offered_protocols(hello)
        is_grpc = "h2" in protocols and "http/1.1" not in protocols
        port = self._grpc_port if is_grpc else self._https_port
        onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            onward_writer.write(raw)
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(_pump(reader, onward_writer))
                pumps.create_task(_pump(onward_reader, writer))
        finally:
            onward_writer.close()


async def _answer(writer: asyncio.StreamWriter, status: str, reason: str) -> None:
    writer.write(
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(reason)}\r\n"
        f"Connection: close\r\n\r\n{reason}".encode()
    )
    await writer.drain()
