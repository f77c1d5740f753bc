# image-intake: `make` lists the commands.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo run look up deploy bulk smoke check test lint unit validate format openapi build clean install browser \
	local javascript bench decoders fuzz pins audit sbom base dev run-packages sam ministack supply-chain node rivals tables checkov aws-cli publish \
	decode-packages

ARCH ?= arm64
BENCH ?=
BUCKET ?=
BUILD ?= .aws-sam/build
CHROMIUM ?=
EMBED ?=
ENDPOINT ?=
FILE ?=
FOLDERS ?=
ID ?=
INPUTS ?=
LIST ?=
OUT ?=
PARAMETERS ?=
PICTURES ?=
PORT ?= 4566
RUN ?=
# One of each partition of AWS: commercial, GovCloud, China.
REGIONS := us-east-1 us-gov-west-1 cn-north-1
SAM ?= .local/sam/bin/sam
SEED ?=
SOURCE ?=
STACK ?= image-intake
UPDATE ?=
UPGRADE ?=
VERIFY ?=
WAIT ?= 120
CODE := functions infra tests
PY := .venv/bin/python
# The number of processes follows: end-to-end tests mostly wait, unit tests do not.
PARALLEL := --dist loadfile --no-loadscope-reorder --numprocesses
# Ctrl-C is no failure: without this, make prints a line of its own, "Error 130", below what the command has said.
OR_STOPPED := || { status=$$?; [ $$status -eq 130 ] || exit $$status; }

# The names of the variables on the command line of make, so that `make run` can refuse a misspelled setting.
GIVEN = $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))

export SAM_CLI_TELEMETRY := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The AWS CLI reads AWS_REGION; sam and boto3 read AWS_DEFAULT_REGION alone.
ifdef AWS_REGION
export AWS_DEFAULT_REGION := $(AWS_REGION)
endif

help:
	@echo "image-intake: downloads images from URLs, verifies them, stores each in S3 once"
	@awk -F ' *[:|][^|#]*## *| [|] ' '/^##@ / { print "\n" substr($$0, 5) ":" } \
	  /^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2; if ($$3) printf "%18s%s\n", "", $$3 }' $(MAKEFILE_LIST)

##@ Try it on this machine
demo: base $(if $(filter decode,$(VERIFY)),decode-packages) sam ministack ## Deploy to a local AWS, send a File, show its receipt | FILE=my-file.json sends a File of yours, with settings as for make run
	@PYTHONPATH=functions $(PY) -m infra.demo $(if $(FILE),"$(FILE)") --given "$(GIVEN)" $(OR_STOPPED)

run: run-packages $(if $(filter decode,$(VERIFY)),decode-packages) ## Download your own list into a folder, without AWS | LIST=urls.txt (or .csv, .jsonl) OUT=folder; FILE=my-file.json
	@PYTHONPATH=functions $(PY) -m infra.run --file="$(FILE)" --given="$(GIVEN)" -- "$(LIST)" "$(OUT)" $(OR_STOPPED)

up: base sam ministack ## Run the whole stack on a local AWS until Ctrl-C | PORT=4566 PICTURES=folder VERIFY=decode PARAMETERS="SourceBuckets=my-photos ..."
	@PYTHONPATH=functions $(PY) -m infra.local --port "$(PORT)" $(if $(PICTURES),--pictures "$(PICTURES)") \
	  --given "$(GIVEN)" $(if $(VERIFY),"Verify=$(VERIFY)") $(PARAMETERS) $(OR_STOPPED)

##@ Deploy
deploy: base sam ## Build and deploy to your AWS account | STACK=image-intake PARAMETERS="MaxPerOrigin=8 ..." ARCH=arm64 VERIFY=decode
	@$(PY) -m infra.deploy --verify "$(VERIFY)" "$(STACK)" $(PARAMETERS)
	@$(PY) -m infra.build.artifact "$(ARCH)" --verify "$(VERIFY)" --into "$(BUILD)" --sam "$(SAM)"
	@$(SAM) deploy --config-file "$(CURDIR)/samconfig.toml" --template-file "$(BUILD)/template.yaml" \
	  --stack-name "$(STACK)" --s3-prefix "$(STACK)" --parameter-overrides Architecture=$(ARCH) \
	  Verify=$(or $(VERIFY),structure) $(PARAMETERS)

