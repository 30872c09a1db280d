# The developers' commands. `make demo` and `make test` set everything up themselves.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-print-directory

export CARGO_TERM_COLOR ?= auto

PYTHONS := $(shell tests/pythons)
# Tested on the oldest and the newest interpreter there is; built with the oldest.
TESTED := $(sort $(firstword $(PYTHONS)) $(lastword $(PYTHONS)))
version = $(shell $(1) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
VENVS := $(foreach python,$(TESTED),build/venv/$(call version,$(python)))
VENV := $(firstword $(VENVS))

.PHONY: help demo test ready setup node python package bench clean \
	lint format lint-rust lint-node lint-python lint-supply \
	test-core test-conformance test-mutation test-node test-python test-e2e-node test-e2e-python test-package

help:
	@echo "make demo      the main job on real parts, in a terminal"
	@echo "make test      everything that is tested"
	@echo "make ready     format, lint, types and tests"
	@echo "make package   npm tarball, wheel and sdist in dist/"
	@echo "make bench     speed against the bare signature"
	@echo "make clean     remove what was built"

# --- what has to be there ---------------------------------------------------------------------

RUST_SOURCES := $(shell find core/src bindings-node/src bindings-python/src -name '*.rs') \
	Cargo.toml Cargo.lock core/Cargo.toml bindings-node/Cargo.toml bindings-python/Cargo.toml
PYTHON_SOURCES := $(shell find bindings-python/python -name '*.py' -o -name '*.pyi') bindings-python/pyproject.toml
NPM_CI := npm ci --no-audit --no-fund --loglevel=error

%/node_modules/.installed-lock: %/package-lock.json
	cd $* && $(NPM_CI)
	cp $< $@

build/venv/%/.installed: bindings-python/requirements-dev.txt
	@mkdir -p build/venv
	$(firstword $(foreach python,$(TESTED),$(if $(filter $*,$(call version,$(python))),$(python)))) -m venv build/venv/$*
	build/venv/$*/bin/pip install --quiet --disable-pip-version-check -r $<
	touch $@

build/node.stamp: $(RUST_SOURCES) bindings-node/node_modules/.installed-lock
	cd bindings-node && npm run --silent build
	touch $@

# The wheel, built once and installed into every environment.
build/wheel.stamp: $(RUST_SOURCES) $(PYTHON_SOURCES) $(VENV)/.installed
	rm -rf build/wheel
	cd bindings-python && ../$(VENV)/bin/maturin build --release --locked --quiet \
		--interpreter ../$(VENV)/bin/python --out ../build/wheel
	touch $@

build/venv/%/.wheel: build/wheel.stamp build/venv/%/.installed
	build/venv/$*/bin/pip install --quiet --disable-pip-version-check --force-reinstall --no-deps build/wheel/*.whl
	touch $@

node: build/node.stamp
python: $(addsuffix /.wheel,$(VENVS))
setup: node python tests/idp/node_modules/.installed-lock tests/demo/node_modules/.installed-lock

# --- the demo ---------------------------------------------------------------------------------

demo: setup
	rm -rf tests/demo/node_modules/bearergate build/demo && mkdir -p build/demo tests/demo/node_modules/bearergate
	cd bindings-node && npm pack --silent --pack-destination ../build/demo >/dev/null
	tar -xzf build/demo/bearergate-*.tgz -C tests/demo/node_modules/bearergate --strip-components=1
	tests/idp/node_modules/node24/bin/node tests/demo/demo.mjs $(CURDIR)/$(VENV)/bin/python

# --- the tests --------------------------------------------------------------------------------

SUITES := test-core test-conformance test-mutation test-node test-python test-e2e-node test-e2e-python test-package

test:
	@passed=0; for suite in $(SUITES); do \
		printf '\n=== %s\n' "$$suite"; $(MAKE) "$$suite" || { echo "suites: $$passed passed, 1 failed ($$suite)"; exit 1; }; \
		passed=$$((passed + 1)); \
	done; printf '\nsuites: %d passed, 0 failed\n' "$$passed"

test-core:
	cargo test --locked --quiet -p bearergate-core

# --- lint and types ---------------------------------------------------------------------------

lint-rust:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --quiet -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --quiet --no-deps -p bearergate-core

lint: lint-rust lint-node lint-python

ready: lint test

clean:
	rm -rf build dist target tests/demo/node_modules tests/idp/node_modules bindings-node/node_modules bindings-node/*.node
