"""A Flask application.

JWKS_URI=https://id.example.com/jwks ISSUER=https://id.example.com AUDIENCE=my-api python flask_app.py
"""

import os

from flask import Flask, g

from bearergate.flask import JwtAuth

app = Flask(__name__)
jwt_auth = JwtAuth(
    app,
    jwks_uri=os.environ["JWKS_URI"],
    issuer=os.environ["ISSUER"],
    audience=os.environ["AUDIENCE"],
    claims_mapping={"roles": "roles"},
    skip_paths=["/healthz"],
)


@app.get("/healthz")
def healthz():
    return "ok"


@app.get("/me")
def me():
    return {"subject": g.auth.subject, "name": g.auth.name}


@app.get("/admin")
@jwt_auth.required(roles=["admin"])
def admin():
    return {"subject": g.auth.subject}


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ.get("PORT", "8080")))
