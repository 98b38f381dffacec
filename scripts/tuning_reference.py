#!/usr/bin/env python3
"""Writes tests/golden/tuning/tuning.json: tests of tuning by plain NumPy, and peri-event means of pynapple, that
tests/tuning_reference.rs compares with.

    pip install numpy pynapple
    scripts/tuning_reference.py

The recording is drawn here, of one seed, and is in the file, with the versions of what made the numbers. Everything is done as it is
defined, and slowly: activity is shifted with `numpy.roll`, frames are masks, and a statistic is a mean over bouts of means of
frames, minus a mean of frames. Only the shifts are those of aon: its random numbers (Philox 4x32-10) are made again here.
"""

import importlib.metadata
import json
import platform
from pathlib import Path

import numpy as np
import pynapple as nap

OUT = Path(__file__).resolve().parent.parent / "tests" / "golden" / "tuning" / "tuning.json"
rng = np.random.default_rng(31)

# ---- A recording: 8 Hz, so that all times are exact; two contexts, of which the first comes again; 4 s that are lost.
INTERVAL, BEGIN, FRAMES, NEURONS = 0.125, 2.0, 3000, 6
CONTEXTS = [["alone", 2.0, 152.0], ["together", 152.0, 302.0], ["alone", 302.0, 377.0]]
LOST = (340.0, 344.0)
KINDS = [("self", "eating"), ("self", "grooming"), ("other", "eating"), ("other", "grooming")]
KEY = 0x1_2345_6789  # both halves of it are used
SETTINGS = {
    "shifts": 600,
    "most_shifts": 0,
    "window_s": 20.0,
    "least_shift_s": 2.0,
    "baseline_ms": [-1000.0, 0.0],
    "count_level": 0.05,
    "least_bouts": 8,
}


def made_bouts(count, shortest, longest, fixed=()):
    """Bouts of one kind, apart from each other; `fixed` ones come first."""
    bouts = [list(bout) for bout in fixed]
    while len(bouts) < count:
        start = round(rng.uniform(3, 374), 3)
        stop = round(start + rng.uniform(shortest, longest), 3)
        if all(stop + 0.3 < a or start > b + 0.3 for a, b in bouts):
            bouts.append([start, stop])
    return sorted(bouts)


# One goes on from one context to the next and counts in both; one begins right after a context does, that was there before; two
# follow each other closely; frames begin exactly at its start and stop.
own_eating = made_bouts(26, 1.0, 2.0, [(151.2, 153.1), (302.5, 304.0), (60.0, 61.5), (62.0, 63.0)])
own_grooming = made_bouts(20, 2.5, 4.5)
# Some overlap what the animal does itself: one wholly, one in its middle, one at its begin; one follows it closely.
(w0, w1), (m0, m1), (e0, e1), (f0, f1) = own_eating[5], own_eating[9], own_eating[13], own_eating[17]
overlapping = [(w0 + 0.25, w1 - 0.25), (m0 - 0.75, m1 + 0.75), (e1 - 0.5, e1 + 1.0), (f1 + 0.5, f1 + 1.75)]
other_eating = made_bouts(24, 1.0, 2.0, [(round(a, 3), round(b, 3)) for a, b in overlapping])
other_grooming = made_bouts(18, 2.5, 4.5)
BOUTS = dict(zip(KINDS, [own_eating, own_grooming, other_eating, other_grooming]))

all_times = BEGIN + INTERVAL * np.arange(FRAMES)
times = all_times[(all_times < LOST[0]) | (all_times >= LOST[1])]


def within(ranges, t=times):
    return np.any([(t >= start) & (t < stop) for start, stop in ranges], axis=0)


def made_activity():
    """Four traces of calcium and two counts of spikes, which tie often; neuron 0 is tuned to nothing."""
    rate = np.full((NEURONS, len(times)), 0.06)
    for neuron, kinds in [(1, [0]), (2, [0, 2]), (3, [3]), (4, [0, 2]), (5, [1])]:
        for kind in kinds:
            rate[neuron, within(BOUTS[KINDS[kind]])] *= 3
    events = rng.poisson(rate)
    trace = np.zeros(events.shape)
    for t in range(len(times)):
        trace[:, t] = events[:, t] + (np.exp(-INTERVAL / 0.7) * trace[:, t - 1] if t else 0)
    calcium = (trace + 0.2 * rng.normal(size=trace.shape)).round(2)
    return np.where(np.arange(NEURONS)[:, None] < 4, calcium, events).astype(np.float32)


activity = made_activity()

# ---- The random numbers of aon (src/rng.rs): a word for each (seed, network, stream, step, index).
SHIFTS, FLIPS = 19, 20


