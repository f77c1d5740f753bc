# image-intake: `make` lists what there is to make.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo up bulk openapi bench fuzz test local lint format build deploy validate clean install dev sam ministack supply pins sbom audit rivals

ARCH ?= arm64
FILE ?=
PARAMETERS ?=
LIST ?=
UPGRADE ?=
INPUTS ?=
SEED ?=
STACK ?= image-intake
ENDPOINT ?=
BENCH ?=
PORT ?= 4566
PICTURES ?=
PY := .venv/bin/python
CODE := functions infra tests

export SAM_CLI_TELEMETRY := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help: ## Show this list
	@echo "image-intake: a File of image URLs in, verified images in S3, object keys out"
	@echo
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

demo: dev sam ministack ## See it work: deployed to a local AWS, a File sent through it (FILE=my-file.json sends yours)
	@PYTHONPATH=functions $(PY) -m infra.demo $(if $(FILE),"$(FILE)")

up: dev sam ministack ## The whole stack on a local AWS until Ctrl-C, to try every entry point (PORT=4566 PICTURES=folder)
	@$(PY) -m infra.local --port "$(PORT)" $(if $(PICTURES),--pictures "$(PICTURES)")

bulk: dev ## Hand a list of Files to a deployed stack and follow its run (LIST=list.csv STACK=image-intake)
	@$(PY) -m infra.bulk "$(or $(LIST),$(error which list? make bulk LIST=list.csv))" --stack "$(STACK)" --endpoint "$(ENDPOINT)"

test: dev sam ministack lint ## Lint, types and the whole suite
	@$(PY) -m pytest

local: dev sam ## sam local for real, in Docker: every command of docs/local.md, x86_64
	@$(PY) -m pytest --force-enable-socket tests/e2e/sam_local

lint: dev ## Lint, format and types, nothing changed
	@$(PY) -m ruff check $(CODE)
	@$(PY) -m ruff format --check $(CODE)
	@$(PY) -m mypy functions/intake infra tests
	@.venv/bin/cfn-lint template.yaml infra/observability.yaml

pins: supply ## Write requirements.txt anew from pyproject.toml, every file hashed (UPGRADE=1 moves what comes along)
	@CUSTOM_COMPILE_COMMAND="make pins" .local/supply/bin/pip-compile --quiet --generate-hashes --strip-extras \
	  --no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade) --output-file requirements.txt pyproject.toml

sbom: build supply ## List what the artefact has in it (CycloneDX, .aws-sam/sbom.cdx.json)
	@$(PY) -m infra.build.sbom

audit: supply ## Ask PyPI for known weaknesses of what runs on Lambda; what could not be asked counts as a failure
	@.local/supply/bin/pip-audit --strict --require-hashes --disable-pip --requirement requirements.txt

fuzz: dev ## Walk over a million broken images on every processor (INPUTS=50000 SEED=... for others)
	@PYTHONPATH=functions:tests $(PY) -m fuzz $(if $(INPUTS),--inputs "$(INPUTS)") $(if $(SEED),--seed "$(SEED)")

bench: dev sam rivals ## Measure speed beside what else there is, memory and start (BENCH="--all" for the long cases too)
	@$(PY) tests/bench/compare.py $(BENCH)
	@$(PY) tests/bench/memory.py
	@$(PY) tests/bench/load.py
	@$(PY) tests/bench/startup.py
	@$(PY) tests/bench/walk.py
	@$(PY) tests/bench/report.py

openapi: dev ## Write infra/openapi.yaml anew from the models
	@PYTHONPATH=functions $(PY) -m infra.openapi

format: dev ## Put the code into its format
	@$(PY) -m ruff check --fix-only --quiet $(CODE)
	@$(PY) -m ruff format $(CODE)

build: dev sam ## Build the artefact that is deployed, with bytecode, and check it (ARCH=arm64 or x86_64)
	@$(PY) -m infra.build.artifact "$(ARCH)"

validate: sam ## Let sam judge the template
	@AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-us-east-1} .local/sam/bin/sam validate --lint

deploy: build ## Build, then deploy to your AWS account (PARAMETERS="MaxPerOrigin=8 …" changes the template's defaults)
	@.local/sam/bin/sam deploy --parameter-overrides Architecture=$(ARCH) $(PARAMETERS)

clean: ## Remove what was built; .venv and .local/{sam,ministack} stay
	@rm -rf .aws-sam .local/build-* .local/demo .local/up .local/up-* .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find functions infra tests -name __pycache__ -type d -prune -exec rm -rf {} +

install: dev sam ministack supply ## Install everything that the other targets need

# Each environment of its own: their pins of botocore exclude each other.
dev:
	@infra/venv .venv dev "the runtime and the development tools" requirements.txt

sam:
	@infra/venv .local/sam sam "AWS SAM"

ministack:
	@infra/venv .local/ministack ministack "MiniStack, the local AWS"

supply:
	@infra/venv .local/supply supply "the tools for pins and their list"

rivals:
	@infra/venv .local/bench/venv bench "the benchmark's competitors"
	@infra/venv .local/bench/img2dataset img2dataset "img2dataset" || echo "img2dataset is left out."
