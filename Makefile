# make run          the app, in a window; without a display, in a private X server
# make test         everything that can be proven here
# make test-engine  its part beside a real container engine, as root; IMAGE= takes another image,
#                   ENGINE= another engine: podman, rootless-docker or rootless-podman
# make test-workers its part beside an engine as on another machine, as root
# make test-wayland the window's tests on a Wayland compositor instead of an X server
# make demo         the main job plays by itself; pictures and times in target/demo/
# make bench        a table of times and loads, and target/bench/*.json
# make conformance  the client's tests against a real Neko: NEKO_URL= NEKO_USER= NEKO_PASSWORD=
# make package      target/release/bundle/deb/*.deb

.PHONY: run test test-engine test-workers test-wayland check demo bench conformance package setup
SHELL := /bin/sh
.DELETE_ON_ERROR:

NODE = PATH="$$(tests/node.sh):$$PATH"
CARGO = cargo
PAGE = ui/dist/.built
PAGE_SOURCES = $(shell find ui -path ui/dist -prune -o -path ui/node_modules -prune -o -type f -print) \
	package.json package-lock.json $(wildcard vite.config.ts)

run: setup $(PAGE)
	$(CARGO) build --locked -p duotab -p koneko
	tests/desktop.sh target/debug/duotab $(URL)

# The programs are those that come with their tests: built alone, they share less with each other.
test: check
	$(CARGO) test --locked --workspace --no-run
	# Or the first browsers start while gigabytes are written, and each of their files waits for it.
	sync
	tests/offline.sh $(CARGO) test --offline --locked --workspace -- --test-threads=2
	IMAGE=$(IMAGE) ENGINE=$(ENGINE) tests/engine/test.sh
	tests/engine/workers.sh

test-workers: setup $(PAGE)
	$(CARGO) build --locked -p duotab -p koneko
	tests/engine/workers.sh

test-engine: setup $(PAGE)
	$(CARGO) build --locked -p koneko
	IMAGE=$(IMAGE) ENGINE=$(ENGINE) tests/engine/test.sh

# What needs the X server's own way is left out: sizes that it gives, its clipboard, and a window
# manager that has a key for closing.
test-wayland: setup $(PAGE)
	tests/setup.sh weston
	$(CARGO) build --locked -p duotab -p koneko
	DUOTAB_TEST_WAYLAND=1 tests/offline.sh $(CARGO) test --locked --test window -- \
		--test-threads=1 --skip every_size --skip copied_on_one_side --skip copied_elsewhere \
		--skip the_window_stays_open

check: setup $(PAGE)
	$(NODE) npm run --silent check
	$(NODE) tests/offline.sh npm run --silent test
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

demo: setup $(PAGE)
	$(CARGO) build --locked -p duotab -p koneko
	tests/offline.sh $(CARGO) test --locked --test demo -- --ignored --nocapture

bench: setup $(PAGE)
	tests/setup.sh tinyproxy squid
	$(CARGO) build --locked --profile bench -p koneko
	$(CARGO) bench --locked --no-run --bench stream
	tests/offline.sh $(CARGO) bench --offline --locked --bench stream
	$(CARGO) bench --locked --no-run -p duotab-backend --bench proxy
	tests/offline.sh $(CARGO) bench --offline --locked -p duotab-backend --bench proxy
	$(CARGO) build --locked -p koneko
	$(CARGO) bench --locked --no-run -p duotab-backend --bench containers
	DUOTAB_TEST_WORKERS=1 tests/engine/run.sh \
		$(CARGO) bench --offline --locked -p duotab-backend --bench containers

conformance: setup
	$(CARGO) test --locked -p duotab-backend --test conformance -- --test-threads=1

package: setup $(PAGE)
	$(CARGO) build --locked --release -p koneko
	$(NODE) npx tauri build --bundles deb
	INSTALL=$$([ "$$(id -u)" = 0 ] && echo 1) tests/package.sh target/release/bundle/deb/*.deb
	@ls target/release/bundle/deb/*.deb

setup:
	@tests/setup.sh
	@tests/node.sh >/dev/null

$(PAGE): $(PAGE_SOURCES) | setup
	$(NODE) npm run --silent build
	@touch $@
