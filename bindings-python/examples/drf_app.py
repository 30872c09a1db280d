"""A Django REST framework project in one file.

JWKS_URI=https://id.example.com/jwks ISSUER=https://id.example.com AUDIENCE=my-api python drf_app.py
"""

import os
from wsgiref.simple_server import make_server

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    BEARERGATE={
        "jwks_uri": os.environ["JWKS_URI"],
        "issuer": os.environ["ISSUER"],
        "audience": os.environ["AUDIENCE"],
        "claims_mapping": {"roles": "roles"},
    },
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["bearergate.drf.JwtAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        # Where django.contrib.auth is installed, leave this out.
        "UNAUTHENTICATED_USER": None,
    },
)
app = get_wsgi_application()

from rest_framework.decorators import api_view, permission_classes  # noqa: E402 - needs the settings
from rest_framework.permissions import AllowAny  # noqa: E402
from rest_framework.response import Response  # noqa: E402

from bearergate.drf import requires_roles  # noqa: E402


@api_view()
@permission_classes([AllowAny])
def healthz(request):
    return Response("ok")


@api_view()
def me(request):
    return Response({"subject": request.auth.subject, "user": str(request.user)})


@api_view()
@permission_classes([requires_roles("admin")])
def admin(request):
    return Response({"subject": request.auth.subject})


urlpatterns = [path("healthz", healthz), path("me", me), path("admin", admin)]

if __name__ == "__main__":
    make_server("127.0.0.1", int(os.environ.get("PORT", "8080")), app).serve_forever()
