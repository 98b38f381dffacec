#!/usr/bin/env python3
"""Writes the small recordings of tests/golden/recordings, and what pynwb and h5py read back from them.

    python3 scripts/recordings.py                 # with: pip install pynwb==4.2.0 h5py==3.16.0 hdmf==6.2.0 numpy==2.4.6

NWB files: units with ragged columns, electrodes, intervals and covariates (spikes.nwb); regions of interest packed by gzip, shuffle
and lzf, with linked timestamps and behavioural epochs (calcium.nwb); two planes, rates, conversions and truth values (planes.nwb);
the format of HDF5 1.10, whose groups keep their links in heaps (newest.nwb). A directory in the layout of Tili et al. 2025 (tili/).
NWB files are packed by gzip. Beside them stands NAME.json: what pynwb reads, and the versions of all that took part; newest.nwb
holds what calcium.nwb does. Four more files are to be refused.
"""

import datetime
import gzip
import json
import math
import pathlib
import shutil
import sys
import warnings
import zlib

import h5py
import hdmf
import numpy as np
import pynwb
from hdmf.backends.hdf5 import H5DataIO
from pynwb import NWBHDF5IO, NWBFile, TimeSeries
from pynwb.behavior import BehavioralEpochs, BehavioralTimeSeries, IntervalSeries, Position, PupilTracking, SpatialSeries
from pynwb.core import DynamicTableRegion
from pynwb.epoch import TimeIntervals
from pynwb.file import Subject
from pynwb.ophys import DfOverF, Fluorescence, ImageSegmentation, OpticalChannel, RoiResponseSeries

warnings.filterwarnings("ignore")
PLACE = pathlib.Path(__file__).resolve().parent.parent / "tests/golden/recordings"
VERSIONS = {"python": sys.version.split()[0], "pynwb": pynwb.__version__, "h5py": h5py.__version__, "hdmf": hdmf.__version__,
            "hdf5": h5py.version.hdf5_version, "numpy": np.__version__}


def empty(animal, session, identifier):
    subject = Subject(subject_id=animal, species="Mus musculus", sex="U", age="P90D") if animal else None
    start = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
    return NWBFile(session_description="made up", identifier=identifier, session_start_time=start, session_id=session, subject=subject)


def write(name, file, **options):
    path = PLACE / f"{name}.nwb"
    if options:
        with h5py.File(path, "w", **options) as h5, NWBHDF5IO(file=h5, mode="w") as io:
            io.write(file, cache_spec=False)
    else:
        with NWBHDF5IO(path, "w") as io:
            io.write(file, cache_spec=False)
    return path


def table(rows, columns, name, description="made up"):
    made = TimeIntervals(name=name, description=description)
    for column in columns:
        made.add_column(name=column, description=column)
    for row in rows:
        made.add_interval(**row)
    return made


