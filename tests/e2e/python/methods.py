"""The methods of the test service, without generated code: both sides speak `StringValue`."""

from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from protobuf.wkt import StringValue

SERVICE = "bearergate.e2e.v1.IdentityService"


def _method(name: str, stream_type: StreamType, level: IdempotencyLevel = IdempotencyLevel.UNKNOWN):
    return MethodInfo(
        name=name,
        service_name=SERVICE,
        input=StringValue,
        output=StringValue,
        idempotency_level=level,
        stream_type=stream_type,
    )


UNARY = _method("Unary", StreamType.UNARY)
READ = _method("Read", StreamType.UNARY, IdempotencyLevel.NO_SIDE_EFFECTS)
OPEN = _method("Open", StreamType.UNARY)
OPEN_STREAM = _method("OpenStream", StreamType.SERVER_STREAM)
CLIENT_STREAM = _method("ClientStream", StreamType.CLIENT_STREAM)
SERVER_STREAM = _method("ServerStream", StreamType.SERVER_STREAM)
BIDI_STREAM = _method("BidiStream", StreamType.BIDI_STREAM)
"""Answers each question as it comes."""


def path(method) -> str:
    return f"/{method.service_name}/{method.name}"
