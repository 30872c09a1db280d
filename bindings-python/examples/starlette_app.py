"""A Starlette application.

JWKS_URI=https://id.example.com/jwks ISSUER=https://id.example.com AUDIENCE=my-api python starlette_app.py
"""

import os

import uvicorn
from starlette.applications import Starlette
from starlette.authentication import requires
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from bearergate import require_auth_context
from bearergate.starlette import JwtAuthMiddleware, requires_roles


async def healthz(request):
    return PlainTextResponse("ok")


async def me(request):
    return JSONResponse({"subject": require_auth_context().subject, "name": request.user.display_name})


@requires("reports:read")
async def reports(request):
    return JSONResponse(["2025", "2026"])


@requires_roles("admin")
async def admin(request):
    return JSONResponse({"subject": request.user.identity})


app = Starlette(
    routes=[Route("/healthz", healthz), Route("/me", me), Route("/reports", reports), Route("/admin", admin)],
    middleware=[
        Middleware(
            JwtAuthMiddleware,
            jwks_uri=os.environ["JWKS_URI"],
            issuer=os.environ["ISSUER"],
            audience=os.environ["AUDIENCE"],
            claims_mapping={"roles": "roles"},
            skip_paths=["/healthz"],
        )
    ],
)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8080")))
