"""What the applications of all adapters answer."""

from bearergate import get_auth_context


def subject_of(context):
    return "nobody" if context is None else context.subject


def whom():
    return subject_of(get_auth_context())


def headers_of(items):
    return {name.lower(): value for name, value in items if name.lower().startswith("x-auth")}
