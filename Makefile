# customer_value: build, install and test.
#
#   make && make install && make installcheck    for people who have a server
#   make demo, make test, make bench             do everything on a fresh machine
#
# Useful settings: PG_CONFIG=…, with_llvm=no, WERROR=1 (warnings are errors).

EXTENSION = customer_value
MODULE_big = customer_value
EXTVERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" $(dir $(lastword $(MAKEFILE_LIST)))customer_value.control)

# One folder a subject. The order is that of dependence: the install script is put together from
# the SQL parts in this order, and within a subject in the order given here.
SQL_PARTS = \
	support/support \
	concentration/cutoffs concentration/collect concentration/abc_class concentration/measures concentration/summary concentration/sketch \
	value/value \
	lifetime/closed_form lifetime/model lifetime/sample lifetime/fit lifetime/figures lifetime/total lifetime/backtest lifetime/simulate \
	segment/rfm segment/rules \
	support/comparison \
	service/staffing service/routing \
	insight/rates insight/cohort_retention insight/revenue_movements insight/xyz_class insight/portfolio insight/margin insight/next_order insight/kpi_effect \
	base/base base/bucket base/source base/partition base/facts base/retrack base/rebalance base/verify base/status base/override base/merge base/forget base/upgrade base/history base/check_source \
	service/treatment base/maintain insight/contact insight/report_words insight/report_sections insight/report

SRCDIR := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
SQL_FILES = $(addprefix $(SRCDIR)/src/,$(addsuffix .sql,$(SQL_PARTS)))
EXTENSION_SQL = $(EXTENSION)--$(EXTVERSION).sql

OBJS = $(patsubst $(SRCDIR)/%.c,%.o,$(sort $(wildcard $(SRCDIR)/src/*/*.c)))
DATA = $(sort $(patsubst $(SRCDIR)/%,%,$(wildcard $(SRCDIR)/sql/upgrade/*.sql)))
DATA_built = $(EXTENSION_SQL)
HEADER_FILES = $(wildcard $(SRCDIR)/src/*/*.h)

REGRESS = $(sort $(patsubst $(SRCDIR)/sql/%.sql,%,$(wildcard $(SRCDIR)/sql/*.sql)))
REGRESS_OPTS = --inputdir=$(SRCDIR) --load-extension=customer_value
ISOLATION = $(sort $(patsubst $(SRCDIR)/test/isolation/specs/%.spec,%,$(wildcard $(SRCDIR)/test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=$(SRCDIR)/test/isolation --load-extension=customer_value
ifndef NO_TAP
TAP_TESTS = 1
PROVE_TESTS = $(sort $(wildcard $(SRCDIR)/test/t/*.pl))
endif

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

# The server's headers are system headers, so that warnings are about our code alone. Symbols are
# hidden but for what the server looks up.
PG_CPPFLAGS = -I$(SRCDIR)/src -isystem $(shell $(PG_CONFIG) --includedir-server) \
	-DCUSTOMER_VALUE_VERSION='"$(EXTVERSION)"' \
	-DPGDLLEXPORT='__attribute__((visibility("default")))'
PG_CFLAGS = -fvisibility=hidden -Wextra $(if $(WERROR),-Werror)
ifneq ($(findstring clang,$(CC)),)
PG_CFLAGS += -Wno-ignored-optimization-argument -Wno-unknown-warning-option # the server was built by gcc
endif
SHLIB_LINK = -lm

EXTRA_CLEAN = $(EXTENSION_SQL) build results output_iso tmp_check tmp_check_iso log

# `make demo`, `make test` and `make bench` install what they need, the server's build files among
# it, so they must not depend on PGXS being there already.
ifneq ($(wildcard $(PGXS)),)
include $(PGXS)
$(OBJS): $(HEADER_FILES) $(SRCDIR)/customer_value.control
# where the build folder is not that of the sources (make -f …/Makefile), it has none of their folders
$(shell mkdir -p $(sort $(dir $(OBJS))))
else ifeq ($(filter demo test bench unit,$(MAKECMDGOALS)),)
$(error The server's build files are missing: install postgresql-server-dev-NN, or set PG_CONFIG)
endif

# The script finds nothing in the schema that it is installed into, where others may have put functions and operators
# that fit better than those of pg_catalog: the path is pg_catalog alone, and what is ours is written @extschema@.name.
$(EXTENSION_SQL): $(SQL_FILES) $(SRCDIR)/customer_value.control $(SRCDIR)/Makefile
	{ printf '%s\n' '\echo Use "CREATE EXTENSION customer_value" to load this file. \quit' \
		'SET LOCAL search_path = pg_catalog, pg_temp;'; \
	  cat $(SQL_FILES); } > $@

# META.json repeats the version because PGXN reads it as it stands.
META.json: customer_value.control
	sed -i 's/"version": "[0-9.]*"/"version": "$(EXTVERSION)"/' $@
	@touch $@

.PHONY: demo test bench unit format dist
# make demo ORDERS=file.csv [CUSTOMER=… DATE=… AMOUNT=… SEPARATOR=… DECIMAL=… DATESTYLE=… CURRENCY=… KEEP=1];
# make test KINDS="unit regress isolation tap" [VERSION=18]; make bench SUBJECTS="concentration value …"
# What is given to make reaches the demo in its environment, where no quote in a file's name does harm.
demo:
	+@$(SRCDIR)/test/run demo
test:
	+@$(SRCDIR)/test/run test $(KINDS)
bench:
	+@$(SRCDIR)/test/run bench $(SUBJECTS)

# Plain C under sanitizers, no server needed.
unit:
	@$(SRCDIR)/test/unit/run

format:
	clang-format -i $(SRCDIR)/src/*/*.[ch] $(SRCDIR)/test/unit/*.c

dist: META.json
	git archive --format=zip --prefix=$(EXTENSION)-$(EXTVERSION)/ -o $(EXTENSION)-$(EXTVERSION).zip HEAD
