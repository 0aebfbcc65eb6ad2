# Two commands: `make demo` and `make test`. Both install what they need and end non-zero on any failure.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BUILD := $(CURDIR)/target/debug
VENV := $(CURDIR)/.venv
PYTHON := $(VENV)/bin/python
TOOLS := $(CURDIR)/target/tools
DOCS_VENV := $(CURDIR)/target/docs/venv
# What Cargo.lock says, and nothing newer.
CARGO := cargo --locked
CRATES := -p kassa -p kassa-ffi -p kassa-py -p kassa-node -p kassa-runner -p kassa-emulator -p kassa-cli
# One set of crates and features for whatever the tests build, so that each crate is compiled once for all of them:
# the tests' own operations, the named steps at which a test stops a process.
TESTED := $(CRATES) -p campaigns -p fuzz-targets -p model -p slips --features $(subst $() ,$(),$(foreach crate,kassa kassa-ffi kassa-py \
	kassa-node kassa-runner,$(crate)/testing,$(crate)/failpoints,)kassa/host,campaigns/failpoints)
CFLAGS := -std=c11 -Wall -Wextra -Werror -O1 -Iinclude

# The Python module takes its symbols from the interpreter that loads it.
export PYO3_BUILD_EXTENSION_MODULE := 1
export KASSA_BUILD := $(BUILD)
export KASSA_LIBRARY := $(BUILD)/libkassa.so
export LD_LIBRARY_PATH := $(BUILD)

.PHONY: help
help:
	@echo "make demo   the same receipt from every language through every vendor, on the emulator"
	@echo "make test   every test in every language"
	@echo "make docs   the documentation as a site, into target/site; every link and every block of code is tried"
	@echo "make lint   format, lints, generated files, size of the bindings"
	@echo "make deny   licences, sources and bans of everything in the library; ADVISORIES=1 asks for known holes too"
	@echo "make dist     the packages of this platform, into target/dist: wheel, npm, Composer, C, crate, program; PROFILE=campaign"
	@echo "make packages installs them as a newcomer does and sells with them; ARGS=\"--only python,php\""
	@echo "make install  the C library: prefix=/usr/local DESTDIR="
	@echo "make matrix   the hosted workflow and what else is written from packages/matrix.toml"
	@echo "make sbom   what is in each of them, as CycloneDX, into target/sbom; ARGS=\"--target aarch64-apple-darwin\""
	@echo "make house  whether the layers of ARCHITECTURE.md hold, counted"
	@echo "make campaign      receipts of all vendors under faults and kills, counted; ARGS=\"--receipts 2000 --engines sqlite\""
	@echo "make hosts         four hosts on one PostgreSQL, one of them killed with its leases held"
	@echo "make ikassa-matrix every way to lose an iKassa answer, counted; ARGS=\"--sales 10\" for a short one"
	@echo "make ikkm-matrix   every way to lose an iKKM answer, counted; ARGS=\"--sales 10\" for a short one"
	@echo "make enqueue-rate  durable receipts a second against a bare program, SQLite and PostgreSQL"
	@echo "make outbox-growth what enqueue and deliver cost with 1,000,000 receipts in the queue"
	@echo "make baskets       10,000,000 random baskets through distribute, 10,000 of them in every language"
	@echo "make slips         the slips of all vendors as pictures, into docs/slips"
	@echo "make neighbours    how long other clients wait while a vendor's answer never ends"
	@echo "make fpm           20,000 sales through php-fpm: workers recycled, one killed, a deploy; ARGS=\"--requests 2000\""
	@echo "make torture       every call that can fail fails, the journal is cut, the disk is full, the server dies"
	@echo "make model         delivery as a model, explored completely, and each of its rules broken; ARGS=\"--small\""
	@echo "make fuzz          libFuzzer on every border to the outside, 10 minutes a target; ARGS=\"--seconds 60 --only abi\""
	@echo "make sanitize      sanitizers and valgrind over the suites, the search for marked secrets; ARGS=\"--only c,secrets\""
	@echo "make reproducible  two builds of what ships, in two places, and whether they are the same; ARGS=\"--profile campaign\""
	@echo "make dates         every VAT rate on every day from 2018 to 2028, and tables that are bent on purpose"
	@echo "make ikkm-gap      the time the library adds between two iKKM sales"
	@echo "make long          all of these long runs, one line of JSON at the end; SHORT=1 for a few minutes"

.PHONY: demo
demo: build-demo
	@$(PYTHON) tests/demo.py