def spikes():
    rng = np.random.default_rng(1)
    file = empty("M23", "day 3", "spikes")
    device = file.create_device(name="probe")
    groups = [file.create_electrode_group(name=f"g{k}", description="d", location=f"g{k}", device=device) for k in range(2)]
    for k, location in enumerate(["F5", "AIP", "unknown", "M1"]):
        file.add_electrode(group=groups[k % 2], location=location)
    file.add_unit_column(name="unit_name", description="name")
    file.add_unit_column(name="quality", description="quality")
    file.add_unit_column(name="snr", description="ratio")
    file.add_unit_column(name="depths", description="ragged", index=True)
    for k, quality in enumerate(["good", "noise", "mua", "good", "good"]):
        times = np.sort(rng.uniform(1, 119, 40 + 30 * k)) if k != 3 else np.array([])
        file.add_unit(spike_times=times, obs_intervals=np.array([[0.5, 60.0], [61.25, 120.5]]), electrodes=[k % 4, (k + 1) % 4],
                      unit_name=f"ümlaut {k}", quality=quality, snr=float(k), depths=np.arange(k, dtype=float))
    bouts = []
    for k in range(12):
        start = 3.0 + 9.7 * k + rng.uniform()
        bouts.append(dict(start_time=start, stop_time=start + 1 + rng.uniform(), agent="self" if k % 2 else "other",
                          behaviour=["reaching", "grooming", "eating"][k % 3], object="pellet" if k % 3 == 0 else ""))
    file.add_time_intervals(table(bouts, ["agent", "behaviour", "object"], "bouts"))
    for column in ["agent", "movement_onset_time", "end_of_sound_time", "go", "object", "block"]:
        file.add_trial_column(name=column, description=column)
    for k in range(6):
        start = 5.0 + 15 * k
        file.add_trial(start_time=start, stop_time=start + 5, agent="self" if k < 3 else "other", go=k % 3 != 2, block=k,
                       end_of_sound_time=start + 1.125, movement_onset_time=start + 1.5 if k % 3 != 2 else math.nan,
                       object=["ring", "cube"][k % 2])
    file.add_epoch(0.5, 60.0, ["alone"])
    file.add_epoch(61.25, 120.5, ["window", "lit"])
    behaviour = file.create_processing_module(name="behavior", description="d")
    speed = TimeSeries(name="speed", data=H5DataIO(rng.normal(size=240).astype("f4"), compression="gzip"), unit="cm/s", rate=2.0,
                       starting_time=0.25, conversion=0.01, offset=0.5)
    behaviour.add(BehavioralTimeSeries(time_series=speed))
    clock = np.arange(100) * 1.2 + rng.uniform(0, 0.1, 100)
    pupil = TimeSeries(name="diameter", data=rng.uniform(1, 2, 100), unit="mm", timestamps=clock)
    behaviour.add(PupilTracking(time_series=pupil))
    nose = SpatialSeries(name="nose", data=rng.uniform(size=(100, 2)), reference_frame="cage", timestamps=pupil)
    behaviour.add(Position(spatial_series=nose))
    raw = TimeSeries(name="raw", data=np.zeros((10, 32), "i2"), unit="V", rate=10.0)
    file.add_acquisition(raw)
    return write("spikes", file)


def plane(file, name, location):
    device = file.devices.get("scope") or file.create_device(name="scope")
    channel = OpticalChannel(name="channel", description="d", emission_lambda=500.0)
    return file.create_imaging_plane(name=name, optical_channel=channel, description="d", device=device, excitation_lambda=900.0,
                                     indicator="GCaMP", location=location, imaging_rate=10.0)


def cells(segmentation, name, where, count):
    made = segmentation.create_plane_segmentation(name=name, description="d", imaging_plane=where)
    for _ in range(count):
        made.add_roi(pixel_mask=[(1, 2, 1.0)])
    return made


def calcium(name="calcium", **options):
    rng = np.random.default_rng(2)
    file = empty("M7", None, "calcium 7")
    module = file.create_processing_module(name="ophys", description="d")
    segmentation = ImageSegmentation()
    module.add(segmentation)
    found = cells(segmentation, "PlaneSegmentation", plane(file, "plane", "MOs"), 8)
    found.add_column(name="iscell", description="cell, probability", data=np.column_stack([[1, 0, 1, 1, 0, 1, 1, 1], rng.uniform(size=8)]))
    frames = 110
    clock = 2.0 + np.arange(frames) * 0.1 + rng.uniform(0, 0.01, frames)
    clock[80:] += 30
    region = lambda rows: found.create_roi_table_region(description="d", region=rows)  # noqa: E731
    packed = H5DataIO(rng.normal(size=(frames, 8)).astype("f4"), compression="gzip", shuffle=True, chunks=(64, 3))
    raw = RoiResponseSeries(name="RoiResponseSeries", data=packed, rois=region(list(range(8))), unit="a.u.", timestamps=clock)
    lzf = H5DataIO(rng.exponential(size=(frames, 8)), compression="lzf", chunks=(50, 8), maxshape=(None, 8))
    spikes = RoiResponseSeries(name="Deconvolved", data=lzf, rois=region([7, 6, 5, 4, 3, 2, 1, 0]), unit="a.u.", timestamps=raw)
    module.add(Fluorescence(roi_response_series=[raw, spikes]))
    behaviour = file.create_processing_module(name="behavior", description="d")
    epochs = BehavioralEpochs(name="BehavioralEpochs")
    for series, begin in [("self_reaching", 3.0), ("other_reaching", 5.5), ("self wheel running", 40.0)]:
        times = begin + np.array([0, 0.75, 2.0, 2.5])
        epochs.add_interval_series(IntervalSeries(name=series, data=np.array([1, -1, 1, -1], "i1"), timestamps=times))
    behaviour.add(epochs)
    labels = np.zeros(frames, "i1")
    labels[20:31], labels[90:99], labels[109] = 1, 2, 1
    behaviour.add(TimeSeries(name="labels", data=labels, unit="n.a.", timestamps=raw))
    return write(name, file, **options)


