# make demo   builds modelc and runs the main job on the models and data in Fixtures
# make test   builds and runs every test
# Both install missing system packages first and print the exact line before they do.

SHELL := /bin/bash
PACKAGES := libhdf5-dev zlib1g-dev libopenblas-dev pkg-config
OPTIONAL := libpng-dev libjpeg-dev libdnnl-dev
MODELC := .build/release/modelc

.PHONY: build demo test deps format lint bench clean

build: deps
	swift build -c release --product modelc

deps:
	@.ci/deps $(PACKAGES) -- $(OPTIONAL)

demo: build
	@.ci/demo $(MODELC)

# Numeric loops are slow in debug builds, so tests are optimised too; one BLAS thread, because
# byte identity is promised for one thread only.
test: deps
	OPENBLAS_NUM_THREADS=1 swift test -c release --scratch-path .build-test \
	  -Xswiftc -enable-testing

format:
	swift format -i -r Package.swift Sources Tests

lint:
	swift format lint --strict -r Package.swift Sources Tests

bench: build
	Benchmarks/run $(MODELC)

clean:
	rm -rf .build .build-test
