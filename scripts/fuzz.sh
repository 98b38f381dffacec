#!/usr/bin/env bash
# Fuzzes everything that reads people's files, each target for so many seconds as the first argument says (600), and leaves
# what it finds in fuzz/artifacts: put that into fuzz/seeds, where the tests read it, with the repair.
# Needs cargo-fuzz (cargo install cargo-fuzz); a stable toolchain will do.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export RUSTC_BOOTSTRAP=1
for target in mat npz hdf5 task lesion checkpoint; do
    corpus=$(mktemp -d)
    cp fuzz/seeds/"$target"/* "$corpus"
    cargo fuzz run "$target" "$corpus" -- \
        -max_total_time="${1:-600}" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1
    rm -rf "$corpus"
done
