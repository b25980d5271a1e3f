# chaosctl: `make demo` shows what it does, `make test` runs the tests, `make help` lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/sh

BIN   := bin
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/chaosctl-tools
LINT_VERSION        := v2.15.0
STATICCHECK_VERSION := 2026.2
KREW_VERSION        := v0.4.3
HELM_VERSION        := v4.3.1
export CHAOSCTL_TOOLS := $(CACHE)
export CHAOSCTL_HELM  := $(CACHE)/helm-$(HELM_VERSION)
export CHAOSCTL_PROMETHEUS := $(CACHE)/prometheus
GO_BUILD := CGO_ENABLED=0 go build -trimpath -ldflags '-s -w'
# Those of the image, and its name; that which this version looks for unless it is given.
ARCHITECTURES ?= amd64 arm64
IMAGE         ?=
# Modules of this repository that hold tests. The components of the lab are modules of their own, and hold none.
MODULES := . lab release test examples/queue

##@ For everybody

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z][a-z-]*:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: build lab shop ## Run a game day against a shop on a real 3-node cluster, and report (needs root)
	@scripts/demo.sh

.PHONY: test
test: test-unit prepare page-tools deploy-tools prometheus build shop ## Run all tests that a change must pass (needs root for the lab)
	@$(MAKE) --no-print-directory -j2 --output-sync=line lint test-lab # one computes, the other waits
	@echo "==> tests on real clusters"
	@cd test && go test -count=1 -p 1 -timeout 30m ./... # packages that share two processors would measure one another

.PHONY: test-all
test-all: test test-release test-faults test-library test-truth test-examples test-crash test-soak fuzz site bench ## Run the long ones too: a release, all faults, the library, the truth table, all crash points, a soak, fuzzing, the site and the comparison with peers

.PHONY: test-lab
test-lab: prepare ## Boot labs of all kinds, and see that they are what they should be (needs root)
	@echo "==> tests of the lab"
	@cd lab && go test -count=1 -timeout 20m ./acceptance/...

.PHONY: test-faults
test-faults: prepare build shop ## Run every fault on real nodes, see its effect and its undo; make test does so with one of each family (needs root)
	@cd test && go test -count=1 -timeout 60m -v ./faults -faults.all $(FAULTS)

.PHONY: test-library
test-library: prepare build shop ## Run each experiment of the library on a healthy shop and on one with the weakness that it finds (needs root)
	@cd test && go test -count=1 -timeout 150m -v ./library -library.all $(LIBRARY)

.PHONY: test-truth
test-truth: prepare build shop ## Do each fault to a shop with each weakness, and hold the verdicts to docs/truth-table.md (needs root)
	@cd test && go test -count=1 -timeout 90m -v -artifacts -outputdir ../$(BIN) ./truth -truth.all -truth.beside 5 $(TRUTH)

.PHONY: test-examples
test-examples: prepare build ## Run the applications of examples/ with their experiments (needs root)
	@cd examples/etcd && $(GO_BUILD) -o ../../$(BIN)/etcd ./cmd/etcd
	@cd examples/ingress && $(GO_BUILD) -o ../../$(BIN)/ingress ./cmd/ingress
	@cd examples/queue && go test ./... && $(GO_BUILD) -o ../../$(BIN)/queue ./cmd/queue
	@cd test && go test -count=1 -timeout 30m -v ./examples -examples.all

.PHONY: test-pages
test-pages: page-tools build ## Look at the HTML pages in a browser, and keep a picture of each below bin; make test looks too
	@cd test && go test -count=1 -timeout 10m -v -artifacts -outputdir ../$(BIN) ./pages

.PHONY: test-crash
test-crash: prepare build ## Kill a run at each of its points, and recover; make test does so at a sample of them (needs root)
	@cd test && go test -timeout 120m -v -artifacts -outputdir ../$(BIN) -run TestCrash ./crash -crash.points 0 $(CRASH)

.PHONY: test-soak
test-soak: prepare build ## Run 500 short experiments back to back, and see that the process and the cluster hold no more at the end (a quarter of an hour; needs root)
	@cd test && go test -count=1 -timeout 90m -v ./soak -soak.runs 500 $(SOAK)

.PHONY: test-release
test-release: ## Release what is committed, twice, compare, and install it by krew for each platform (half an hour, or a minute where all is built)
	@scripts/release-tools.sh "$(CACHE)" $(KREW_VERSION)
	@cd release && go test -count=1 -timeout 120m -v -run 'TestRelease$$' . -release.all -release.krew "$(CACHE)/krew-$(KREW_VERSION)" $(RELEASE)

.PHONY: test-unit
test-unit: ## Run the tests that need neither root nor a cluster
	@echo "==> unit tests"
	@go test ./...
	@cd lab && go test $$(go list ./... | grep -v /acceptance)
	@cd release && go test ./...

##@ Pieces

.PHONY: build
build: ## Build bin/chaosctl
	@echo "==> building $(BIN)/chaosctl"
	@$(GO_BUILD) -o $(BIN)/chaosctl ./cmd/chaosctl

