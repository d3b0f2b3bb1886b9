"""What is exported holds what the run file holds, in the units that it says, and takes nobody's place."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import prelimbic as pl
from prelimbic.circuits import STANDARD
from prelimbic.circuits.network import drawn_wiring
from prelimbic.experiments.exchange.network import drawn
from prelimbic.experiments.exchange.recorded import Recorded, recorded
from prelimbic.experiments.storage.store import read_groups
from prelimbic.experiments.sweep.study import Run, write_manifest
from prelimbic.parameters import POPULATIONS
from prelimbic.plasticity import MATURE, STATE
from tests import exported
from tests.exported import ASKED, needs
from tests.results import STUDY
from tests.said import is_one_sentence

STEP_MS = STANDARD.step
NEAR_MS = 1e-6

# fixtures: they act in every file that has their name
run, made = exported.run, exported.made


@pytest.fixture(scope="session")
def whole(run) -> Recorded:
    return recorded(run)


def stored(run: Path) -> dict[tuple[str, int], np.ndarray]:
    """Times (ms) of every cell in the run file, ascending."""
    found = {}
    with h5py.File(run) as file:
        for name, count in zip(POPULATIONS, ASKED.described().counts, strict=True):
            ms, cell = (file[f"spikes/{name}/{key}"][()] for key in ("timestamps", "node_ids"))
            found |= {(name, k): np.sort(ms[cell == k]) for k in range(count)}
    return found


def exact(path: Path, **more: object) -> pd.DataFrame:
    """A table to the last digit, which pandas does not read unless it is asked to."""
    return pd.read_csv(path, float_precision="round_trip", **more)


def on_steps(ms: np.ndarray) -> bool:
    return bool((np.abs(ms / STEP_MS - np.rint(ms / STEP_MS)) < 1e-6).all())


# Spikes


def from_nwb(folder: Path) -> dict[tuple[str, int], np.ndarray]:
    from pynwb import NWBHDF5IO

    with NWBHDF5IO(folder / "run.nwb", "r") as io:
        units = io.read().units.to_dataframe()
    return {(u.population, int(u.cell)): 1e3 * np.asarray(u.spike_times) for u in units.itertuples()}


def from_neo(folder: Path) -> dict[tuple[str, int], np.ndarray]:
    from neo import NeoMatlabIO

    (segment,) = NeoMatlabIO(str(folder / "run.mat")).read_block().segments
    assert {str(train.dimensionality) for train in segment.spiketrains} == {"ms"}
    return {
        (str(t.annotations["population"]), int(t.annotations["cell"])): t.magnitude
        for t in segment.spiketrains
    }


def from_sonata(folder: Path) -> dict[tuple[str, int], np.ndarray]:
    libsonata = pytest.importorskip("libsonata", reason="libsonata is not installed")
    reader, nodes = (
        kind(str(folder / "run-sonata" / name))
        for kind, name in ((libsonata.SpikeReader, "spikes.h5"), (libsonata.NodeStorage, "nodes.h5"))
    )
    found = {}
    for name in POPULATIONS:
        assert reader[name].sorting == "by_time" and reader[name].time_units == "ms"
        cell, ms = np.array(reader[name].get()).T
        found |= {(name, k): ms[cell == k] for k in range(nodes.open_population(name).size)}
    return found


def of_table(table: pd.DataFrame, run: Path) -> dict[tuple[str, int], np.ndarray]:
    found = {key: np.sort(part["time_ms"].to_numpy()) for key, part in table.groupby(["population", "cell"])}
    return {key: found.get(key, np.zeros(0)) for key in stored(run)}


READ = {
    "nwb": lambda folder, run: from_nwb(folder),
    "neo": lambda folder, run: from_neo(folder),
    "sonata": lambda folder, run: from_sonata(folder),
    "csv": lambda folder, run: of_table(exact(folder / "run-csv" / "spikes.csv"), run),
    "parquet": lambda folder, run: of_table(pd.read_parquet(folder / "run-parquet" / "spikes.parquet"), run),
}


@pytest.mark.parametrize("to", READ)
def test_every_spike_comes_back_to_the_step_with_its_cell_and_cells_without_one_are_there(run, made, to):
    needs(to)
    found, kept = READ[to](made, run), stored(run)
    assert found.keys() == kept.keys() and any(len(ms) == 0 for ms in kept.values())
    for key, ms in kept.items():
        assert len(found[key]) == len(ms) and on_steps(ms)
        assert np.abs(found[key] - ms).max(initial=0.0) < NEAR_MS


def test_looks_lie_end_to_end_and_hold_the_spikes_that_were_counted_in_them(whole):
    counted = whole.groups["cells"]["spike_count"].values[whole.looks.which].sum(axis=1)
    assert (whole.looks.begin[1:] == whole.looks.end[:-1]).all() and whole.looks.begin[0] == 0
    every = np.concatenate([spikes.ms for spikes in whole.spikes.values()])
    inside = [
        ((every >= b) & (every < e)).sum() for b, e in zip(whole.looks.begin, whole.looks.end, strict=True)
    ]
    assert inside == counted.tolist()


# NWB


def test_an_nwb_file_has_looks_rates_and_lfp_in_the_units_that_it_says(run, made):
    needs("nwb")
    from pynwb import NWBHDF5IO

    traces = read_groups(run, ("traces", "lfp"))
    with NWBHDF5IO(made / "run.nwb", "r") as io:
        nwb = io.read()
        looks, rate, lfp = (
            nwb.epochs.to_dataframe(),
            *(nwb.acquisition[n] for n in ("population_rate", "lfp_proxy")),
        )
        assert nwb.identifier == ASKED.run_id() and nwb.subject.species == "Rattus norvegicus"
        assert nwb.units.resolution == pytest.approx(STEP_MS / 1e3)
        assert looks["hour"].tolist() == traces["traces"]["time"].values.tolist()
        assert np.allclose(looks["spines"], traces["traces"]["spines"].values)
        assert np.allclose(looks["stop_time"] - looks["start_time"], traces["traces"]["look_seconds"].values)
        assert "relative to rest" in nwb.epochs["bdnf"].description
        assert np.allclose(rate.data[:], traces["traces"]["rate"].values) and rate.unit == "Hz"
        assert lfp.unit == "amperes" and lfp.conversion == pytest.approx(1e-12)
        assert np.array_equal(lfp.data[:], traces["lfp"]["lfp"].values.ravel())


def test_the_inspector_finds_nothing_critical_and_no_violation_in_an_nwb_file(made):
    needs("nwb")
    inspector = pytest.importorskip("nwbinspector", reason="nwbinspector is not installed")
    found = [*inspector.inspect_nwbfile(nwbfile_path=made / "run.nwb")]
    serious = [m.message for m in found if m.importance.name != "BEST_PRACTICE_SUGGESTION"]
    assert serious == [] and len(found) > 0


# SONATA


def test_the_circuit_that_is_drawn_again_is_the_one_that_the_run_used(whole):
    again, circuit = drawn(whole), ASKED.described()
    assert again.circuit == circuit
    wiring = drawn_wiring(circuit, ASKED.seed, ASKED.numerics)
    assert np.array_equal(again.wiring.threshold, wiring.threshold)
    for one, other in zip(again.wiring.drawn, wiring.drawn, strict=True):
        assert (one.source, one.target, one.weight) == (other.source, other.target, other.weight)
        assert np.array_equal(one.sources, other.sources)
        assert np.array_equal(one.known_delays().ms(), other.known_delays().ms())


def test_edges_are_the_contacts_of_the_circuit_and_of_the_plastic_ones_those_with_a_mature_spine(run, made):
    libsonata = pytest.importorskip("libsonata", reason="libsonata is not installed")
    storage = libsonata.EdgeStorage(str(made / "run-sonata" / "edges.h5"))
    circuit, states = ASKED.described(), read_groups(run, ("spines",))["spines"]["state"].values[0]
    assert storage.population_names == {f"{s}_to_{t}" for s, t, _ in circuit.projections}
    for source, target, projection in circuit.projections:
        edges = storage.open_population(f"{source}_to_{target}")
        every = edges.select_all()
        mature = int(((states & STATE) == MATURE).sum())
        assert edges.size == (mature if source == target == "Pyr" else circuit.contacts(source, target))
        assert (edges.get_attribute("syn_weight", every) == projection.weight).all()
        delay = edges.get_attribute("delay", every)
        assert projection.delay_min <= delay.min() and delay.max() <= projection.delay_max
        onto = edges.afferent_edges([1])
        assert (edges.target_nodes(onto) == 1).all() and 0 < onto.flat_size < edges.size
        sources = edges.source_nodes(every)
        assert edges.efferent_edges([int(sources[0])]).flat_size == (sources == sources[0]).sum()


def test_a_run_of_another_version_of_the_model_is_not_drawn(whole):
    with pytest.raises(pl.RunError, match="is of model version 5"):
        drawn(replace(whole, head=whole.head | {"model_version": 5}))


# Tables and arrays


@pytest.mark.parametrize("to", ["csv", "parquet"])
def test_tables_of_a_study_are_its_dataset_and_every_column_says_its_unit(made, to):
    needs(to)
    read = exact if to == "csv" else pd.read_parquet
    dataset = pl.load(made / "study")
    axes = ["dose", "seed", "readout", "population"]
    table = read(made / f"study-{to}" / f"readout-population.{to}").set_index(axes)["rate"]
    kept = dataset["rate"].to_series()
    assert table.index.names == kept.index.names and len(table) == len(kept) == 48
    assert (table.reindex(kept.index) == kept).all()
    about = read(made / f"study-{to}" / f"columns.{to}").fillna("")
    units = about.set_index(["table", "column"])["unit"]
    assert units["readout-population", "rate"] == "Hz" and units["time", "time"] == "h"
    for name in about["table"].unique():
        assert set(read(made / f"study-{to}" / f"{name}.{to}").columns) == set(
            about["column"][about["table"] == name]
        )


def test_tables_of_a_run_hold_every_number_of_its_file(whole, made):
    there = {path.stem for path in (made / "run-csv").glob("*.csv")}
    for group, variables in whole.groups.items():
        if group.startswith(("spikes", "provenance")):
            continue
        for name, variable in variables.items():
            if variable.dimensions == (name,):
                continue
            table = "-".join((group, *variable.dimensions))
            assert table in there
            values = exact(
                made / "run-csv" / f"{table}.csv", keep_default_na=variable.values.dtype != object
            )[name]
            kept = variable.values.ravel()
            same = values.astype(kept.dtype).to_numpy() == kept
            assert (same | (kept != kept)).all(), (table, name)


def test_a_zarr_store_is_what_xarray_reads_from_our_own_files(run, made):
    needs("zarr")
    ours, theirs = (
        xr.open_datatree(p, engine=e) for p, e in ((run, "h5netcdf"), (made / "run.zarr", "zarr"))
    )
    for name in ("traces", "slow", "spines", "spikes/PV", "summary"):
        xr.testing.assert_equal(
            ours[name].to_dataset().drop_vars("population", errors="ignore"),
            theirs[name].to_dataset().drop_vars("population", errors="ignore"),
        )
    assert (
        theirs.attrs["run_id"] == ASKED.run_id()
        and theirs["slow"]["nmda_conductance"].attrs["units"] == "nS"
    )
    xr.testing.assert_equal(xr.open_zarr(made / "study.zarr").load(), pl.load(made / "study"))


# A study


@pytest.fixture
def half(run, tmp_path) -> Path:
    """A study of two runs with spikes, of which one is there."""
    configs = [replace(ASKED, seed=seed) for seed in (1, 2)]
    runs = [Run({"dose": 10.0, "seed": config.seed}, config) for config in configs]
    (tmp_path / "half").mkdir()
    write_manifest(STUDY, runs, tmp_path / "half")
    shutil.copy(run, tmp_path / "half" / runs[0].file)
    return tmp_path / "half"


@pytest.mark.parametrize("to", ["sonata", "csv"])
def test_a_study_of_which_runs_are_missing_is_exported_and_reported_as_partial(half, tmp_path, to):
    with pytest.warns(pl.PartialExportWarning, match="1 of 2 runs are there"):
        out = pl.export(half, to, tmp_path / "out")
    assert (out / "export.json").exists()
    if to == "sonata":
        (only,) = (path for path in out.iterdir() if path.is_dir())
        assert "seed-1" in only.name and (only / "spikes.h5").exists()
    else:
        table = pd.read_csv(out / "readout-population.csv").set_index("seed")
        assert table.loc[1, "rate"].notna().all() and table.loc[2, "rate"].isna().all()


def test_the_command_says_what_it_wrote_and_what_is_missing(half, call):
    code, out, err = call("export", half, "--to", "csv")
    assert code == 0 and out.startswith("wrote half-csv (")
    is_one_sentence(err, "1 of 2 runs are there")
