"""Django's and the REST framework's own ways: the setting, views, permissions, and their test clients."""

import asyncio

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse
from django.test import AsyncRequestFactory, Client, RequestFactory, override_settings
from django.urls import path
from keys import SECRET, token
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView
from routes import subject_of, whom

from bearergate import AuthContext, JwtVerifier
from bearergate import asgi as any_asgi
from bearergate.django import JwtAuthMiddleware, get_verifier, requires_roles, requires_scopes
from bearergate.drf import JwtAuthentication, JwtUser
from bearergate.drf import requires_roles as has_roles
from bearergate.drf import requires_scopes as has_scopes

OPTIONS = {"secret": SECRET, "claims_mapping": {"roles": "roles"}}
settings = override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=["bearergate.django.JwtAuthMiddleware"])


def bearer(**claims):
    return {"authorization": f"Bearer {token(**claims)}"}


def index(request):
    return HttpResponse(f"{subject_of(request.auth)} {whom()}")


@requires_roles("admin", "root")
def admin(request):
    return HttpResponse(whom())


@requires_scopes("a", "b")
async def scoped(request):
    return HttpResponse(whom())


class View(APIView):
    authentication_classes = (JwtAuthentication,)
    permission_classes = (IsAuthenticated,)

    def get(self, request):
        assert isinstance(request.auth, AuthContext)
        assert isinstance(request.user, JwtUser)
        return Response(f"{request.user} {whom()}")


class Anybody(View):
    permission_classes = (AllowAny,)

    def get(self, request):
        return Response(f"{subject_of(request.auth)} {whom()}")


class Unguarded(APIView):
    authentication_classes = ()
    permission_classes = ()

    def get(self, request):
        return Response(whom())


class Admin(View):
    permission_classes = (has_roles("admin", "root") | has_scopes("a", "b"),)


class Named(JwtAuthentication):
    def get_user(self, context):
        return {"alice": "Alice Example"}.get(context.subject)


class WithNames(View):
    authentication_classes = (Named,)
    permission_classes = ()

    def get(self, request):
        return Response(str(request.user))


urlpatterns = [
    path("", index),
    path("skipped", index),
    path("admin", admin),
    path("scoped", scoped),
    path("view", View.as_view()),
    path("anybody", Anybody.as_view()),
    path("unguarded", Unguarded.as_view()),
    path("views/admin", Admin.as_view()),
    path("names", WithNames.as_view()),
]


class TestMiddleware:
    @pytest.fixture(autouse=True)
    def _settings(self):
        with settings, override_settings(BEARERGATE={**OPTIONS, "skip_paths": ["/open"]}):
            yield

    def test_roles_and_scopes(self):
        client = Client()
        assert client.get("/admin", headers=bearer(roles=["root"])).content == b"alice"
        answer = client.get("/admin", headers=bearer(scope="admin"))
        assert (answer.status_code, answer["www-authenticate"]) == (403, 'Bearer error="insufficient_scope"')
        assert client.get("/scoped", headers=bearer(scope="b a")).content == b"alice"
        answer = client.get("/scoped", headers=bearer(scope="a"))
        assert answer["www-authenticate"] == 'Bearer error="insufficient_scope", scope="a b"'

    def test_optional(self):
        with override_settings(BEARERGATE={**OPTIONS, "optional": True}):
            client = Client()
            assert client.get("/").content == b"nobody nobody"
            assert client.get("/", headers=bearer()).content == b"alice alice"
            assert client.get("/", headers=bearer(exp=1)).status_code == 401
            assert client.get("/admin").status_code == 401
            assert client.get("/scoped").status_code == 401

    def test_a_skipped_path(self):
        assert Client().get("/open").status_code == 404
        assert Client().get("/open/x").status_code == 401

    def test_the_verifier_of_the_setting(self):
        verifier = get_verifier()
        assert verifier.verify(token()).subject == "alice"
        assert get_verifier()._judge is verifier._judge
        ready = JwtVerifier(secret="x" * 32)
        with override_settings(BEARERGATE={"verifier": ready}):
            assert get_verifier()._judge is ready._judge
        assert get_verifier()._judge is not ready._judge

    def test_it_is_one_class_for_sync_and_async(self):
        async def answer(request):
            return HttpResponse(f"{subject_of(request.auth)} {whom()}")

        def answer_sync(request):
            return asyncio.run(answer(request))

        request = RequestFactory().get("/", headers=bearer())
        assert JwtAuthMiddleware(answer_sync)(request).content == b"alice alice"

        async def main():
            request = AsyncRequestFactory().get("/", headers=bearer())
            assert (await JwtAuthMiddleware(answer)(request)).content == b"alice alice"
            assert whom() == "nobody"

        asyncio.run(main())

    def test_an_outer_middlewares_caller_stays_where_this_one_skips(self):
        judged = []
        verifier = JwtVerifier(secret=SECRET, validate=lambda context: judged.append(context.subject))

        async def main(path):
            sent, given = [], [{"type": "http.request"}]

            async def receive():
                return given.pop() if given else await asyncio.Event().wait()

            async def send(message):
                sent.append(message)

            headers = [(b"host", b"localhost"), (b"authorization", f"Bearer {token()}".encode())]
            scope = {"type": "http", "method": "GET", "path": path, "headers": headers, "query_string": b""}
            await any_asgi.JwtAuthMiddleware(ASGIHandler(), verifier=verifier)(scope, receive, send)
            return sent[1]["body"]

        setting = {"verifier": verifier, "skip_paths": ["/skipped"]}
        with override_settings(BEARERGATE=setting):
            assert asyncio.run(main("/")) == b"alice alice"
            assert asyncio.run(main("/skipped")) == b"alice alice"
        assert judged == ["alice", "alice"]

    def test_headers_that_were_read_before_do_not_stay_spoofed(self):
        request = RequestFactory().get("/", headers=bearer() | {"x-auth-subject": "root"})
        assert request.headers["x-auth-subject"] == "root"
        JwtAuthMiddleware(lambda request: HttpResponse())(request)
        assert "x-auth-subject" not in request.headers


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (None, "BEARERGATE"),
        ({}, "requires one of"),
        ({"secret": "short"}, "at least 32 bytes"),
        ({**OPTIONS, "audiance": "x"}, "audiance"),
        ({**OPTIONS, "optional": "no"}, "optional"),
        ({**OPTIONS, "skip_paths": ["x"]}, "skip_paths"),
        ({"verifier": "x"}, "verifier"),
    ],
)
def test_a_setting_that_cannot_be_meant(given, text):
    with settings, override_settings(BEARERGATE=given), pytest.raises(ImproperlyConfigured, match=text):
        JwtAuthMiddleware(lambda request: HttpResponse())


