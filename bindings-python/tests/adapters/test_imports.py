"""What is imported when, and what is said where a framework is not installed."""

import subprocess
import sys

import pytest

# Module of ours, what it needs, and the extra that brings it.
NEEDS = {
    "starlette": ("starlette", "starlette", "starlette"),
    "fastapi": ("fastapi", "fastapi", "fastapi"),
    "django": ("django", "Django", "django"),
    "drf": ("rest_framework", "djangorestframework", "drf"),
    "flask": ("flask", "Flask", "flask"),
}
FRAMEWORKS = ("starlette", "fastapi", "django", "rest_framework", "flask", "connectrpc", "grpc", "asgiref")


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.strip()


def test_the_package_and_its_middleware_import_no_framework():
    code = (
        "import sys, bearergate, bearergate.asgi, bearergate.wsgi\n"
        f"print([name for name in {FRAMEWORKS} if name in sys.modules])"
    )
    assert run(code) == "[]"


@pytest.mark.parametrize("name", NEEDS)
def test_without_its_framework_an_adapter_names_its_extra(name):
    module, package, extra = NEEDS[name]
    code = (
        f"import sys\n"
        f"class Absent:\n"
        f"    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] == {module!r}:\n"
        f"            raise ModuleNotFoundError(f'No module named {{name!r}}', name=name)\n"
        f"sys.meta_path.insert(0, Absent())\n"
        f"try:\n"
        f"    import bearergate.{name}\n"
        f"except ImportError as error:\n"
        f"    print(error)\n"
    )
    assert run(code) == f"{package} is not installed: pip install 'bearergate[{extra}]'"
