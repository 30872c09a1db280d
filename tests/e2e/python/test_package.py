"""The wheel and the sdist install from scratch, on each CPython, and work there.

`BEARERGATE_DIST` names a folder that holds both; without it they are built here, unoptimized.
"""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from interpreters import SUPPORTED, find

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "bindings-python"

pytestmark = pytest.mark.timeout(1800)

SMOKE = (
    Path(__file__).with_name("smoke.py").read_text()
    + """
from bearergate import create_jwt_auth_interceptor
try:
    create_jwt_auth_interceptor(secret=KEY)
except ImportError as error:
    print("without connectrpc:", error)
else:
    print("with connectrpc")
"""
)

# Each public module: it is there, or says which extra brings what it needs.
MODULES = """
import importlib, importlib.metadata, pkgutil, re
import bearergate
extras = set(re.findall(r"extra == ['\\"](\\w+)", " ".join(importlib.metadata.requires("bearergate"))))
for module in sorted(each.name for each in pkgutil.iter_modules(bearergate.__path__) if each.name[0] not in "_"):
    try:
        importlib.import_module(f"bearergate.{module}")
    except ImportError as error:
        (extra,) = re.findall(r": pip install 'bearergate\\[(\\w+)\\]'$", str(error))
        assert extra in extras, (module, extra)
        print(extra)
    else:
        assert module not in extras or module == "testing", f"{module} needs no extra"
"""

TESTED = """
from bearergate import JwtVerifier, require_auth_context
from bearergate.testing import TEST_JWT_SECRET

def test_fixtures(test_jwt, auth_context):
    caller = JwtVerifier(secret=TEST_JWT_SECRET).verify(test_jwt({"sub": "alice"}))
    assert (caller.subject, require_auth_context().subject) == ("alice", "test-user")
"""


def run(*command: object, **options: object) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def dist(tmp_path_factory) -> Path:
    if given := os.environ.get("BEARERGATE_DIST"):
        return Path(given).resolve()
    folder = tmp_path_factory.mktemp("dist")
    maturin = Path(sys.executable).parent / "maturin"
    run(maturin, "build", "--out", folder, "--interpreter", sys.executable, cwd=PACKAGE)
    run(maturin, "sdist", "--out", folder, cwd=PACKAGE)
    return folder


@pytest.fixture(scope="session")
def wheel(dist) -> Path:
    (wheel,) = dist.glob("bearergate-*.whl")
    return wheel


@pytest.fixture(scope="session")
def sdist(dist) -> Path:
    (sdist,) = dist.glob("bearergate-*.tar.gz")
    return sdist


def fresh(folder: Path, interpreter: str) -> Path:
    """The interpreter of a new virtual environment."""
    run(interpreter, "-m", "venv", folder / "venv")
    return folder / "venv" / "bin" / "python"


@pytest.mark.parametrize("version", SUPPORTED)
def test_the_wheel_installs_into_an_empty_environment(wheel, tmp_path, version):
    interpreter = find(version)
    if interpreter is None:
        pytest.skip(f"no CPython {version} here")
    python = fresh(tmp_path, interpreter)
    run(python, "-m", "pip", "install", "--no-index", wheel)
    said = run(python, "-c", SMOKE, cwd=tmp_path)
    assert said == "without connectrpc: connectrpc is not installed: pip install 'bearergate[connect]'\n"
    assert run(python, "-m", "bearergate", "--version", cwd=tmp_path) == "bearergate 0.1.0\n"
    run(python, "-m", "pip", "install", f"{wheel}[testing]")
    (tmp_path / "test_fixture.py").write_text(TESTED)
    assert "1 passed" in run(python, "-m", "pytest", "-q", "-W", "error", "test_fixture.py", cwd=tmp_path)
    run(python, "-m", "pip", "install", f"{wheel}[connect]")
    assert run(python, "-c", SMOKE, cwd=tmp_path) == "with connectrpc\n"


def test_each_extra_brings_what_its_module_needs(wheel, tmp_path):
    python = fresh(tmp_path, sys.executable)
    run(python, "-m", "pip", "install", "--no-index", wheel)
    extras = set(run(python, "-W", "ignore", "-c", MODULES, cwd=tmp_path).split())
    assert {"connect", "grpc", "otel"} <= extras
    for extra in sorted(extras):
        run(python, "-m", "pip", "install", "--target", tmp_path / extra, f"{wheel}[{extra}]")
        environment = {**os.environ, "PYTHONPATH": str(tmp_path / extra)}
        run(python, "-c", f"import bearergate.{extra}", env=environment, cwd=tmp_path)


def test_the_sdist_builds_with_the_core_in_it_and_without_a_network(sdist, tmp_path):
    python = fresh(tmp_path, sys.executable)
    with tarfile.open(sdist) as files:
        files.extractall(tmp_path, filter="data")
    (source,) = tmp_path.glob("bearergate-*")
    # Its lock file still names what only the rest of the repository needs, so it is not `--locked`.
    run("cargo", "fetch", cwd=source)
    # Built as pip builds it, but for the compiler's optimizations and what it has compiled before.
    environment = {
        **os.environ,
        "CARGO_TARGET_DIR": os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target")),
        "MATURIN_PEP517_ARGS": "--profile dev",
        "CARGO_NET_OFFLINE": "true",
    }
    run(python, "-m", "pip", "install", "--no-deps", sdist, env=environment)
    assert run(python, "-c", SMOKE, cwd=tmp_path).startswith("without connectrpc")


def test_what_the_wheel_holds(wheel):
    assert "-cp311-abi3-" in wheel.name
    with zipfile.ZipFile(wheel) as files:
        names = set(files.namelist())
        metadata = files.read(next(name for name in names if name.endswith("METADATA"))).decode()
        entries = files.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    assert {"bearergate/testing.py", "pytest_bearergate/__init__.py", "pytest_bearergate/py.typed"} <= names
    assert "[pytest11]\nbearergate=pytest_bearergate\n" in entries.replace(" ", "")
    assert {"bearergate/py.typed", "bearergate/_native.pyi", "bearergate/_native.abi3.so"} <= names
    assert {name.split("/")[0] for name in names} <= {
        "bearergate",
        "pytest_bearergate",
        wheel.name.rsplit("-", 3)[0] + ".dist-info",
    }
    for line in (
        "License-Expression: Apache-2.0",
        "Requires-Python: >=3.11",
        "Provides-Extra: connect",
        "Requires-Dist: connectrpc>=0.13,<0.14 ; extra == 'connect'",
        "Provides-Extra: grpc",
        "Provides-Extra: otel",
        "Provides-Extra: testing",
    ):
        assert line in metadata


def test_what_the_sdist_holds(sdist):
    with tarfile.open(sdist) as files:
        names = {name.partition("/")[2] for name in files.getnames()}
    assert {"core/src/lib.rs", "core/Cargo.toml", "Cargo.lock", "LICENSE", "pyproject.toml"} <= names
    assert not [name for name in names if name.endswith((".so", ".pyc")) or ".venv" in name]
