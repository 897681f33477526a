"""Google Ads over gRPC: SearchStream, Search, ListAccessibleCustomers, field metadata.

Services and messages are those of the installed google-ads package, v23 to v26. Refusals travel as
the API sends them: a status, and GoogleAdsFailure in the trailing metadata
(https://developers.google.com/google-ads/api/docs/best-practices/understand-api-errors).
"""

import re
import traceback
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
from google.rpc import status_pb2

from include.sandbox import google_fields, google_search
from include.sandbox.dataset import World
from include.sandbox.gaql import VERSIONS, GoogleAdsRefusal
from include.sandbox.google_access import (
    STATUS,
    accessible,
    authorize,
    failure,
    internal_error,
    request_id,
)
from include.sandbox.google_faults import at_once, hang
from include.sandbox.wire import CURRENT_FAULT, metadata_of

_METHOD = re.compile(r"/google\.ads\.googleads\.(v\d+)\.services\.(\w+)/(\w+)")


def add_services(server: Any, world: World) -> None:
    """Registers every service on a `grpc.aio` server. Faults come from the server's interceptor."""
    server.add_generic_rpc_handlers([_Handlers(world)])


class _Handlers(grpc.GenericRpcHandler):
    """Finds a method's handler by name, so that a version is imported when it is first asked."""

    def __init__(self, world: World) -> None:
        self._world = world

    def service(self, details: Any) -> Any:
        match = _METHOD.fullmatch(details.method)
        if match is None or match[1] not in VERSIONS:
            return None
        version, name = match[1], (match[2], match[3])
        if name == ("GoogleAdsService", "SearchStream"):
            types = google_search.messages(version, "google_ads_service")
            return grpc.unary_stream_rpc_method_handler(
                self._streaming(version),
                request_deserializer=types.SearchGoogleAdsStreamRequest.pb().FromString,
            )
        found = self._unary(version, *name)
        if found is None:
            return None
        request_class, answer = found
        return grpc.unary_unary_rpc_method_handler(
            self._answering(version, answer), request_deserializer=request_class.FromString
        )

    def _unary(self, version: str, service: str, method: str) -> Any:
        """Request class, and a function of request and headers that gives the response message."""
        world = self._world
        if (service, method) == ("GoogleAdsService", "Search"):
            types = google_search.messages(version, "google_ads_service")
            return types.SearchGoogleAdsRequest.pb(), lambda request, headers: google_search.search(
                world, request, headers, version, CURRENT_FAULT.get()
            )
        if (service, method) == ("CustomerService", "ListAccessibleCustomers"):
            types = google_search.messages(version, "customer_service")
            return (
                types.ListAccessibleCustomersRequest.pb(),
                lambda request, headers: types.ListAccessibleCustomersResponse.pb()(
                    resource_names=accessible(world)
                ),
            )
        if service == "GoogleAdsFieldService":
            types = google_search.messages(version, "google_ads_field_service")
            if method == "GetGoogleAdsField":
                return (
                    types.GetGoogleAdsFieldRequest.pb(),
                    lambda request, headers: google_fields.get(version, request.resource_name),
                )
            if method == "SearchGoogleAdsFields":
                return (
                    types.SearchGoogleAdsFieldsRequest.pb(),
                    lambda request, headers: google_fields.search(version, request.query),
                )
        return None

    def _answering(self, version: str, answer: Callable[[Any, Any], Any]) -> Any:
        async def handle(request: Any, context: Any) -> bytes:
            number, headers = request_id(), metadata_of(context)
            try:
                authorize(self._world, headers, CURRENT_FAULT.get())
                response = answer(request, headers)
            except GoogleAdsRefusal as refusal:
                await _abort(context, version, refusal, number)
            except Exception:
                traceback.print_exc()
                await _abort(context, version, internal_error(), number)
            context.set_trailing_metadata((("request-id", number),))
            encoded: bytes = response.SerializeToString()
            return encoded

        return handle

    def _streaming(self, version: str) -> Any:
        world = self._world

        async def handle(request: Any, context: Any) -> AsyncIterator[bytes]:
            number, headers, fault = request_id(), metadata_of(context), CURRENT_FAULT.get()
            try:
                authorize(world, headers, at_once(fault))
                pages = google_search.stream(world, request, headers, version, number, fault)
                for sent, page in enumerate(pages):
                    if fault and sent == fault.get("after", -1):
                        await hang(fault)
                        authorize(world, headers, fault)
                    yield page
            except GoogleAdsRefusal as refusal:
                await _abort(context, version, refusal, number)
            except Exception:
                traceback.print_exc()
                await _abort(context, version, internal_error(), number)
            context.set_trailing_metadata((("request-id", number),))

        return handle


async def _abort(context: Any, version: str, refusal: GoogleAdsRefusal, number: str) -> None:
    found = failure(version, refusal, number)
    code, text = grpc.StatusCode[refusal.status], STATUS[refusal.status][1]
    status = status_pb2.Status(code=code.value[0], message=text)
    status.details.add().Pack(found)
    await context.abort(
        code,
        text,
        (
            (
                f"google.ads.googleads.{version}.errors.googleadsfailure-bin",
                found.SerializeToString(),
            ),
            ("grpc-status-details-bin", status.SerializeToString()),
            ("request-id", number),
        ),
    )