# The suites of the languages wait more than they work: two of them at a time.
.PHONY: test
test: test-rust
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target test-languages test-python test-php test-node test-c test-supply test-docs test-packages

# What holds the documentation, and the site. Its generator and the frameworks of the recipes are not what the tests need.
.PHONY: docs
docs: build-test $(DOCS_VENV)/ready site/node_modules/ready
	@KASSA_DOC_RUST="$(CARGO) build --quiet $(TESTED) -p doc-blocks --bin doc-blocks" \
		$(DOCS_VENV)/bin/python tests/docs/$(if $(PAGES),blocks.py $(PAGES),docs.py)

# What is installed.

.PHONY: system-demo system-test
system-demo:
	@tests/setup.sh cc=gcc c++=g++ python3:ensurepip=python3-venv php=php-cli
system-test:
	@tests/setup.sh cc=gcc c++=g++ python3:ensurepip=python3-venv php=php-cli phpunit=phpunit valgrind=valgrind \
		'/usr/lib/postgresql/*/bin/initdb=postgresql' composer=composer pkg-config=pkg-config '/usr/lib/php/*/zip.so=php-zip' /usr/sbin/nginx=nginx-light \
		'/usr/sbin/php-fpm*=php-fpm' /usr/share/php/PHPStan/PhpDocParser/autoload.php=php-phpstan-phpdoc-parser

$(VENV)/ready: tests/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement tests/requirements.txt
	touch $@

