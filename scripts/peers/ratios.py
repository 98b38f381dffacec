#!/usr/bin/env python3
"""Prints how fast aon is beside its peers on a card: K, milliseconds a step, and how many times as long each peer takes.

    aon bench --gpu-report card
    scripts/peers/jax_step.py > jax.jsonl
    scripts/peers/torch_step.py > torch.jsonl
    scripts/peers/ratios.py card.json jax.jsonl torch.jsonl
"""

import json
import sys


def read(files):
    """Milliseconds by peer, and then by K; first losses by K."""
    times, losses, failures = {}, {}, []
    for file in files:
        for line in open(file):
            m = json.loads(line)
            name = f"{m['peer']} {m['precision']}"
            if "error" in m:
                failures.append(f"{name}, K = {m['networks']}: {m['error']}")
                continue
            size = tuple(m[s] for s in ("neurons", "conditions", "time_steps"))
            times.setdefault((name, m["device"], m["version"]), {})[m["networks"], size] = 1e3 * m["seconds_per_step"]
            losses.setdefault((m["networks"], size), {})[name] = m["first_loss"]
    return times, losses, failures


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    report = json.load(open(sys.argv[1]))
    size = tuple(report["case"][s] for s in ("neurons", "conditions", "time_steps"))
    ours = {s["networks"]: s for s in report["speeds"] if s["series"] == "networks" and s["tuned"]}
    times, losses, failures = read(sys.argv[2:])
    print(f"aon {report['version']} on {report['adapter']['name']} ({report['adapter']['driver']}), numbers: {report['verdict']}")
    for name, device, version in times:
        print(f"{name}: version {version} on {device}")
    print(f"{size[0]} neurons, {size[1]} conditions, {size[2]} steps; milliseconds a step, and as multiples of aon's\n")
    print(f"{'K':>5} {'aon':>10} " + " ".join(f"{name:>22}" for name, *_ in times))
    for networks in sorted(set(ours) | {k for rows in times.values() for k, s in rows if s == size}):
        own = 1e3 * ours[networks]["seconds_per_step"] if networks in ours else None
        cells = []
        for rows in times.values():
            peer = rows.get((networks, size))
            ratio = f" ({peer / own:.2f} x)" if peer and own else ""
            cells.append(f"{peer:.2f}{ratio}" if peer else "-")
        print(f"{networks:>5} {f'{own:.2f}' if own else '-':>10} " + " ".join(f"{cell:>22}" for cell in cells))
    for (networks, other), found in losses.items():
        spread = (max(found.values()) - min(found.values())) / max(found.values())
        # TF32 keeps eleven bits of an operand.
        if spread > 1e-3:
            print(f"first losses differ at K = {networks}, {other}: {found}: one of these does not compute the same step")
    for failure in failures:
        print(f"not measured: {failure}")


if __name__ == "__main__":
    main()
