# Everything from a fresh checkout: a Rust toolchain, a C compiler and python3 with pip are all that is needed.
# No root, no Docker. `make` alone lists what there is.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup setup-timescale setup-openbao setup-mail-server build run test check bench clean

DATA_DIR ?= .data
LISTEN ?= 127.0.0.1:8080
BINARY := $(or $(CARGO_TARGET_DIR),target)/release/loyalnest

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## NATS and PostgreSQL into .tools, unless new enough ones are installed
	@setup/servers.sh

setup-timescale: ## PostgreSQL with TimescaleDB into .tools, for the tests (Debian only)
	@setup/timescale.sh

setup-openbao: ## OpenBao into .tools, for the tests
	@setup/openbao.sh

setup-mail-server: ## a mail server into .tools, for the tests
	@setup/mail-server.sh

build: ## the release binary; minutes the first time, then seconds
	@cargo build --locked --release --package loyalnest

run: setup build ## start everything here, with a demo merchant; Ctrl-C stops it
	@exec $(BINARY) dev --data-dir $(DATA_DIR) --listen $(LISTEN) --demo

test: setup ## every test, on real servers
	@setup/test.sh

check: ## formatting, lints and, where cargo-deny is installed, licences and advisories
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	@if command -v cargo-deny >/dev/null; then cargo deny --locked check; \
	else echo 'check: cargo-deny is not installed: licences and advisories were NOT checked' >&2; fi

bench: setup build ## every figure beside its ceiling, on this machine
	@exec $(BINARY) bench

clean: ## remove what was built and fetched; your data stays
	cargo clean
	rm -rf .tools
	@echo 'clean: $(DATA_DIR) was left as it is' >&2
