# The two commands a newcomer needs are `make demo` and `make test`; each brings up its own environment.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RUN    := $(BIN)/python

.PHONY: demo quick test test-slow lint sanitize bench clean
.DEFAULT_GOAL := demo

KERNELS := CMakeLists.txt $(wildcard tdaglass/kernels/src/*.* $(addprefix tdaglass/kernels/src/,*/*.* */*/*.*))

# An environment is a stamp file per set of extras, remade when the project's requirements or the kernels change.
# Python compiles what is imported; compiling all that is installed would take half as long again.
$(VENV)/.installed-%: pyproject.toml constraints.txt $(KERNELS)
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --no-compile --disable-pip-version-check -c constraints.txt -e '.[$*]'
	touch $@

# The tests of one file share fixtures and compiled programs, so they run in one process; in the order of the names, as
# files of a few long tests would otherwise come last.
SPREAD := -n auto --dist loadfile --no-loadscope-reorder

# One environment for lint and tests: CI needs both.
CHECKED := $(VENV)/.installed-experiments,cluster,test,lint

demo: $(VENV)/.installed-experiments
	$(RUN) experiments/hidden_structures.py

# What compiles little, from every room: hundreds of tests in under a minute.
QUICK := tests/io tests/plot $(wildcard tests/test_[!dr]*.py) \
  $(addprefix tests/runs/test_,atomic.py fingerprint.py lock.py trees.py) tests/space/test_fixed_point.py \
  $(addprefix tests/structure/test_,extrema.py voronoi.py) \
  $(addprefix tests/topology/test_,alpha.py backend.py boxes.py) \
  $(addprefix tests/glass/test_,pair_models.py pair_potentials.py) \
  $(addprefix tests/dynamics/test_,propensity.py relaxation.py) \
  $(addprefix tests/kernels/test_,library.py topology.py) \
  tests/learning/test_mixture.py tests/learning/networks/test_convolution.py tests/experiments/test_command_line.py

quick: $(CHECKED)
	$(RUN) -m pytest $(SPREAD) $(QUICK)

test: $(CHECKED)
	$(RUN) -m pytest $(SPREAD)

test-slow: $(VENV)/.installed-experiments,cluster,test,rivals
	$(RUN) -m pytest $(SPREAD) -m slow

lint: $(CHECKED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The kernels' own checks under the compiler's sanitizers: addresses and undefined behaviour, and threads. GCC 12 finds
# fault with its own headers for AVX-512, and what it calls that, Clang does not know.
HEADERS_OF_GCC := -Wno-unknown-warning-option -Wno-uninitialized -Wno-maybe-uninitialized
CXX ?= c++
LOOPS := tdaglass/kernels/src/molecular_dynamics
KERNEL_CHECKS := tests/kernels/kernel_checks.cpp $(LOOPS)/molecular_dynamics.cpp $(LOOPS)/ensemble.cpp
BLOCK_CHECKS := tests/kernels/block_checks.cpp
HARD_SPHERE_CHECKS := tests/kernels/hard_sphere_checks.cpp tdaglass/kernels/src/hard_spheres/hard_spheres.cpp \
  $(LOOPS)/molecular_dynamics.cpp
EMBEDDED_ATOM_CHECKS := tests/kernels/embedded_atom_checks.cpp \
  tdaglass/kernels/src/embedded_atoms/embedded_atoms.cpp $(LOOPS)/molecular_dynamics.cpp
BOND_ORDER_CHECKS := tests/kernels/bond_order_checks.cpp tdaglass/kernels/src/bond_order/bond_order.cpp \
  $(LOOPS)/molecular_dynamics.cpp
TOPOLOGY_CHECKS := tests/kernels/topology_checks.cpp tdaglass/kernels/src/topology/topology.cpp
CLUSTERS_CHECKS := tests/kernels/clusters_checks.cpp tdaglass/kernels/src/clusters/clusters.cpp
SANITIZED := $(CXX) -std=c++20 -O1 -g -march=native -Wall -Wextra -Werror $(HEADERS_OF_GCC) \
  @tdaglass/kernels/src/flags.txt -fno-sanitize-recover=all -Itdaglass/kernels/src -pthread
sanitize: sanitize-address,undefined sanitize-thread

sanitize-%:
	mkdir -p build
	$(SANITIZED) -fsanitize=$* $(TOPOLOGY_CHECKS) -o build/topology_checks-$*
	build/topology_checks-$*
	$(SANITIZED) -fsanitize=$* $(CLUSTERS_CHECKS) -o build/clusters_checks-$*
	build/clusters_checks-$*
	$(SANITIZED) -fsanitize=$* $(KERNEL_CHECKS) -o build/kernel_checks-$*
	build/kernel_checks-$*
	$(SANITIZED) -fsanitize=$* $(EMBEDDED_ATOM_CHECKS) -o build/embedded_atom_checks-$*
	build/embedded_atom_checks-$*
	$(SANITIZED) -fsanitize=$* $(BOND_ORDER_CHECKS) -o build/bond_order_checks-$*
	build/bond_order_checks-$*
	$(SANITIZED) -fsanitize=$* $(BLOCK_CHECKS) -o build/block_checks-$*
	build/block_checks-$*
	$(SANITIZED) -fsanitize=$* $(HARD_SPHERE_CHECKS) -o build/hard_sphere_checks-$*
	build/hard_sphere_checks-$*

bench: $(VENV)/.installed-experiments,cluster,test,rivals
	$(RUN) benchmarks/run_all.py

clean:
	rm -rf $(VENV) build tdaglass/kernels/*.so *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
