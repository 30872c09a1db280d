"""What makes the native module safe on builds of CPython without a GIL."""

import re
from pathlib import Path

SOURCES = sorted((Path(__file__).parents[1] / "src").glob("*.rs"))


def test_every_native_class_is_frozen():
    classes = [found for file in SOURCES for found in re.findall(r"#\[pyclass\b[^\]]*\]", file.read_text())]
    assert len(classes) >= 4
    assert [found for found in classes if not re.search(r"\bfrozen\b", found)] == []


def test_the_native_module_needs_no_gil():
    (module,) = [file for file in SOURCES if "#[pymodule(" in file.read_text()]
    assert "#[pymodule(gil_used = false)]" in module.read_text()