$(DOCS_VENV)/ready: site/requirements.txt
	python3 -m venv $(DOCS_VENV)
	$(DOCS_VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement site/requirements.txt
	touch $@

# npm ci takes what the lock says, and nothing else.
site/node_modules/ready: site/package.json site/package-lock.json
	cd site && npm ci --ignore-scripts --no-audit --no-fund --silent
	touch $@

node/node_modules/ready: node/package.json node/package-lock.json
	cd node && npm ci --ignore-scripts --no-audit --no-fund --silent
	touch $@

py/tests/types/node_modules/ready: py/tests/types/package.json py/tests/types/package-lock.json
	cd py/tests/types && npm ci --ignore-scripts --no-audit --no-fund --silent
	touch $@

# What is built. One call of cargo, so that all parts share one build of their dependencies.

.PHONY: build-demo build-test place
build-demo: system-demo $(VENV)/ready
	$(CARGO) build --quiet $(CRATES) --lib --bins --example sale
	@$(MAKE) --no-print-directory place
build-test: system-test $(VENV)/ready node/node_modules/ready
	$(CARGO) build --quiet $(TESTED) --lib --bin kassa --bin kassa-emulator --bin kassa-runner --example sale
	@$(MAKE) --no-print-directory place

# A process may have the old files mapped: they are not written over.
place:
	cp --remove-destination $(BUILD)/libkassa_native.so py/python/kassa/_native.abi3.so
	cp --remove-destination $(BUILD)/libkassa_node.so node/kassa.linux-$$(node -p process.arch)-gnu.node
	mkdir -p examples/node_modules && ln -sfn ../../node examples/node_modules/kassa
	ln -sf libkassa.so $(BUILD)/libkassa.so.1
	cc $(CFLAGS) examples/sale.c -L$(BUILD) -lkassa -o $(BUILD)/sale_c
	c++ $(subst c11,c++17,$(CFLAGS)) examples/sale.cpp -L$(BUILD) -lkassa -o $(BUILD)/sale_cpp
	cc $(CFLAGS) tests/runners/runner.c -L$(BUILD) -lkassa -o $(BUILD)/runner_c

# What ships is built here and nowhere else, without a folder of this machine in it: compilers and packers have a place of
# their own, so that the tests need not install them.
PACKING := $(TOOLS)/packing
$(PACKING)/ready: packages/requirements.txt
	python3 -m venv $(PACKING)
	$(PACKING)/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement packages/requirements.txt
	touch $@

.PHONY: dist packages matrix install
dist: sbom $(PACKING)/ready
	@VENV=$(PACKING) packages/build "$(PLATFORM)" $(or $(PROFILE),release)
	@$(PACKING)/bin/python packages/pack --platform "$(PLATFORM)" --sbom target/sbom

packages: system-test dist node/node_modules/ready
	@$(PACKING)/bin/python packages/check.py $(ARGS)

# The workflow for hosted machines, which build what this one cannot, and what else must agree with the matrix.
matrix:
	@python3 packages/pack/generated.py

# As the C archive's own Makefile does: prefix, libdir, DESTDIR.
install:
	@VENV=$(PACKING) packages/build "" $(or $(PROFILE),release) libkassa
	@$(MAKE) --no-print-directory --directory packages/c install files=$(CURDIR)/include \
		native=$(CURDIR)/target/native/$$(python3 packages/pack --describe "" | cut -d' ' -f1) \
		version=$$(sed -n '/workspace.package/,/version/s/^version = "\(.*\)"/\1/p' Cargo.toml)
install: $(PACKING)/ready

# What is tested.

.PHONY: test-rust test-c test-php test-python test-node test-languages test-supply test-docs test-packages
test-rust: build-test
	TMPDIR=$(MEMORY) tests/with-postgres.sh $(CARGO) test --quiet $(TESTED)
	$(CARGO) test --quiet $(TESTED),kassa/sample --test behaviour -- sample every_vendor
	$(CARGO) test --quiet -p xtask

test-c: build-test
	tests/c/run.sh $(BUILD)

test-php: build-test
	tests/with-postgres.sh phpunit --bootstrap php/autoload.php php/tests
	cd php && composer validate --strict --quiet
	TMPDIR=$(MEMORY) $(PYTHON) tests/fpm/run.py --library $(BUILD)/libkassa.so --requests 400 --clients 4 --recycle 25

test-python: build-test py/tests/types/node_modules/ready
	PYTHONPATH=py/python tests/with-postgres.sh $(PYTHON) -m pytest --quiet py/tests

test-node: build-test
	cd node && npm test --silent

test-languages: build-test
	PYTHONPATH=py/python tests/with-postgres.sh $(PYTHON) -m pytest --quiet tests/languages

# Whether what checks the SBOM and the two builds finds what is wrong.
test-supply: $(VENV)/ready
	$(PYTHON) -m pytest --quiet tests/supply
	$(PYTHON) -m mypy --strict tests/supply/*.py

test-docs: build-test
	$(PYTHON) -m pytest --quiet tests/docs
	MYPYPATH=tests/docs:tests/languages:py/python $(PYTHON) -m mypy --strict --allow-untyped-calls --follow-imports=silent tests/docs/*.py
	$(PYTHON) tests/docs/blocks.py --without rust README.md $(addprefix docs/,$(addsuffix .md,php python node c))

# The packages, of what the tests have built, without what debuggers read. Rust's would be built anew: `make packages`.
DEBUG_PACKAGES := python,node,php,c
test-packages: build-test
	mkdir -p target/native/debug
	cd $(BUILD) && for file in libkassa.so libkassa.a libkassa_native.so libkassa_node.so kassa; do \
		strip --strip-unneeded -o $(CURDIR)/target/native/debug/$$file $$file; done
	$(PYTHON) packages/pack --native target/native/debug --out target/dist-test --only $(DEBUG_PACKAGES)
	$(PYTHON) packages/check.py --short --dist target/dist-test --only $(DEBUG_PACKAGES)

# What is counted: long runs with a line of JSON at the end.

# They kill processes, not machines: their journals need no disk.
MEMORY := $(firstword $(wildcard /dev/shm) /tmp)

.PHONY: campaign ikassa-matrix ikkm-matrix ikkm-gap enqueue-rate outbox-growth hosts
# With libkassa.so, of which a part of the world has two copies in one process, and which forks.
campaign:
	$(CARGO) build --quiet --profile campaign -p campaigns -p kassa-runner -p kassa-ffi --features kassa-runner/failpoints --lib --bin campaign --bin kassa-runner
	TMPDIR=$(MEMORY) tests/with-postgres.sh $(CURDIR)/target/campaign/campaign $(ARGS)

hosts:
	$(CARGO) build --quiet --profile campaign -p campaigns -p kassa-runner --features kassa-runner/failpoints --bin hosts --bin kassa-runner
	TMPDIR=$(MEMORY) tests/with-postgres.sh $(CURDIR)/target/campaign/hosts $(ARGS)

ikassa-matrix ikkm-matrix:
	$(CARGO) build --quiet --profile campaign -p campaigns -p kassa-runner --features kassa-runner/failpoints --bin $@ --bin kassa-runner
	TMPDIR=$(MEMORY) $(CURDIR)/target/campaign/$@ $(ARGS)

# Rates and times are those of the code that ships, built as it ships.
enqueue-rate: system-test
	$(CARGO) build --quiet --release -p campaigns --bin $@
	tests/with-postgres.sh $(CURDIR)/target/release/$@ $(ARGS)

outbox-growth: system-test
	$(CARGO) build --quiet --profile campaign -p campaigns --bin $@
	tests/with-postgres.sh $(CURDIR)/target/campaign/$@ $(ARGS)

ikkm-gap:
	$(CARGO) build --quiet --release -p campaigns --bin $@
	$(CURDIR)/target/release/$@ $(ARGS)

# 10,000,000 in Rust, and 10,000 of them in every language.
.PHONY: baskets
baskets: build-test
	$(CARGO) build --quiet --release -p campaigns --bin $@
	@$(PYTHON) tests/baskets.py $(ARGS)

.PHONY: torture
torture:
	$(CARGO) build --quiet -p campaigns -p kassa-runner --features campaigns/failpoints,kassa-runner/failpoints --bins
	TMPDIR=$(MEMORY) tests/with-postgres.sh $(BUILD)/torture $(ARGS)

# A test, so that it is in `make test` too.
.PHONY: dates
dates:
	$(CARGO) test --quiet $(TESTED) --test dates

# What a scanner reads from them is a test: `cargo test -p slips`.
.PHONY: slips
slips:
	$(CARGO) run --quiet -p slips

# Real php-fpm behind nginx: workers recycled, one killed in a call, a deploy in between.
.PHONY: fpm
fpm: build-test
	TMPDIR=$(MEMORY) $(PYTHON) tests/fpm/run.py --library $(BUILD)/libkassa.so $(ARGS)

.PHONY: neighbours
neighbours:
	$(CARGO) test --quiet --profile campaign -p kassa --features kassa/host --test neighbours -- --nocapture

.PHONY: model
model:
	$(CARGO) build --quiet --profile campaign -p model
	$(CURDIR)/target/campaign/model $(ARGS)

# Needs the nightly toolchain; installs cargo-fuzz into target/tools.
.PHONY: fuzz
fuzz:
	@python3 tests/fuzz.py $(ARGS)

# Its Rust runs need the nightly toolchain.
.PHONY: sanitize
sanitize: build-test
	@tests/with-postgres.sh $(PYTHON) tests/sanitize.py $(ARGS)

.PHONY: reproducible
reproducible: $(VENV)/ready $(PACKING)/ready $(TOOLS)/bin/cargo-cyclonedx
	@$(PYTHON) tests/supply/reproducible.py $(ARGS)

# A run that fails keeps none of the others from being made.
.PHONY: long
long: system-test
	@python3 tests/long.py $(if $(SHORT),--short) $(ARGS)

# What is checked.

.PHONY: lint
lint: $(VENV)/ready
	# File by file: modules that a macro declares are not found from their crate.
	rustfmt --edition 2024 --check $$(git ls-files '*.rs')
	$(CARGO) clippy --quiet --workspace --all-targets --all-features -- --deny warnings
	$(CARGO) run --quiet -p xtask -- codegen --verify
	$(CARGO) run --quiet -p xtask -- bindings-size
	python3 packages/pack/generated.py --verify
	@$(MAKE) --no-print-directory house

# Licences, sources, bans of what is in the library. The advisories are a repository of their own, which not every machine
# reaches: ADVISORIES=1 asks it too.
.PHONY: deny
deny: $(TOOLS)/bin/cargo-deny
	$< --all-features --locked check --hide-inclusion-graph $(if $(ADVISORIES),advisories) bans licenses sources

$(TOOLS)/bin/cargo-deny:
	cargo install --quiet --locked --root $(TOOLS) --version 0.20.2 cargo-deny

# What is in what ships.
.PHONY: sbom
sbom: $(VENV)/ready $(TOOLS)/bin/cargo-cyclonedx
	@$(PYTHON) tests/supply/sbom.py --tool $(TOOLS)/bin/cargo-cyclonedx $(ARGS)

$(TOOLS)/bin/cargo-cyclonedx:
	cargo install --quiet --locked --root $(TOOLS) --version 0.5.9 cargo-cyclonedx

# Layers, circles, references, fields, transitions; the counts are the last line.
.PHONY: house
house:
	$(CARGO) test --quiet -p kassa --test transitions
	$(CARGO) run --quiet -p xtask -- house

.PHONY: clean
clean:
	cargo clean
	rm -rf $(VENV) node/node_modules site/node_modules py/tests/types/node_modules