bulk: base ## Send a list to a deployed stack and follow its run | LIST=list.csv, or RUN=name to follow again; STACK=image-intake OUT=folder
	@PYTHONPATH=functions $(PY) -m infra.bulk $(if $(LIST),"$(LIST)") $(if $(RUN),--run "$(RUN)") --stack "$(STACK)" \
	  --endpoint "$(ENDPOINT)" --out "$(OUT)" $(OR_STOPPED)

look: base ## Show a receipt or a run as a page in your browser | ID=lot-7-cam-2 or RUN=name; STACK=image-intake or OUT=folder; EMBED=1
	@PYTHONPATH=functions $(PY) -m infra.look --id="$(ID)" --run="$(RUN)" --stack="$(STACK)" --endpoint="$(ENDPOINT)" \
	  $(if $(OUT),--out="$(OUT)") $(if $(filter-out 0,$(EMBED)),--embed) $(OR_STOPPED)

smoke: base ## Try every entry point of a deployed stack, then remove what that left | STACK=image-intake WAIT=120 (seconds for a result)
	@PYTHONPATH=functions $(PY) -m infra.smoke --stack "$(STACK)" --endpoint "$(ENDPOINT)" --wait "$(WAIT)" $(OR_STOPPED)

##@ Develop
check: lint unit ## Lint, types and unit tests, in under a minute

test: dev sam ministack tables checkov aws-cli lint validate ## Everything: lint, types, templates, all tests, coverage
	@$(PY) -m pytest $(PARALLEL) 4 --cov

lint: dev ## Lint, format and types; changes nothing
	@$(PY) -m ruff check $(CODE)
	@$(PY) -m ruff format --check $(CODE)
	@$(PY) -m mypy functions/intake infra tests

unit: dev ## Unit tests
	@$(PY) -m pytest $(PARALLEL) 2 tests/unit

validate: sam ## Check the CloudFormation templates, in a region of each partition
	@.local/sam/bin/cfn-lint --regions $(REGIONS) --template template.yaml infra/observability.yaml
	@AWS_DEFAULT_REGION=$${AWS_DEFAULT_REGION:-us-east-1} $(SAM) validate

format: dev ## Fix what ruff can fix, and format
	@$(PY) -m ruff check --fix-only --quiet $(CODE)
	@$(PY) -m ruff format $(CODE)

openapi: base ## Write infra/openapi.yaml from the models
	@PYTHONPATH=functions $(PY) -m infra.openapi

build: base sam ## Build the artifact that is deployed, and check it | ARCH=arm64 or x86_64; VERIFY=decode adds the decoders
	@$(PY) -m infra.build.artifact "$(ARCH)" --verify "$(VERIFY)" --into "$(BUILD)" --sam "$(SAM)"

clean: ## Remove what was built, not what was installed
	@rm -rf .aws-sam .coverage .local/browser .local/build-* .local/demo .local/look .local/up .local/up-* .mypy_cache \
	  .ruff_cache .pytest_cache .hypothesis
	@find functions infra tests -name __pycache__ -type d -prune -exec rm -rf {} +

install: dev sam ministack tables checkov aws-cli supply-chain ## Install what these commands need, except bench and javascript

##@ Examine and release
browser: dev ## Test the pages in Chromium | UPDATE=1 draws the pictures in docs/images again
	@infra/build/create_venv.sh .venv browser "Playwright, which drives Chromium"
	@UPDATE="$(UPDATE)" CHROMIUM="$(CHROMIUM)" $(PY) -m pytest tests/browser

javascript: dev sam ministack node ## Test the JavaScript and CDK examples of docs/calling.md
	@$(PY) -m pytest tests/javascript

local: dev sam ## Test sam local in Docker: every command of docs/sam-local.md, x86_64
	@$(PY) -m pytest --force-enable-socket tests/e2e/sam_local

bench: dev sam rivals ## Measure speed, memory and start beside other programs | BENCH="--all" adds the long cases
	@$(PY) tests/bench/compare.py $(BENCH)
	@$(PY) tests/bench/known_images.py
	@$(PY) tests/bench/list_run.py
	@$(PY) tests/bench/memory.py
	@$(PY) tests/bench/leak_check.py
	@$(PY) tests/bench/cold_start.py
	@$(PY) tests/bench/parse_time.py
	@$(PY) tests/bench/report.py

decoders: dev ## Measure what decoders detect in images of yours | FOLDERS="folder ..."
	@infra/build/create_venv.sh .local/bench/decoders decoders "the decoders to compare"
	@.local/bench/decoders/bin/python tests/bench/decoders.py $(FOLDERS)
	@$(PY) tests/bench/report.py --pages

