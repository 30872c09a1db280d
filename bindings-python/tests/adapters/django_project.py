"""A Django project in this process: plain views, asynchronous ones, and those of the REST framework."""

import asyncio
from typing import Any

from django.conf import settings


def configure() -> None:
    settings.configure(
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="not used for anything",
        ROOT_URLCONF="django_project",
        MIDDLEWARE=[],
        LOGGING_CONFIG=None,
        REST_FRAMEWORK={
            "UNAUTHENTICATED_USER": None,
            "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        },
    )
    import django

    django.setup()
    _define()


urlpatterns: list[Any] = []
CALLS: list[str] = []


def _define() -> None:
    from django.http import JsonResponse, StreamingHttpResponse
    from django.urls import path
    from rest_framework.permissions import IsAuthenticated
    from rest_framework.response import Response
    from rest_framework.views import APIView
    from routes import headers_of, subject_of, whom

    from bearergate.drf import JwtAuthentication

    def whoami(request):
        CALLS.append(whom())
        return JsonResponse({"context": whom(), "framework": subject_of(request.auth)})

    async def awhoami(request):
        await asyncio.sleep(0)
        return whoami(request)

    def fail(request):
        CALLS.append(whom())
        raise RuntimeError(whom())

    async def afail(request):
        fail(request)

    def stream(request):
        return StreamingHttpResponse(whom() + "\n" for _ in range(3))

    async def astream(request):
        async def lines():
            for _ in range(3):
                await asyncio.sleep(0)
                yield whom() + "\n"

        return StreamingHttpResponse(lines())

    def headers(request):
        return JsonResponse(headers_of(request.headers.items()))

    class Authentication(JwtAuthentication):
        pass

    class View(APIView):
        authentication_classes = (Authentication,)
        permission_classes = (IsAuthenticated,)

    class WhoAmI(View):
        def get(self, request):
            CALLS.append(whom())
            assert subject_of(request.auth) == request.user.pk
            return Response({"context": whom(), "framework": subject_of(request.auth)})

        post = get

    class Fail(View):
        def get(self, request):
            fail(request)

    class Stream(View):
        def get(self, request):
            return stream(request)

    class Headers(View):
        def get(self, request):
            return Response(headers_of(request.headers.items()))

    class Open(APIView):
        authentication_classes = ()
        permission_classes = ()

        def get(self, request):
            return Response({"context": whom(), "framework": "nobody"})

    for name, plain, asynchronous, view in (
        ("whoami", whoami, awhoami, WhoAmI),
        ("fail", fail, afail, Fail),
        ("stream", stream, astream, Stream),
        ("headers", headers, headers, Headers),
        ("public/x", whoami, awhoami, Open),
    ):
        urlpatterns.append(path(name, plain))
        urlpatterns.append(path(f"async/{name}", asynchronous))
        urlpatterns.append(path(f"drf/{name}", view.as_view()))


def rest_authentication() -> Any:
    """The class that the REST framework's views are authenticated by."""
    (pattern,) = (pattern for pattern in urlpatterns if str(pattern.pattern) == "drf/whoami")
    return pattern.callback.cls.authentication_classes[0]
