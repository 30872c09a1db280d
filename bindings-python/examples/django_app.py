"""A Django project in one file, served by ASGI; the same middleware serves WSGI.

JWKS_URI=https://id.example.com/jwks ISSUER=https://id.example.com AUDIENCE=my-api python django_app.py
"""

import os

import uvicorn
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpResponse, JsonResponse
from django.urls import path

from bearergate import require_auth_context

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["bearergate.django.JwtAuthMiddleware"],
    BEARERGATE={
        "jwks_uri": os.environ["JWKS_URI"],
        "issuer": os.environ["ISSUER"],
        "audience": os.environ["AUDIENCE"],
        "claims_mapping": {"roles": "roles"},
        "skip_paths": ["/healthz"],
    },
)

from bearergate.django import requires_roles  # noqa: E402 - in a project, settings are a module of their own


def healthz(request):
    return HttpResponse("ok")


async def me(request):
    return JsonResponse({"subject": request.auth.subject, "name": require_auth_context().name})


@requires_roles("admin")
def admin(request):
    return JsonResponse({"subject": request.auth.subject})


urlpatterns = [path("healthz", healthz), path("me", me), path("admin", admin)]
app = get_asgi_application()

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8080")), lifespan="off")
