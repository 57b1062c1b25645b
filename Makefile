# Every target does its own set-up; `make help` lists them.

SHELL := /bin/bash -o pipefail
WITH  := ci/with.sh
GO    := $(WITH) go
TOOL  := $(GO) tool -modfile=ci/tools.mod

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

.PHONY: demo
demo: ## sessions resumed against the real openssl tool, both roles (10 s; the first build takes a minute more)
	@$(GO) run ./cmd/demo

.PHONY: test
test: ## the tests (1 min; the first build takes a minute more)
	@$(GO) vet ./...
	@$(GO) test ./...

.PHONY: env
env: ## the lines that make `go build` find OpenSSL 1.1.1, for your shell: eval "$(make env)"
	@ci/openssl.sh --print-env

# check runs these in order. They share the build cache, so they are one after the other.
CHECKS := vet staticcheck format rules docs-check openssl-test deploy modules test-spacemonkey race shuffle cgocheck checkptr finalizers queue asan legacy oldest coverage

.PHONY: check docs $(CHECKS)
check: ## all gates but mutation (more than 20 min)
	@for c in $(CHECKS); do \
		start=$$SECONDS; echo "== $$c"; \
		$(MAKE) --no-print-directory $$c || { echo "== $$c failed: make $$c runs it alone" >&2; exit 1; }; \
		echo "   $$((SECONDS - start)) s"; \
	done
	@echo "== all checks passed"

vet: ## go vet
	@$(GO) vet ./...

staticcheck: ## staticcheck
	@$(TOOL) staticcheck ./...

format: ## gofumpt and clang-format
	@out=$$($(TOOL) gofumpt -l .); [ -z "$$out" ] || { echo "not gofumpt-ed: $$out" >&2; exit 1; }
	@ci/need.sh clang-format-14
	@clang-format-14 --dry-run --Werror $$(git ls-files '*.c' '*.h')

rules: ## the house rules (CONTRIBUTING.md)
	@$(GO) run ./ci/rules

openssl-test: ## the set-up script, in all the ways it can fail (1 min)
	@ci/openssl_test.sh

deploy: ## docs/DEPLOY.md, tried in a module elsewhere and in an empty root (20 s)
	@$(WITH) ci/deploy_test.sh

modules: ## the modules of their own: examples/grpc and bench, whose figures are for make bench
	@for m in examples/grpc bench; do $(WITH) go -C $$m vet ./... && $(WITH) go -C $$m test ./... || exit 1; done

legacy: ## C and cgo programs that own their objects (examples/legacy-*), also under valgrind and the address sanitizer (30 s; the first time 3 min)
	@ci/need.sh valgrind g++
	@$(GO) test ./capi ./examples/legacy-cgo
	@LIBSSL_ASAN=1 $(GO) test -asan ./capi ./examples/legacy-cgo
	@$(MAKE) --no-print-directory -C examples/legacy-cgo run
	@$(MAKE) --no-print-directory -C examples/legacy-c run valgrind asan
	@echo "== C's SSL_CTX, SSL and SSL_SESSION go to Go and back with the counts, the error queue, the signals and the exit that C has without Go: proven"

race: ## with the race detector
	@$(GO) test -race -timeout=20m ./...

shuffle: ## ten times, in random order
	@$(GO) test -count=10 -shuffle=on -timeout=20m ./internal/... ./diag .

cgocheck: ## with every Go pointer that C gets checked
	@GOEXPERIMENT=cgocheck2 $(GO) test . ./conformance/... ./diag ./tlsnet

checkptr: ## with unsafe.Pointer checked
	@$(GO) test -gcflags=all=-d=checkptr . ./internal/... ./diag ./tlsnet

finalizers: ## with cleanups checked for handles that keep themselves alive
	@GODEBUG=checkfinalizers=1 $(GO) test -count=1 . ./internal/... ./diag ./tlsnet

queue: ## with every call watched for what it leaves in the error queue
	@$(GO) test -tags libssl_check .

asan: ## with the address sanitizer, in our C and in libssl, which is built for it (2 min once)
	@LIBSSL_ASAN=1 CDRIVER_CFLAGS=-fsanitize=address ci/with.sh go test -asan . ./internal/... ./diag ./tlsnet

oldest: ## with the oldest Go that go.mod allows
	@GOTOOLCHAIN=go1.24.9 $(GO) test . ./internal/... ./diag ./tlsnet ./conformance/...

coverage: ## lines of Go and of the shim that the tests reach: 90 % at least
	@ci/coverage.sh

.PHONY: libssl-coverage
libssl-coverage: ## lines of libssl's session code that the scenarios reach: 95 % of ssl_sess.c, the rest with its reason (1 min, 2 min once)
	@$(GO) run ./ci/libsslcov

docs: ## docs/API.md: each function of libssl, its Go name, the tests that prove it
	@$(GO) run ./ci/apidoc

docs-check: ## that docs/API.md is up to date and each row proven
	@$(GO) run ./ci/apidoc -check

.PHONY: conformance conformance-record
conformance: ## what libssl does, clause by clause of the manual: .build/conformance/report.html (15 s)
	@$(GO) run ./cmd/sslconform run -dir .build/conformance

conformance-record: ## records the traces that it is compared with anew, after a change of the scenarios (1 min)
	@$(GO) run ./cmd/sslconform record -dir conformance/reference
	@$(GO) run ./cmd/sslconform record -dir conformance/reference -lib "$$(ldconfig -p | awk '/libssl\.so\.3 / { print $$NF; exit }')"

.PHONY: mutate
mutate: ## breaks each function of the shim in turn; a test must fail each time (half an hour)
	@$(GO) run ./ci/mutate

.PHONY: interop
interop: ## sessions resumed with OpenSSL 3, GnuTLS, curl, crypto/tls, nginx, HAProxy, NSS and Python, both roles (20 s; installs them)
	@$(GO) run ./ci/interop

.PHONY: ssltests
ssltests: ## OpenSSL's own data-driven suite through the binding, each case compared with C's run of it (20 s)
	@$(GO) run ./ci/ssltests

.PHONY: test-spacemonkey
test-spacemonkey: ## the tests of spacemonkeygo/openssl, read from the module cache, against our spacemonkey (20 s)
	@$(GO) run ./spacemonkey/internal/testoriginal

.PHONY: bench-core
bench-core: ## what SetSession, the handles and the engine cost, as ratios to C (40 s)
	@$(GO) run ./ci/benchcore

.PHONY: bench
bench: ## beside C, spacemonkeygo, libp2p and crypto/tls: tables, plots, docs/PERFORMANCE.md; BENCH=-quick to see that it works (16 min; leave the machine alone)
	@$(WITH) go -C bench run . $(BENCH)

.PHONY: fuzz
fuzz: ## the parsers, the setters and random programs, a minute each
	@$(GO) test -run '^$$' -fuzz '^FuzzFindHellos$$' -fuzztime 60s ./conformance
	@for f in FuzzPeer FuzzUnmarshalSession; do $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime 60s ./tlsnet || exit 1; done
	@for f in FuzzParseSession FuzzParseSessionPEM FuzzSetters FuzzTicketRing FuzzPrograms; do $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime 60s . || exit 1; done

.PHONY: soak
soak: export SOAK ?= 10m
soak: ## random programs, in C and in Go; SOAK=1m makes it shorter (10 min)
	@$(GO) test -tags soak -run '^TestSoak$$' -count=1 -timeout=0

.PHONY: clean
clean: ## removes what was unpacked and built
	rm -rf .openssl .openssl-* .build
