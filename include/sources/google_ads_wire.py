"""Google Ads over gRPC, answers as the bytes they came in.

Messages are those of the google-ads package; the channel, time-outs and errors are ours. Through
the package's own services an answer is decoded on its way, which costs half of the time, and its
headers and errors pass through code that has neither time-outs nor redaction.
https://developers.google.com/google-ads/api/docs/concepts/call-structure,
https://developers.google.com/google-ads/api/docs/best-practices/understand-api-errors
"""

from __future__ import annotations

import struct
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

_IN_MEMORY = 4 * 2**20  # an answer larger than this waits on disk
_SIZE = struct.Struct("<I")


class Spool:
    """The messages of one answer, kept as bytes, on disk beyond a few megabytes."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 (closed by its owner)
        self.count = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, message: bytes) -> None:
        """Keeps one more message."""
        self._file.write(_SIZE.pack(len(message)))
        self._file.write(message)
        self.count += 1

    def messages(self, message_class: Any) -> Iterator[Any]:
        """The messages in order, decoded one at a time."""
        self._file.seek(0)
        while size := self._file.read(_SIZE.size):
            yield message_class.FromString(self._file.read(_SIZE.unpack(size)[0]))


class Wire:
    """A channel to one endpoint; any number of threads may call through it.

    ``used`` counts requests, and operations as Google does: one a query, whatever its size. No
    channel is opened before the first call: one must not be open when a process forks.
    """

    def __init__(
        self, endpoint: str, version: str, developer_token: str, ca_file: str | None
    ) -> None:
        self._endpoint, self._ca_file = endpoint, ca_file
        self.version, self._developer_token = version, developer_token
        self.used: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._channel: Any = None

    def types(self, service: str) -> Any:
        """The message types of a service, such as ``google_ads_service``."""
        return import_module(f"google.ads.googleads.{self.version}.services.types.{service}")

    def ask(
        self, service: str, method: str, message: Any, token: str, login: str | None, seconds: float
    ) -> bytes:
        """The answer to a call. Raises Trouble."""
        headers = self._headers(message, token, login)
        call = self._method("unary_unary", service, method)
        return self._plainly(lambda: call(message, timeout=seconds, metadata=headers))

    def stream(
        self, message: Any, token: str, login: str | None, seconds: float, to: Spool
    ) -> None:
        """Reads the answer to SearchStream into a spool. Raises Trouble."""
        headers = self._headers(message, token, login)
        call = self._method("unary_stream", "GoogleAdsService", "SearchStream")

        def read() -> None:
            for answer in call(message, timeout=seconds, metadata=headers):
                to.add(answer)

        self._plainly(read)

    def count(self, name: str) -> None:
        """One more request or operation."""
        with self._lock:
            self.used[name] += 1

    def _headers(self, message: Any, token: str, login: str | None) -> list[tuple[str, str]]:
        self.count("requests")
        if getattr(message, "query", "") and not getattr(message, "page_token", ""):
            self.count("operations")
        headers = [
            ("authorization", f"Bearer {token}"),
            ("developer-token", self._developer_token),
        ]
        if login:
            headers.append(("login-customer-id", login))
        if customer := getattr(message, "customer_id", ""):
            headers.append(("x-goog-request-params", f"customer_id={customer}"))
        return headers

    def _method(self, kind: str, service: str, method: str) -> Any:
        import grpc

        with self._lock:
            if self._channel is None:
                roots = Path(self._ca_file).read_bytes() if self._ca_file else None
                self._channel = grpc.secure_channel(
                    self._endpoint,
                    grpc.ssl_channel_credentials(roots),
                    options=[
                        ("grpc.max_metadata_size", 16 * 2**20),
                        ("grpc.max_receive_message_length", 64 * 2**20),
                        (grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1),
                    ],
                )
            return getattr(self._channel, kind)(
                f"/google.ads.googleads.{self.version}.services.{service}/{method}",
                request_serializer=lambda message: message.SerializeToString(),
            )

    def _plainly(self, call: Any) -> Any:
        from grpc import RpcError

        try:
            return call()
        except RpcError as error:
            raise Trouble.of(error, self.version) from None


@dataclass
class Trouble(Exception):
    """An error of gRPC or of Google Ads: its status, the codes and message of the failure that
    travelled with it, and the seconds it asks to wait."""

    status: str
    codes: tuple[str, ...] = ()
    message: str = ""
    wait: float | None = None

    def __str__(self) -> str:
        return f"{', '.join(self.codes) or self.status}: {self.message}".rstrip(": ")

    @classmethod
    def of(cls, error: Any, version: str) -> Trouble:
        """What gRPC raised, with what its trailing metadata tells."""
        trailing = dict(error.trailing_metadata() or ())
        encoded = trailing.get(f"google.ads.googleads.{version}.errors.googleadsfailure-bin")
        held = None
        if encoded:
            errors = import_module(f"google.ads.googleads.{version}.errors.types.errors")
            held = errors.GoogleAdsFailure.pb().FromString(encoded)
        codes, message, wait = [], "", None
        for item in held.errors if held is not None else ():
            if group := item.error_code.WhichOneof("error_code"):
                codes.append(enum_name(item.error_code, group))
            message = message or item.message
            delay = item.details.quota_error_details.retry_delay.ToTimedelta()
            wait = max(wait or 0, delay.total_seconds()) or None
        return cls(error.code().name, tuple(codes), message, wait)


def enum_name(message: Any, field: str) -> str:
    """The name of an enum's value; one this version does not know stays a number."""
    number = getattr(message, field)
    values = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number
    return str(values[number].name) if number in values else str(number)