def planes():
    rng = np.random.default_rng(3)
    file = empty(None, "s1", "planes")
    module = file.create_processing_module(name="ophys", description="d")
    segmentation = ImageSegmentation()
    module.add(segmentation)
    tables = [cells(segmentation, f"plane{k}", plane(file, f"p{k}", ["V1", "unknown"][k]), 4) for k in range(2)]
    tables[0].add_column(name="accepted", description="d", data=np.array([True, True, False, True]))
    tables[1].add_column(name="accepted", description="d", data=np.array([False, True, False, False]))
    tables[1].add_column(name="area", description="d", data=["a", "b", "c", "d"])
    series = []
    for k in range(2):
        region = tables[k].create_roi_table_region(description="d", region=[3, 1, 0])
        data = rng.integers(0, 60000, (40, 3)).astype("u2")
        series.append(RoiResponseSeries(name=f"dff{k}", data=H5DataIO(data, compression="gzip", fletcher32=True), rois=region, unit="a.u.",
                                        rate=7.5, starting_time=1.5, conversion=2.5e-4, offset=-1.0))
    module.add(DfOverF(roi_response_series=series))
    path = write("planes", file)
    with h5py.File(path, "r+") as h5:
        # Texts of one length, as MATLAB writes them; pynwb writes only those of any length.
        module = h5["processing/ophys"]
        module.attrs["neurodata_type"] = np.bytes_("ProcessingModule")
        del h5["general/session_id"]
        h5["general/session_id"] = np.bytes_("session one")
    return path


def harmful():
    """Files that no one should unpack or cannot follow: a chunk of 1 GiB packed into 1 MB, more values than the file can hold, a filter
    that few have, data in another file."""

    def changed(name, change):
        path = PLACE / f"{name}.nwb"
        shutil.copy(PLACE / "planes.nwb", path)
        with h5py.File(path, "r+") as h5:
            change(h5, "processing/ophys/DfOverF/dff1/data")

    def bomb(h5, data):
        rows = 2**30 // 24 + 1
        del h5[data]
        made = h5.create_dataset(data, shape=(rows, 3), chunks=(rows, 3), dtype="f8", compression="gzip")
        packer = zlib.compressobj(9)
        packed = b"".join(packer.compress(bytes(2**20)) for _ in range(2**10)) + packer.compress(bytes(24 * rows - 2**30)) + packer.flush()
        made.id.write_direct_chunk((0, 0), packed)

    def endless(h5, data):
        del h5[data]
        made = h5.create_dataset(data, shape=(2**28, 3), chunks=(2**10, 3), dtype="f4", compression="gzip")
        made[:5] = 1

    def odd(h5, data):
        del h5[data]
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((40, 3))
        plist.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, ())
        space = h5py.h5s.create_simple((40, 3))
        made = h5py.h5d.create(h5.id, data.encode(), h5py.h5t.IEEE_F32LE, space, plist)
        made.write_direct_chunk((0, 0), bytes(100))

    def elsewhere(h5, data):
        del h5[data]
        h5[data] = h5py.ExternalLink("raw data.h5", "/dff1")

    for name, change in [("bomb", bomb), ("endless", endless), ("filter", odd), ("elsewhere", elsewhere)]:
        changed(name, change)


def listed(values):
    plain = values if isinstance(values, list) else np.asarray(values).tolist()
    return [None if isinstance(v, float) and math.isnan(v) else v for v in plain]


def clock(series):
    if series.timestamps is not None:
        return listed(series.timestamps[:])
    return listed(np.arange(series.data.shape[0]) / series.rate + series.starting_time)


