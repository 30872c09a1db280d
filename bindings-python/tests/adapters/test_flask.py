"""Flask's own ways: `g`, the decorator, the application factory, and its configuration."""

import pytest
from flask import Flask, g
from keys import SECRET, token
from routes import subject_of, whom

from bearergate import ConfigError, JwtVerifier
from bearergate.flask import JwtAuth

ROLES = {"roles": "roles"}


def bearer(**claims):
    return {"authorization": f"Bearer {token(**claims)}"}


def application(**options):
    app = Flask(__name__)
    jwt_auth = JwtAuth(app, secret=SECRET, claims_mapping=ROLES, **options)

    @app.get("/")
    def index():
        return f"{subject_of(g.auth)} {whom()}"

    @app.get("/required")
    @jwt_auth.required
    def required():
        return whom()

    @app.get("/admin")
    @jwt_auth.required(roles=["admin", "root"], scopes=["a", "b"])
    def admin():
        return whom()

    @app.get("/later")
    @jwt_auth.required()
    def fails():
        raise LookupError(whom())

    return app


def test_every_view_is_closed_unless_it_is_optional():
    client = application().test_client()
    assert client.get("/").status_code == 401
    assert client.get("/", headers=bearer()).text == "alice alice"
    client = application(optional=True).test_client()
    assert client.get("/").text == "nobody nobody"
    assert client.get("/", headers=bearer()).text == "alice alice"
    assert client.get("/", headers=bearer(exp=1)).status_code == 401
    answer = client.get("/required")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json == {"code": "unauthenticated", "message": "Missing credentials"}
    assert client.get("/required", headers=bearer()).text == "alice"


def test_roles_and_scopes():
    client = application().test_client()
    assert client.get("/admin", headers=bearer(roles=["root"], scope="b a")).text == "alice"
    for claims in (
        {"roles": ["root"], "scope": "a"},
        {"scope": "a b"},
        {"roles": ["a"], "scope": "a b admin"},
    ):
        answer = client.get("/admin", headers=bearer(**claims))
        assert (answer.status_code, answer.headers["www-authenticate"]) == (
            403,
            'Bearer error="insufficient_scope", scope="a b"',
        )


def test_a_view_that_raises_leaves_nobody_behind():
    app = application(optional=True)
    app.testing = True
    client = app.test_client()
    for subject in ("alice", "bob"):
        with pytest.raises(LookupError, match=subject):
            client.get("/later", headers=bearer(sub=subject))
        assert whom() == "nobody"
        assert client.get("/").text == "nobody nobody"


def test_an_asynchronous_view():
    pytest.importorskip("asgiref")
    app = Flask(__name__)
    jwt_auth = JwtAuth(app, secret=SECRET)

    @app.get("/")
    @jwt_auth.required
    async def index():
        return whom()

    assert app.test_client().get("/", headers=bearer()).text == "alice"


def test_a_factory_and_the_configuration():
    jwt_auth = JwtAuth()
    app = Flask(__name__)
    with pytest.raises(ConfigError, match="BEARERGATE"):
        jwt_auth.init_app(app)
    app.config["BEARERGATE"] = {"secret": SECRET, "skip_paths": ["/open"]}
    jwt_auth.init_app(app)

    @app.get("/open")
    @app.get("/closed")
    def index():
        return whom()

    client = app.test_client()
    assert client.get("/open").text == "nobody"
    assert client.get("/closed").status_code == 401
    with app.app_context():
        assert isinstance(jwt_auth.verifier, JwtVerifier)
        assert jwt_auth.verifier.verify(token()).subject == "alice"
    with pytest.raises(RuntimeError, match="already"):
        jwt_auth.init_app(app)


def test_one_extension_guards_several_applications():
    jwt_auth = JwtAuth(secret=SECRET)
    assert jwt_auth.verifier.verify(token()).subject == "alice"
    apps = [Flask(f"app{number}") for number in range(2)]
    for app in apps:
        jwt_auth.init_app(app)
        app.get("/")(whom)
        assert app.test_client().get("/", headers=bearer()).text == "alice"
        assert app.test_client().get("/").status_code == 401


def test_a_view_of_an_application_without_the_extension_says_so():
    app = Flask(__name__)
    app.get("/")(JwtAuth(secret=SECRET).required(lambda: "x"))
    app.testing = True
    with pytest.raises(RuntimeError, match="init_app"):
        app.test_client().get("/", headers=bearer())


def test_a_request_before_functions_of_the_application_sees_the_caller():
    app = Flask(__name__)
    seen = []
    app.before_request(lambda: seen.append(subject_of(g.auth)))
    JwtAuth(app, secret=SECRET)
    app.get("/")(lambda: "x")
    app.test_client().get("/", headers=bearer())
    assert seen == ["alice"]
