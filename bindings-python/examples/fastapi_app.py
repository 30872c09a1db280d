"""A FastAPI application.

JWKS_URI=https://id.example.com/jwks ISSUER=https://id.example.com AUDIENCE=my-api python fastapi_app.py
"""

import os
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, Security

from bearergate import AuthContext
from bearergate.fastapi import JwtBearer, requires_roles

bearer = JwtBearer(
    jwks_uri=os.environ["JWKS_URI"],
    issuer=os.environ["ISSUER"],
    audience=os.environ["AUDIENCE"],
    claims_mapping={"roles": "roles"},
)
Caller = Annotated[AuthContext, Depends(bearer)]
Reader = Annotated[AuthContext, Security(bearer, scopes=["reports:read"])]

app = FastAPI()


@app.get("/healthz")
async def healthz() -> str:
    return "ok"


@app.get("/me")
async def me(caller: Caller) -> dict[str, str | None]:
    return {"subject": caller.subject, "name": caller.name}


@app.get("/reports")
def reports(reader: Reader) -> list[str]:
    return ["2025", "2026"]


@app.get("/admin", dependencies=[Depends(bearer), Depends(requires_roles("admin"))])
def admin() -> str:
    return "ok"


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8080")))
