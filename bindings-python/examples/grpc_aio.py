"""A gRPC server on asyncio. Its handlers may be synchronous too: they run on a thread, as the same caller.

JWKS_URI=https://id.example.com/jwks ISSUER=https://id.example.com AUDIENCE=my-api python grpc_aio.py
"""

import asyncio
import os
from collections.abc import AsyncIterator

import grpc
import grpc.aio

from bearergate import AuthContext, require_auth_context
from bearergate.grpc import create_jwt_server_interceptor


async def greet(request: bytes, context: grpc.aio.ServicerContext) -> bytes:
    return b"Hello " + require_auth_context().subject.encode()


async def count(request: bytes, context: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
    if not require_auth_context().has_scopes("count"):
        await context.abort(grpc.StatusCode.PERMISSION_DENIED, "the scope count is needed")
    for number in range(3):
        await asyncio.sleep(0)
        yield f"{number} for {require_auth_context().subject}".encode()


def health(request: bytes, context: grpc.ServicerContext) -> bytes:
    return b"serving"


async def not_blocked(caller: AuthContext) -> bool:
    return caller.subject != "mallory"


async def main() -> None:
    interceptor = create_jwt_server_interceptor(
        jwks_uri=os.environ["JWKS_URI"],
        issuer=os.environ["ISSUER"],
        audience=os.environ["AUDIENCE"],
        skip_methods=["example.v1.Greeter/Health"],
        end_streams_at_expiry=True,
        validate=not_blocked,
    )
    server = grpc.aio.server(interceptors=[interceptor])
    # Generated code does this with add_GreeterServicer_to_server(servicer, server).
    methods = {
        "Greet": grpc.unary_unary_rpc_method_handler(greet),
        "Count": grpc.unary_stream_rpc_method_handler(count),
        "Health": grpc.unary_unary_rpc_method_handler(health),
    }
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("example.v1.Greeter", methods)])
    server.add_insecure_port(f"127.0.0.1:{os.environ.get('PORT', '50051')}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main())
