# Every target installs what it needs. Nothing is needed beforehand but npm and, for the test control plane,
# either a download or Go.
SHELL := /bin/bash
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
export NODE_NO_WARNINGS := 1
# Test files share most of their modules: each is freed of its types and compiled once.
export NODE_COMPILE_CACHE := $(CURDIR)/node_modules/.cache/node

TESTS ?= $(shell find contract runtime http kubernetes settings dns cnpg notify controller webhook sidecar cli scripts bench test/support test/documentation test/e2e/support -name '*.test.ts')
# Node would take one less than there are processors, and tests wait for much else too.
JOBS ?= $(shell node -p 'Math.max(3, os.availableParallelism())')
# The longest first, so that none of them runs alone at the end; the others by size, which goes with time.
LONGEST := $(patsubst %,test/integration/%.test.ts,triggers api-server-misbehaves webhook dns-providers leader soak standby-updates webhook-storm topology-schedules)
# Each of these wants a cluster without other controllers: they have one, and a process, one after the other.
IN_TURN := $(patsubst %,test/integration/%.test.ts,cli-check-workloads databases kept-nodes rbac copies release-secret)
comma := ,
OTHERS := $(filter-out $(LONGEST) $(IN_TURN),$(shell ls -S test/integration/*.test.ts))
INTEGRATION_TESTS ?= $(LONGEST) $(subst $() $(),$(comma),$(IN_TURN)) $(OTHERS)
RUN = node test/support/run.ts
SETUP = --global-setup=test/support/global-setup.ts
# It has no MutatingAdmissionPolicies, in beta neither.
ifeq ($(KUBERNETES),1.30)
INTEGRATION_TESTS := $(filter-out test/integration/policies%,$(INTEGRATION_TESTS))
endif

.DEFAULT_GOAL := help
.PHONY: help
help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

node_modules/.installed: package.json package-lock.json
	npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: install
install: node_modules/.installed ## Install the pinned tools and libraries

.PHONY: build
build: install ## Bundle the programs into dist/
	node scripts/build.ts

ENGINE ?= $(firstword $(foreach one,docker podman buildah,$(if $(shell command -v $(one)),$(one))))
# In full, as engines other than docker would put their own host before it, and nodes would not find it.
IMAGE ?= docker.io/library/kube-site-follower:$(shell sed -n 's/^  "version": "\(.*\)",$$/\1/p' package.json)

# Without BuildKit docker does not know for which platform it builds: so it says that its plugin is missing, rather than fail later.
# Docker 29 would put an attestation beside the image, and `kind load docker-image` would end with “content digest … not
# found” (kubernetes-sigs/kind#3795). Engines other than docker do not know these variables:
# https://docs.docker.com/build/building/variables/#buildx_no_default_attestations
.PHONY: image
image: ## Build the container image (ENGINE=docker, podman or buildah; IMAGE= its name)
	DOCKER_BUILDKIT=1 BUILDX_NO_DEFAULT_ATTESTATIONS=1 $(or $(ENGINE),$(error Needs docker, podman or buildah)) build --tag $(IMAGE) .

.PHONY: release
release: install ## Image, chart and plugin into REGISTRY, the same from the same commit (VERSION=; docs/releasing.md)
	node scripts/release.ts

.PHONY: check
check: install ## Types, lint, format, generated docs
	tsc --noEmit
	biome check .
	oxlint --type-aware --deny-warnings
	node scripts/docs.ts --check

# Those that take long begin first. As those that measure memory, where what others keep would count, replace modules or load the
# machine, each has a process of its own.
MEASURED := contract/databases% kubernetes/cut% kubernetes/events% controller/signals/bounds% webhook/admission-large% webhook/injection-watchdog%
LONG := $(filter cli/manifests/edited% test/documentation/extending% webhook/server% controller/config.% cli/manifests/corpus% sidecar/server%,$(TESTS))
ALONE := $(LONG) $(filter-out $(LONG),$(filter $(MEASURED) dns/loading% scripts/% bench/% test/%,$(TESTS)))
.PHONY: unit
unit: install ## Unit tests only
	$(RUN) --concurrency=$(JOBS) $(ALONE) --together $(sort $(filter-out $(ALONE),$(TESTS)))

# Collecting garbage is a quarter of the work of an API server, or of who checks types, as it comes; their heaps stay
# small here. The long attacks make it large.
check unit integration hostile-short alerts chart: export GOGC := 400
check unit integration hostile-short alerts chart: export GOMEMLIMIT := 4GiB

# Once for both, where test/support/global-setup.ts would build them for each.
integration hostile-short hostile: export TEST_CONTROLLER_BUILT := true

.PHONY: integration
integration: build ## Tests on a real API server, started for them
	$(RUN) --concurrency=4 --timeout-ms=600000 $(SETUP) $(INTEGRATION_TESTS)

HOSTILE = $(RUN) --timeout-ms=1800000 $(SETUP) test/hostile/*.test.ts

.PHONY: hostile-short
hostile-short: build ## What strangers and tenants may try, against the shipped programs
	$(HOSTILE)

.PHONY: hostile
hostile: build ## The same ten times as strong, for half a minute each
	HOSTILE=long $(HOSTILE)

.PHONY: browser
browser: install ## The page in Chromium, which is installed where it is missing
	$(RUN) --concurrency=$(JOBS) test/browser/*.test.ts

.PHONY: alerts
alerts: install ## Alerts and dashboard by promtool, which is installed where it is missing
	$(RUN) --concurrency=$(JOBS) test/alerts/*.test.ts

.PHONY: chart
chart: install ## The chart as Helm renders it, which is downloaded where it is missing
	$(RUN) --concurrency=$(JOBS) test/chart/*.test.ts

.PHONY: external-dns
external-dns: install ## The real ExternalDNS before a real name server; built from Go modules the first time
	$(RUN) --timeout-ms=900000 test/external-dns/*.test.ts

.PHONY: simulation
simulation: install ## The controller under virtual time: 1,000 schedules, and what breaking it on purpose shows
	$(RUN) --concurrency=$(JOBS) --timeout-ms=600000 test/simulation/*.test.ts

.PHONY: simulate
simulate: install ## 10,000 schedules under virtual time, and as many of two clusters (SEEDS=, FROM=)
	@node test/simulation/run.ts --seeds $(or $(SEEDS),10000) --from $(or $(FROM),1)
	@node test/simulation/run.ts --topology --seeds $(or $(SEEDS),10000) --from $(or $(FROM),1)

.PHONY: topology
topology: build ## Two clusters of a topology for real: 200 schedules of faults (SEEDS=, FROM=)
	@TEST_CONTROLLER_BUILT=true node test/topology/run.ts --seeds $(or $(SEEDS),200) --from $(or $(FROM),1)

.PHONY: test
test: unit simulation integration hostile-short browser alerts chart ## All that must pass before a change lands

.PHONY: e2e
e2e: install ## Image and chart on the real cluster that E2E_KUBECONFIG names (docs/testing.md)
	@mkdir -p test/e2e/results
	node --no-concurrent-recompilation --test --test-force-exit --test-reporter=spec --test-reporter-destination=stdout --test-reporter=tap --test-reporter-destination=test/e2e/results/cases.tap $(if $(E2E_ONLY),--test-name-pattern='$(E2E_ONLY)') test/e2e/e2e.test.ts

.PHONY: demo
demo: build ## Show it on this machine, without a cluster (KEEP=1: stay up to try it by hand; TIMELINE=: draw it as an SVG)
	@node demo/main.ts $(if $(KEEP),--keep) $(if $(TIMELINE),--timeline $(TIMELINE))

.PHONY: bench
bench: build ## Measure speed and memory (SHORT=1: a quick run)
	@node bench/main.ts $(if $(SHORT),--short)

.PHONY: bench-scale
bench-scale: build ## One flip in a cluster of 20,000 pods and 2,000 Services that follow (SHORT=1: a small one)
	@node bench/large.ts $(if $(SHORT),--short)

.PHONY: peers
peers: build ## Ours beside ExternalDNS and mounted ConfigMaps, in one run (SHORT=1: a quick run)
	@node bench/peers/main.ts $(if $(SHORT),--short)

.PHONY: soak
soak: build ## Move the primary for SOAK_MINUTES (60) and see that memory stays flat
	@node bench/soak.ts
