#!/usr/bin/env bash
# Damages files of a run and of its study at random, ten thousand times or as often as the first argument says, and checks
# that nothing panics or hangs and that no number is taken that is not the run's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
AON_DAMAGES=${1:-10000} cargo test --locked --all-features --test damage -- --nocapture
