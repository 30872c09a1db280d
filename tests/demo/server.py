"""A Connect server in Python, guarded by bearergate: `uvicorn server:app`. Options come as JSON in DEMO_OPTIONS."""

import json
import os

from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.server import ConnectASGIApplication, Endpoint
from protobuf.wkt import StringValue

from bearergate import create_jwt_auth_interceptor, require_auth_context

GET = MethodInfo(
    name="Get",
    service_name="demo.v1.WhoAmI",
    input=StringValue,
    output=StringValue,
    idempotency_level=IdempotencyLevel.UNKNOWN,
    stream_type=StreamType.UNARY,
)


class WhoAmI:
    async def get(self, request, ctx):
        caller = require_auth_context()
        seen = {"subject": caller.subject, "roles": caller.roles, "scopes": caller.scopes}
        return StringValue(value=json.dumps(seen))


class Application(ConnectASGIApplication):
    path = "/demo.v1.WhoAmI"


jwt_auth = create_jwt_auth_interceptor(**json.loads(os.environ["DEMO_OPTIONS"]))
app = Application(
    service=WhoAmI(),
    endpoints=lambda service: {"/demo.v1.WhoAmI/Get": Endpoint.unary(method=GET, function=service.get)},
    interceptors=[jwt_auth],
)
