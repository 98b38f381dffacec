#!/usr/bin/env bash
# Runs every check of the project: format, lints, all tests, documentation, and a short run of the program itself.
# On Debian and Ubuntu it first installs what is missing, where it may (root, or sudo without a password):
# a linker, a software Vulkan driver (so that the GPU engine is tested on machines without a GPU), and SciPy (which
# reads what aon writes, and the reverse).
# The tests that compare with larger reference data find them in ../shared where that exists, and say so where not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
started=$SECONDS

say() { printf '\n== %s (%d min %02d s)\n' "$1" $(((SECONDS - started) / 60)) $(((SECONDS - started) % 60)); }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

may_install() {
    command -v apt-get >/dev/null && { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }
}

# install WHY PACKAGE…
install() {
    local why=$1
    shift
    if ! may_install; then
        echo "not installed: $* ($why). Run as root: apt-get install $*"
        return 1
    fi
    echo "installing $* ($why)"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

has_vulkan_loader() { ldconfig -p 2>/dev/null | grep -q 'libvulkan\.so\.1'; }
has_software_vulkan() { compgen -G '/usr/share/vulkan/icd.d/lvp_icd*.json' >/dev/null; }
has_validation() { [ -e /usr/share/vulkan/explicit_layer.d/VkLayer_khronos_validation.json ]; }
has_swiftshader() { [ -e /usr/lib/chromium/vk_swiftshader_icd.json ]; }

say "what the checks need"
if ! command -v cc >/dev/null; then
    install "the linker" gcc libc6-dev
fi
if ! command -v cargo >/dev/null; then
    if ! { install "the Rust toolchain" rustup && rustup default stable; }; then
        echo "cargo was not found: install Rust as https://rustup.rs says, then run this script again."
        exit 1
    fi
fi
if [ "$(uname -s)" = Linux ] && ! { has_vulkan_loader && has_software_vulkan; }; then
    install "software Vulkan, for the tests of the GPU engine" libvulkan1 mesa-vulkan-drivers ||
        echo "the tests of the GPU engine will be skipped unless this machine has a Vulkan driver."
fi
if [ "$(uname -s)" = Linux ] && ! has_validation; then
    install "the validation layer, which judges the GPU engine" vulkan-validationlayers ||
        echo "that test will be skipped."
fi
# It comes with a browser, which is for machines that do nothing else.
if [ "$(uname -s)" = Linux ] && [ -n "${CI:-}" ] && ! has_swiftshader; then
    install "SwiftShader, a second Vulkan implementation, for a test of the GPU engine" chromium ||
        echo "that test will be skipped."
fi
if command -v apt-get >/dev/null && ! python3 -c 'import scipy' 2>/dev/null; then
    install "SciPy, for the tests of files for and from Python" python3-scipy || echo "those tests will be skipped."
fi
cargo --version
if [ -n "${CI:-}" ]; then
    export CARGO_INCREMENTAL=0
fi

say "format"
cargo fmt --all --check

say "lints"
cargo clippy --locked --all-targets --all-features -- -D warnings

say "the library without the command line"
cargo clippy --locked --no-default-features --lib -- -D warnings
cargo tree --locked --no-default-features -e normal --prefix none | grep -E '^(clap|indicatif|signal-hook)' &&
    { echo "the library without the feature cli depends on the command line's crates"; exit 1; }

say "licences and sources of dependencies"
if cargo deny --version >/dev/null 2>&1; then
    cargo deny --all-features check bans licenses sources
else
    echo "skipped: cargo-deny is not installed."
fi

say "tests"
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --locked --all-features --no-fail-fast
else
    echo "cargo-nextest is not installed; cargo test runs the same tests, less in parallel."
    cargo test --locked --all-features --all-targets --no-fail-fast
fi

say "examples in the documentation"
cargo test --locked --all-features --doc

say "documentation"
RUSTDOCFLAGS=-Dwarnings cargo doc --locked --all-features --no-deps

say "the program itself"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# With the tests' selection of features, so that nothing is built again.
cargo build --locked --all-features --bins --tests --examples
aon=$PWD/${CARGO_TARGET_DIR:-target}/debug/aon
"$aon" devices || [ $? -eq 3 ]
# Three steps on the CPU: every file of a run, not its fit.
(cd "$scratch" && "$aon" demo --engine cpu --n-trials 3 --output-dir demo)
for file in config.toml manifest.json history.csv fit.csv summary.json best.safetensors last.safetensors report.html; do
    [ -s "$scratch/demo/$file" ] || { echo "aon demo left no $file"; exit 1; }
done

"$PWD/${CARGO_TARGET_DIR:-target}/debug/examples/train_lesion_read"

say "all checks passed"