def philox(seed, network, stream, step, index):
    """Four words, of arrays of counters."""
    low = np.uint64(0xFFFFFFFF)
    c = [np.asarray(v, dtype=np.uint64) for v in np.broadcast_arrays(index, step, stream, network)]
    k = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k[0]), p1 & low, (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k[1]), p0 & low]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def below(words, n):
    return ((words * np.uint64(n)) >> np.uint64(32)).astype(int)


# Known answers published with the Random123 library.
assert [int(w) for w in philox(0, 0, 0, 0, 0)] == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
assert [int(w) for w in philox(2**64 - 1, *[2**32 - 1] * 4)] == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]

# ---- The axis: the frames of each context side by side.
names = list(dict.fromkeys(name for name, *_ in CONTEXTS))
of_context = {n: np.flatnonzero(within([(a, b) for name, a, b in CONTEXTS if name == n])) for n in names}
order = np.concatenate([of_context[n] for n in names])
x, t = activity[:, order].astype(float), times[order]
context = np.concatenate([np.full(len(of_context[n]), k) for k, n in enumerate(names)])
PARTS = [np.flatnonzero(context == k) for k in range(len(names))]
peak = abs(x).max(axis=1)


class Contrast:
    """Of a kind of bout, the frames of each bout and of what is outside, within `parts`."""

    def __init__(self, kind, parts):
        agent, behaviour = kind
        self.own = within(BOUTS["self", behaviour], t) if agent == "other" else np.zeros(len(t), bool)
        self.bouts, self.parts = [], []  # (frames, frames outside in the same part); parts with bouts
        kind_frames = within(BOUTS[kind], t)
        for part in parts:
            here = np.isin(np.arange(len(t)), part)
            outside = np.flatnonzero(here & ~kind_frames & ~self.own)
            each = [np.flatnonzero(here & within([bout], t) & ~self.own) for bout in BOUTS[kind]]
            each = [frames for frames in each if len(frames)]
            if each and len(outside):
                self.bouts += [(frames, outside) for frames in each]
                self.parts.append(part)

    def statistic(self, values):
        return np.mean([values[:, b].mean(axis=1) - values[:, o].mean(axis=1) for b, o in self.bouts], axis=0)


def parts_a_bout(part, place):
    """Whether frames of one bout, of any kind, lie on both sides of a place of a part."""
    if not 0 < place < len(part):
        return False
    before, after = t[part[place - 1]], t[part[place]]
    return any(start <= before < stop and start <= after < stop for bouts in BOUTS.values() for start, stop in bouts)