.PHONY: image
image: build ## Build bin/chaosctl-image.tar, for agents in pods and the dead man's Job: an OCI archive, without a container engine
	@for architecture in $(ARCHITECTURES); do \
		echo "==> building $(BIN)/chaosctl-linux-$$architecture"; \
		GOOS=linux GOARCH=$$architecture $(GO_BUILD) -o $(BIN)/chaosctl-linux-$$architecture ./cmd/chaosctl || exit 1; \
	done
	@echo "==> building $(BIN)/chaosctl-image.tar"
	@image="$(or $(IMAGE),$$($(BIN)/chaosctl version --image))" && cd lab && \
		go run ./cmd/image -tag "$$image" -entrypoint chaosctl -to ../$(BIN)/chaosctl-image.tar $(ARCHITECTURES:%=../$(BIN)/chaosctl-linux-%)

.PHONY: release
release: ## Build what a release contains, below bin/release, of what is committed: VERSION=v0.3.0
	@cd release && go run ./cmd/release -version "$(VERSION)" -from .. -to ../$(BIN)/release

.PHONY: lab
lab: ## Build bin/lab, the cluster on one machine
	@echo "==> building $(BIN)/lab"
	@cd lab && $(GO_BUILD) -o ../$(BIN)/lab ./cmd/lab

.PHONY: prepare
prepare: lab ## Install what the lab needs and build its components, once (about 10 minutes)
	@$(BIN)/lab prepare

.PHONY: page-tools
page-tools: ## Install what the tests of the pages need, once: chromium, Node.js, axe-core, html-validate
	@scripts/page-tools.sh "$(CACHE)"

.PHONY: deploy-tools
deploy-tools: kubectl ## Build what the tests of deploy/ need, once: helm, kubectl
	@scripts/deploy-tools.sh "$(CACHE)" $(HELM_VERSION)

.PHONY: prometheus
prometheus: ## Fetch what the tests of the questions to Prometheus need, once: Debian's package of it
	@scripts/prometheus.sh "$(CACHE)"

.PHONY: kubectl
kubectl: ## Build bin/kubectl, of the release of the libraries of chaosctl
	@echo "==> building $(BIN)/kubectl"
	@cd test/bench/kubectl && $(GO_BUILD) -o ../../../$(BIN)/kubectl .

.PHONY: site
site: ## Build bin/site, the documentation as a static site (needs npm)
	@scripts/site.sh "$(CACHE)" $(BIN)/site

.PHONY: shop
shop: ## Build the example application and the command that deploys it
	@echo "==> building the shop"
	@$(GO_BUILD) -o $(BIN)/shop-frontend ./examples/shop/cmd/frontend
	@$(GO_BUILD) -o $(BIN)/shop-catalogue ./examples/shop/cmd/catalogue
	@$(GO_BUILD) -o $(BIN)/shop-deploy ./examples/shop/cmd/deploy

##@ For contributors

.PHONY: lint
lint: ## Check formatting and style
	@scripts/lint.sh "$(CACHE)" $(LINT_VERSION) $(STATICCHECK_VERSION) $(MODULES)

.PHONY: generate
generate: ## Make the schemas and the reference again from the code
	@go generate ./schema ./internal/reference

.PHONY: bench
bench: prepare bench-alone ## Compare with peers, side by side (needs root); the values stay below bench
	@cd test && go test -run '^$$' -bench . -benchtime 5x -timeout 90m ./bench $(BENCH)
	@cd test && go run ./bench/tables ../bench

.PHONY: bench-alone
bench-alone: build bench-peers ## The part of it that needs no cluster (three quarters of an hour): ALONE='-bench CPU -benchtime 1x'
	@cd test && go test -run '^$$' -bench 'CPU|Honest|Outages|Start' -benchtime 5x -timeout 90m ./bench/alone $(ALONE)
	@cd test && go test -run '^$$' -bench Memory -benchtime 1x -timeout 90m ./bench/alone $(ALONE)
	@cd test && go test -run '^$$' -bench Report -benchtime 3x -timeout 90m ./bench/alone $(ALONE)

.PHONY: bench-peers
bench-peers: kubectl
	@scripts/bench-tools.sh
	@echo "==> building $(BIN)/vegeta, another"
	@cd test/bench/vegeta && $(GO_BUILD) -o ../../../$(BIN)/vegeta github.com/tsenart/vegeta/v12
	@echo "==> building $(BIN)/fortio, another"
	@cd test/bench/fortio && $(GO_BUILD) -o ../../../$(BIN)/fortio fortio.org/fortio

.PHONY: fuzz
fuzz: ## Look for files that make the loader panic or hang, for ten minutes
	@go test ./pkg/experiment -run '^$$' -fuzz FuzzLoad -fuzztime 10m

.PHONY: fmt
fmt: ## Format the code
	@gofmt -w $$(git ls-files '*.go')

.PHONY: clean
clean: ## Remove what was built here; caches of the lab's components stay
	@rm -rf $(BIN)