fuzz: dev ## Parse over a million broken images, on every processor | INPUTS=50000 SEED=...
	@PYTHONPATH=functions:tests $(PY) -m fuzz $(if $(INPUTS),--inputs "$(INPUTS)") $(if $(SEED),--seed "$(SEED)")

pins: base supply-chain ## Write the lists of packages from pyproject.toml, with hashes | UPGRADE=1 upgrades indirect packages
	@CUSTOM_COMPILE_COMMAND="make pins" .local/supply-chain/bin/pip-compile --quiet --generate-hashes --strip-extras \
	  --no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade) --output-file requirements.txt pyproject.toml
	@$(PY) -m infra.build.decoders | CUSTOM_COMPILE_COMMAND="make pins" .local/supply-chain/bin/pip-compile --quiet \
	  --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade) \
	  --output-file requirements-decode.txt -

audit: supply-chain ## Ask PyPI for known vulnerabilities of what runs on Lambda
	@.local/supply-chain/bin/pip-audit --strict --require-hashes --disable-pip --requirement requirements.txt \
	  --requirement requirements-decode.txt

publish: base sam ## Publish to the AWS Serverless Application Repository | BUCKET=my-packages SOURCE=https://... ARCH=arm64
	@$(PY) -m infra.publish "$(ARCH)" --build "$(BUILD)" --bucket "$(BUCKET)" --source "$(SOURCE)" --check
	@$(PY) -m infra.build.artifact "$(ARCH)" --verify "$(VERIFY)" --into "$(BUILD)" --sam "$(SAM)"
	@$(PY) -m infra.publish "$(ARCH)" --verify "$(VERIFY)" --build "$(BUILD)" --bucket "$(BUCKET)" --source "$(SOURCE)"
	@$(SAM) package --config-file "$(CURDIR)/samconfig.toml" --config-env publish --s3-bucket "$(BUCKET)" \
	  --template-file "$(BUILD)/repository.json" --output-template-file "$(BUILD)/packaged.yaml"
	@$(SAM) publish --template "$(BUILD)/packaged.yaml"

sbom: build dev ## List the packages in the artifact, as CycloneDX
	@$(PY) -m infra.build.sbom

# Virtual environments. sam and MiniStack need one each: their versions of botocore exclude each other.
# .venv has the groups base, run, dev and browser: each command installs those that it needs.
base:
	@infra/build/create_venv.sh .venv base "the packages that run on Lambda" requirements.txt

run-packages:
	@infra/build/create_venv.sh .venv run "the packages of make run" requirements.txt

decode-packages:
	@infra/build/create_venv.sh .venv decode "the decoders of VERIFY=decode" requirements-decode.txt

dev: base decode-packages
	@infra/build/create_venv.sh .venv dev "the development tools"

sam:
	@infra/build/create_venv.sh .local/sam sam "AWS SAM"

ministack:
	@infra/build/create_venv.sh .local/ministack ministack "MiniStack, the local AWS"

# The packages of package-lock.json, without their installation scripts. npm installs into a directory with a copy of it.
node:
	@infra/build/create_venv.sh .local/nodejs nodejs "Node.js"
	@cmp -s tests/javascript/package-lock.json .local/node/installed.json || { \
	  echo "Installing the JavaScript packages into .local/node ..."; mkdir -p .local/node; \
	  cp tests/javascript/package.json tests/javascript/package-lock.json .local/node/; \
	  PATH="$(CURDIR)/.local/nodejs/bin:$$PATH" npm ci --prefix .local/node --ignore-scripts --no-audit --no-fund --loglevel error >/dev/null; \
	  cp tests/javascript/package-lock.json .local/node/installed.json; }

tables:
	@infra/build/create_venv.sh .local/tables tables "DuckDB and pandas, which read tables of runs"

checkov:
	@infra/build/create_venv.sh .local/checkov checkov "checkov, which examines the templates"

aws-cli:
	@infra/build/create_venv.sh .local/aws-cli aws-cli "the AWS CLI, for the commands of the documentation"

supply-chain:
	@infra/build/create_venv.sh .local/supply-chain supply-chain "the tools for pins and audit"

rivals:
	@infra/build/create_venv.sh .local/bench/venv bench "the programs to compare with"
	@infra/build/create_venv.sh .local/bench/run run "the packages of make run" requirements.txt
	@infra/build/create_venv.sh .local/bench/img2dataset img2dataset "img2dataset" || echo "img2dataset is skipped."
	@infra/build/create_venv.sh .local/bench/scrapy scrapy "Scrapy" || echo "Scrapy is skipped."