class TestRestFramework:
    @pytest.fixture(autouse=True)
    def _settings(self):
        with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[], BEARERGATE=OPTIONS):
            yield

    def test_the_setting_authenticates(self):
        client = APIClient()
        assert client.get("/view", headers=bearer()).json() == "alice alice"
        answer = client.get("/view")
        assert (answer.status_code, answer["www-authenticate"]) == (401, "Bearer")
        answer = client.get("/view", headers=bearer(exp=1))
        assert (answer.status_code, answer["www-authenticate"]) == (401, 'Bearer error="invalid_token"')

    def test_without_credentials_the_permissions_decide_and_bad_ones_are_refused(self):
        client = APIClient()
        assert client.get("/anybody").json() == "nobody nobody"
        assert client.get("/anybody", headers={"authorization": "Basic x"}).json() == "nobody nobody"
        assert client.get("/anybody", headers=bearer(exp=1)).status_code == 401

    def test_permissions_compose(self):
        client = APIClient()
        assert client.get("/views/admin", headers=bearer(roles=["root"])).status_code == 200
        assert client.get("/views/admin", headers=bearer(scope="a b")).status_code == 200
        assert client.get("/views/admin", headers=bearer(scope="a", roles=["b"])).status_code == 403
        assert client.get("/views/admin").status_code == 401

    def test_a_user_of_ones_own_and_none(self):
        client = APIClient()
        assert client.get("/names", headers=bearer()).json() == "Alice Example"
        answer = client.get("/names", headers=bearer(sub="bob"))
        assert (answer.status_code, answer.json()) == (401, {"detail": "Authentication failed"})

    def test_the_caller_ends_with_the_request_on_the_same_thread(self):
        client = APIClient()
        kept = []
        for subject in ("alice", "bob"):
            # The response keeps the request alive.
            kept.append(client.get("/view", headers=bearer(sub=subject)))
            assert kept[-1].json() == f"{subject} {subject}"
            assert whom() == "nobody"
            assert client.get("/unguarded").json() == "nobody"
            assert client.get("/anybody").json() == "nobody nobody"

    def test_behind_the_middleware_nothing_is_verified_twice(self):
        judged = []
        options = {**OPTIONS, "validate": lambda context: judged.append(context.subject)}
        with settings, override_settings(BEARERGATE=options):
            assert APIClient().get("/view", headers=bearer()).json() == "alice alice"
            assert judged == ["alice"]
            assert APIClient().get("/view").status_code == 401
            assert whom() == "nobody"

    def test_what_throttles_ask_of_a_user(self):
        user = JwtUser(AuthContext(subject="alice"))
        assert (user.pk, user.username, user.get_username(), str(user)) == ("alice",) * 4
        assert (user.is_authenticated, user.is_anonymous, user.is_active) == (True, False, True)
        assert user == JwtUser(AuthContext(subject="alice"))
        assert user != JwtUser(AuthContext(subject="bob"))
