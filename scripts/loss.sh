#!/usr/bin/env bash
# Kills, refuses, moves and starves trainings that replace another run, at fifty moments or as many as the first argument
# says, and checks that either the old run or the new one is whole. As root it also fills a disk.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
AON_LOSSES=${1:-50} cargo test --locked --all-features --test loss -- --nocapture
