"""A Connect service that refuses a request before its application sees it.

JWKS_URI=https://id.example.com/jwks ISSUER=https://id.example.com AUDIENCE=my-api python connect_app.py
"""

import os

import uvicorn
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.server import ConnectASGIApplication, Endpoint
from protobuf.wkt import StringValue

from bearergate import require_auth_context
from bearergate.asgi import JwtAuthMiddleware


# In a project, protoc-gen-connectrpc writes this part.
def method(name):
    return MethodInfo(
        name=name,
        service_name="greet.v1.GreetService",
        input=StringValue,
        output=StringValue,
        idempotency_level=IdempotencyLevel.UNKNOWN,
        stream_type=StreamType.UNARY,
    )


class GreetServiceASGIApplication(ConnectASGIApplication):
    path = "/greet.v1.GreetService"

    def __init__(self, service):
        methods = {"Greet": service.greet, "Ping": service.ping}
        endpoints = {
            f"{self.path}/{name}": Endpoint.unary(method=method(name), function=function)
            for name, function in methods.items()
        }
        super().__init__(service=service, endpoints=lambda _: endpoints)


class Greeter:
    async def greet(self, request, ctx):
        return StringValue(value=f"Hello {require_auth_context().subject}")

    async def ping(self, request, ctx):
        return StringValue(value="pong")


app = JwtAuthMiddleware(
    GreetServiceASGIApplication(Greeter()),
    jwks_uri=os.environ["JWKS_URI"],
    issuer=os.environ["ISSUER"],
    audience=os.environ["AUDIENCE"],
    skip_methods=["greet.v1.GreetService/Ping"],
)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8080")), lifespan="off")