def read(path):
    """What pynwb reads."""
    told = {"versions": VERSIONS, "units": [], "series": {}, "rois": {}, "tables": {}, "epochs": {}}
    with NWBHDF5IO(path, "r") as io:
        file = io.read()
        told["subject"] = file.subject.subject_id if file.subject else None
        told["session"] = file.session_id
        if file.units is not None:
            for k in range(len(file.units)):
                row = file.units[k]
                told["units"].append({"name": row["unit_name"].iloc[0], "quality": row["quality"].iloc[0],
                                      "spikes": listed(row["spike_times"].iloc[0]), "observed": listed(row["obs_intervals"].iloc[0]),
                                      "area": file.electrodes["location"][int(row["electrodes"].iloc[0][0])]})
        for made in file.intervals.values() if file.intervals else []:
            frame = made.to_dataframe()
            told["tables"][made.name] = {c: listed(frame[c].to_list()) if c != "tags" else [listed(v) for v in frame[c]] for c in frame.columns}
        for one in file.objects.values():
            if isinstance(one, RoiResponseSeries):
                rows = listed(one.rois.data[:])
                flags = one.rois.table["iscell" if "iscell" in one.rois.table.colnames else "accepted"].data[:]
                told["rois"][one.name] = {"data": listed(one.data[:]), "times": clock(one), "conversion": one.conversion,
                                          "offset": one.offset, "rows": rows, "flags": listed(flags), "ids": listed(one.rois.table.id[:]),
                                          "location": one.rois.table.imaging_plane.location}
            elif isinstance(one, IntervalSeries):
                told["epochs"][one.name] = {"data": listed(one.data[:]), "times": clock(one)}
            elif isinstance(one, TimeSeries):
                told["series"][one.name] = {"data": listed(one.data[:]), "times": clock(one), "conversion": one.conversion,
                                            "offset": one.offset}
    return told


def tili():
    """Two sessions: planted bursts around the movement of one cell in execution and observation, of another in execution only."""
    rng = np.random.default_rng(4)
    root = PLACE / "tili"
    shutil.rmtree(root, ignore_errors=True)

    def put(path, name, values):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Both formats: that of old libraries, and that of 1.10, which is shorter.
        with h5py.File(path, "w", libver="earliest" if "AIP" in path.parts else ("v110", "v110")) as h5:
            h5[name] = values

    for monkey, session, areas in [("A", "01", ["AIP", "F5"]), ("B", "12", ["F5"])]:
        onsets = {1: [], 2: []}
        for context in (1, 2):
            begin = 10.0 + 400 * (context - 1)
            kinds = [(1, k) for k in (1, 2)] + ([(2, 1)] if context == 2 else [])
            order = [kind for _ in range(3) for kind in kinds]
            trials = {kind: [] for kind in kinds}
            for number, kind in enumerate(order):
                trials[kind].append(begin + 6.0 * number + rng.uniform())
            for (condition, thing), starts in trials.items():
                starts = np.array(starts)
                events = {1: starts, 3: starts + 1.0}
                if condition == 1:
                    events |= {4: starts + 1.5, 5: starts + 2.0}
                    onsets[context].extend(starts + 1.5)
                for event, times in events.items():
                    for area in areas:
                        name = f"Monkey{monkey}_Session{session}_Context{context}_Condition{condition}_Object{thing}_Event{event}.h5"
                        put(root / "Events" / area / name, "events_data", times)
        for area, unit, contexts in [("AIP", "2", (1, 2)), ("AIP", "10", (1,)), ("F5", "1", ())]:
            background = rng.uniform(5, 800, 60)
            planted = [t + rng.uniform(0, 0.4, 5) for c in contexts for t in onsets[c]]
            times = np.sort(np.concatenate([background, *planted]))
            if area not in areas:
                continue
            put(root / "Spikes" / area / f"Monkey{monkey}_Session{session}_Spk_{unit}.h5", "spike_data", times)


def main():
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    calcium("newest", libver=("v110", "v110"), track_order=True)
    for path in (spikes(), calcium(), planes()):
        path.with_suffix(".json").write_text(json.dumps(read(path), ensure_ascii=False, allow_nan=False, default=lambda v: v.tolist() if hasattr(v, "tolist") else str(v)) + "\n")
    harmful()
    for path in PLACE.glob("*.nwb"):
        # Most of a small HDF5 file is empty.
        path.with_suffix(".nwb.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
        path.unlink()
    tili()


if __name__ == "__main__":
    main()
