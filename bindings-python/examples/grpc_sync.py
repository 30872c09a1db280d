"""A synchronous gRPC server.

JWKS_URI=https://id.example.com/jwks ISSUER=https://id.example.com AUDIENCE=my-api python grpc_sync.py
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc

from bearergate import require_auth_context
from bearergate.grpc import create_jwt_server_interceptor


def greet(request: bytes, context: grpc.ServicerContext) -> bytes:
    return b"Hello " + require_auth_context().subject.encode()


def count(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
    if not require_auth_context().has_scopes("count"):
        context.abort(grpc.StatusCode.PERMISSION_DENIED, "the scope count is needed")
    for number in range(3):
        yield f"{number} for {require_auth_context().subject}".encode()


def health(request: bytes, context: grpc.ServicerContext) -> bytes:
    return b"serving"


def make_server() -> grpc.Server:
    interceptor = create_jwt_server_interceptor(
        jwks_uri=os.environ["JWKS_URI"],
        issuer=os.environ["ISSUER"],
        audience=os.environ["AUDIENCE"],
        skip_methods=["example.v1.Greeter/Health"],
        end_streams_at_expiry=True,
    )
    server = grpc.server(ThreadPoolExecutor(10), interceptors=[interceptor])
    # Generated code does this with add_GreeterServicer_to_server(servicer, server).
    methods = {
        "Greet": grpc.unary_unary_rpc_method_handler(greet),
        "Count": grpc.unary_stream_rpc_method_handler(count),
        "Health": grpc.unary_unary_rpc_method_handler(health),
    }
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("example.v1.Greeter", methods)])
    return server


if __name__ == "__main__":
    server = make_server()
    server.add_insecure_port(f"127.0.0.1:{os.environ.get('PORT', '50051')}")
    server.start()
    server.wait_for_termination()
