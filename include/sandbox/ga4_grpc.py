"""The GA4 Data API over gRPC: the service BetaAnalyticsData of google.analytics.data.v1beta.

Refusals travel as a status, with their details in `grpc-status-details-bin`
(https://google.aip.dev/193). What the service has beside the methods here is UNIMPLEMENTED.
"""

import traceback
from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf.json_format import ParseDict
from google.rpc import error_details_pb2, status_pb2

from include.sandbox import ga4_report
from include.sandbox.dataset import World
from include.sandbox.ga4_access import SERVICE, Ga4Refusal, authorize
from include.sandbox.google_faults import hang
from include.sandbox.wire import CURRENT_FAULT, metadata_of

_DETAILS = {
    "type.googleapis.com/google.rpc.ErrorInfo": error_details_pb2.ErrorInfo,
    "type.googleapis.com/google.rpc.BadRequest": error_details_pb2.BadRequest,
}


def add_services(server: Any, world: World) -> None:
    """Registers the service on a `grpc.aio` server. Faults come from the server's interceptor."""
    server.add_generic_rpc_handlers([_Handlers(world)])


class _Handlers(grpc.GenericRpcHandler):
    """Finds a method's handler by name, so that messages are imported when first needed."""

    def __init__(self, world: World) -> None:
        self._world = world

    def service(self, details: Any) -> Any:
        service, _, method = details.method.removeprefix("/").partition("/")
        if service != SERVICE or method not in _METHODS:
            return None
        request_class, answer = _METHODS[method]
        return grpc.unary_unary_rpc_method_handler(
            self._answering(method, answer),
            request_deserializer=ga4_report.message(request_class).FromString,
        )

    def _answering(self, method: str, answer: Callable[[World, Any, Any], Any]) -> Any:
        async def handle(request: Any, context: Any) -> bytes:
            fault = CURRENT_FAULT.get()
            try:
                authorize(self._world, metadata_of(context), method, fault)
                response = answer(self._world, request, fault)
                await hang(fault)
            except Ga4Refusal as refusal:
                await _abort(context, refusal)
            except Exception:
                traceback.print_exc()
                await _abort(context, Ga4Refusal("Internal error encountered.", "INTERNAL"))
            encoded: bytes = response.SerializeToString()
            return encoded

        return handle


# Method: the class of its request, and what answers it.
_METHODS: dict[str, tuple[str, Callable[[World, Any, Any], Any]]] = {
    "RunReport": ("RunReportRequest", ga4_report.run_report),
    "BatchRunReports": ("BatchRunReportsRequest", ga4_report.batch_run_reports),
    "GetMetadata": (
        "GetMetadataRequest",
        lambda world, request, fault: ga4_report.get_metadata(world, request.name),
    ),
    "CheckCompatibility": (
        "CheckCompatibilityRequest",
        lambda world, request, fault: ga4_report.check_compatibility(world, request),
    ),
}


async def _abort(context: Any, refusal: Ga4Refusal) -> None:
    code = grpc.StatusCode[refusal.status]
    status = status_pb2.Status(code=code.value[0], message=refusal.message)
    for detail in refusal.details:
        fields = {name: value for name, value in detail.items() if name != "@type"}
        status.details.add().Pack(ParseDict(fields, _DETAILS[detail["@type"]]()))
    trailing = (("grpc-status-details-bin", status.SerializeToString()),) if refusal.details else ()
    await context.abort(code, refusal.message, trailing)