def windows(part, seconds):
    """A part in windows of about so many seconds, none over a pause of more than half of that: the frames of each. They are
    about alike long; a border goes to the nearest place that parts no bout, the earlier of two, up to a quarter of a window away."""
    pauses = np.flatnonzero(np.diff(t[part]) > seconds / 2) + 1
    for first, end in zip([0, *pauses], [*pauses, len(part)]):
        n = end - first
        count = min(max(int(np.floor(n * INTERVAL / seconds + 0.5)), 1), n)
        borders = [first]
        for at in (first + k * n // count for k in range(1, count)):
            near = sorted(range(at - n // count // 4, at + n // count // 4 + 1), key=lambda place: (abs(place - at), place))
            borders.append(next((place for place in near if not parts_a_bout(part, place)), at))
        yield from (part[a:b] for a, b in zip(borders, [*borders[1:], end]))


def correlated():
    """The lag at which the autocorrelation falls below 1/e, the median over neurons."""
    lags = []
    for row in x - x.mean(axis=1, keepdims=True):
        lags.append(next(k for k in range(1, len(row)) if row[:-k] @ row[k:] < row @ row / np.e))
    return int(np.ceil(np.median(lags)))


def pieces_of(mask, circle):
    """The frames of a mask in a circle, one array for each stretch of them, counted from the circle's first."""
    inside = np.flatnonzero(mask[circle])
    return [piece for piece in np.split(inside, np.flatnonzero(np.diff(inside) > 1) + 1) if len(piece)]


def rolled(contrast, circles, margin):
    """The statistic recorded, and in each draw, in which every circle of frames is turned by its own shift. A piece of a bout
    that gets frames of both ends of its circle has as many of the nearer end in their place."""
    draws = np.arange(SETTINGS["shifts"])
    shifts = [margin + below(philox(KEY, c[0], SHIFTS, draws, 0)[0], len(c) - 2 * margin) for c in circles]
    masks = [np.isin(np.arange(len(t)), frames) for frames, _ in contrast.bouts]
    # The pieces of each bout, and of what the animal does itself.
    pieces = [[(k, piece) for k, c in enumerate(circles) for piece in pieces_of(mask, c)] for mask in [*masks, contrast.own]]
    found = [contrast.statistic(x)]
    for draw in draws:
        origins = [np.roll(c, shift[draw]) for c, shift in zip(circles, shifts)]

        def summed(pieces):
            total = 0.0
            for k, piece in pieces:
                frames = origins[k][piece]
                breaks = np.flatnonzero(np.diff(frames) < 0)
                if len(breaks):
                    at_end, n = breaks[0] + 1, len(piece)
                    frames = circles[k][-n:] if 2 * at_end >= n else circles[k][:n]
                total = total + x[:, frames].sum(axis=1)
            return total

        statistic = 0.0
        for part in contrast.parts:
            own = [(k, piece) for k, piece in pieces[-1] if np.isin(circles[k][0], part)]
            of_part = [b for b, (frames, _) in enumerate(contrast.bouts) if np.isin(frames[0], part)]
            sums = {b: summed(pieces[b]) for b in of_part}
            outside = x[:, part].sum(axis=1) - sum(sums.values()) - summed(own)
            outside = outside / len(contrast.bouts[of_part[0]][1])
            statistic = statistic + sum(sums[b] / masks[b].sum() - outside for b in of_part)
        found.append(statistic / len(contrast.bouts))
    return len(contrast.bouts), np.array(found), len(draws)


def window(kind):
    contrast = Contrast(kind, PARTS)
    lengths = sorted(len(b) for b, _ in contrast.bouts)
    seconds = max(SETTINGS["window_s"], 10 * lengths[len(lengths) // 2] * INTERVAL)
    return rolled(contrast, [w for part in contrast.parts for w in windows(part, seconds)], 0)


def circular(kind):
    contrast = Contrast(kind, PARTS)
    margin = max(int(np.ceil(SETTINGS["least_shift_s"] / INTERVAL)), 5 * correlated())
    return rolled(contrast, contrast.parts, margin)


def linear(kind):
    parts = Contrast(kind, PARTS).parts
    reach = min(len(part) // 8 for part in parts)
    stride = max(reach // -(-SETTINGS["shifts"] // 2), 1)
    contrast = Contrast(kind, [part[reach : len(part) - reach] for part in parts])
    found = [contrast.statistic(x)]
    draws = min(SETTINGS["shifts"], 2 * (reach // stride))
    for draw in range(draws):
        far = stride * (draw // 2 + 1)
        # No frame that counts is as near to an end as is shifted, so that nothing comes around.
        found.append(contrast.statistic(np.roll(x, far if draw % 2 else -far, axis=1)))
    return len(contrast.bouts), np.array(found), draws // 2  # half of the shifts count (Harris 2020)


def trials(kind):
    contrast = Contrast(kind, PARTS)
    from_, to = [int(round(ms / 1000 / INTERVAL)) for ms in SETTINGS["baseline_ms"]]
    busy = contrast.own | within(BOUTS[kind], t)
    differences = []
    for frames, _ in contrast.bouts:
        baseline = np.flatnonzero(
            (context == context[frames[0]]) & (t >= t[frames[0]] + from_ * INTERVAL) & (t < t[frames[0]] + to * INTERVAL)
        )
        # Left out where it is not in the context whole, or the behaviour goes on in it.
        if len(baseline) == to - from_ and not busy[baseline].any():
            differences.append(x[:, frames].mean(axis=1) - x[:, baseline].mean(axis=1))
    differences = np.array(differences)
    found = [differences.mean(axis=0)]
    for draw in range(SETTINGS["shifts"]):
        # Four words to a counter value, one after the other.
        words = np.array(philox(KEY, 0, FLIPS, draw, np.arange(-(-len(differences) // 4)))).T.ravel()[: len(differences)]
        found.append((np.where(below(words, 2) == 0, 1.0, -1.0)[:, None] * differences).mean(axis=0))
    return len(differences), np.array(found), SETTINGS["shifts"]


def extreme(values, of, ties):
    """Whether few enough others reach a value, on either side, that its p would be below the level of counts; by counting."""
    p = 2 * (1 + np.arange(len(values) - 1)) / (of + 1)
    most = int(np.argmin(p < SETTINGS["count_level"])) - 1
    above = (values[None] >= values[:, None] - ties).sum(axis=1) - 1
    below_ = (values[None] <= values[:, None] + ties).sum(axis=1) - 1
    return (above <= most) | (below_ <= most)


def tested(null):
    """What `null` makes of every neuron and kind of bout."""
    rows, extremes = [], {}
    for kind in KINDS:
        # Bouts, the statistic as recorded and of each draw, draws that count.
        bouts, found, of = null(kind)
        ties = 1e-9 * peak
        # Nothing is so near to the limit of what is called equal that another order of summing could decide.
        for values in found.T / peak[:, None]:
            near = abs(np.concatenate([np.diff(np.sort(values)), values[1:] - values[0]]))
            assert not ((near > 1e-11) & (abs(near - 1e-9) < 1e-11)).any()
        above = (found[1:] >= found[0] - ties).sum(axis=0)
        below_ = (found[1:] <= found[0] + ties).sum(axis=0)
        p = np.minimum(2 * (1 + np.minimum(above, below_)) / (of + 1), 1)
        extremes[kind] = extreme(found, of, ties)
        counts = extremes[kind].sum(axis=1)
        rows.append(
            {
                "agent": kind[0],
                "behaviour": kind[1],
                "bouts": bouts,
                "draws": len(found) - 1,
                "effect": found[0].tolist(),
                "p": p.tolist(),
                "count": {"observed": int(counts[0]), "null": counts[1:].tolist()},
            }
        )
    mirror = []
    for behaviour in ["eating", "grooming"]:
        # Observed activity is shifted, executed kept.
        both = (extremes["other", behaviour] & extremes["self", behaviour][0]).sum(axis=1)
        mirror.append([behaviour, {"observed": int(both[0]), "null": both[1:].tolist()}])
    return {"behaviours": rows, "mirror": mirror}


nulls = {name: tested(null) for name, null in [("window", window), ("circular", circular), ("linear", linear), ("trials", trials)]}

# ---- Peri-event means, of the frames before any is lost and without contexts: pynapple wants one regular clock.
REGULAR, ALIGNED = int(np.searchsorted(times, LOST[0])), 3
events = sorted([2.3, 338.9, 50.0625, 120.125] + [a for a, _ in own_grooming if a < 330])
frame = nap.TsdFrame(t=times[:REGULAR], d=activity[:ALIGNED, :REGULAR].T.astype(float))


def around(before_s, after_s, per_bin):
    """The mean of pynapple's windows around all events, and around every other one, from the first and from the second on."""
    before, after = round(before_s / INTERVAL), round(after_s / INTERVAL)
    found = nap.compute_perievent(frame, nap.Ts(np.array(events)), window=(before_s, after_s))
    lags = np.round(found.t / INTERVAL).astype(int)
    # pynapple's window holds the frame at its end as well, and is NaN beyond the recording.
    values = np.asarray(found.d)[(lags >= -before) & (lags < after)]
    assert values.shape == (before + after, len(events), ALIGNED) and np.isnan(values).any()
    with np.errstate(invalid="ignore"):
        binned = values.reshape(-1, per_bin, *values.shape[1:])
        counts = np.isfinite(binned).sum(axis=1)
        binned = np.where(counts > 0, np.nansum(binned, axis=1) / counts, np.nan)
    means = [np.nanmean(binned[:, half], axis=1).T for half in (slice(None), slice(0, None, 2), slice(1, None, 2))]
    return {
        "before_s": before_s,
        "after_s": after_s,
        "per_bin": per_bin,
        **{name: mean.round(13).tolist() for name, mean in zip(("all", "odd", "even"), means)},
    }


versions = {"python": platform.python_version()} | {n: importlib.metadata.version(n) for n in ("numpy", "pynapple")}
OUT.parent.mkdir(parents=True, exist_ok=True)
text = json.dumps(
    {
        "versions": versions,
        "first": BEGIN,
        "interval": INTERVAL,
        "frames": FRAMES,
        "lost": LOST,
        "contexts": CONTEXTS,
        "bouts": [[*kind, *bout] for kind in KINDS for bout in BOUTS[kind]],
        # Of two decimals at most, so that single precision is what is read from them.
        "activity": [[int(v) if v == int(v) else round(float(v), 2) for v in row] for row in activity],
        "key": KEY,
        "settings": SETTINGS,
        "nulls": nulls,
        "regular": REGULAR,
        "aligned": ALIGNED,
        "events": events,
        # 48 frames, and 144, which are more than 120 bins and become 72 bins of two.
        "around": [around(2.0, 4.0, 1), around(6.0, 12.0, 2)],
    },
    separators=(",", ":"),
)
OUT.write_text(text + "\n")
print(f"{OUT}: {OUT.stat().st_size} bytes, {versions}")
for name, found in nulls.items():
    for row in found["behaviours"]:
        null = row["count"]["null"]
        print(f"{name:9} {row['agent']:6} {row['behaviour']:9} {row['bouts']:3} bouts, {row['draws']} draws,", end=" ")
        print(f"{row['count']['observed']} below the level, {np.mean(null):.2f} in draws; p", np.round(row["p"], 3))
