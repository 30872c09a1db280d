"""Checks every case file against schema.json."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from jsonschema import Draft202012Validator

HERE = Path(__file__).parent


def main() -> int:
    schema = json.loads((HERE / "schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    files = sorted((HERE / "cases").glob("*.json"))
    problems = 0
    for path in files:
        file = json.loads(path.read_text("utf-8"))
        for error in Draft202012Validator(schema).iter_errors(file):
            problems += 1
            where = "/".join(map(str, error.absolute_path))
            sys.stdout.write(f"{path.name}: {where}: {error.message[:300]}\n")
    sys.stdout.write(f"{len(files)} case files, {problems} problems\n")
    return 1 if problems or not files else 0


if __name__ == "__main__":
    sys.exit(main())
