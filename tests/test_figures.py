"""A figure has no panel without data, and what it shows stands beside it in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from prelimbic.experiments.figures import drawing
from prelimbic.experiments.figures.collected import MOST_SVG, collecting, picture, placed
from prelimbic.experiments.figures.style import dose_axis, dose_places, save, subplots
from prelimbic.experiments.readouts.nulls import MODEL
from prelimbic.experiments.readouts.surge import GLUTAMATE
from prelimbic.parameters import POPULATIONS


def doses(dendrite: bool) -> xr.Dataset:
    """What study surge stores, of three doses and two seeds."""
    axes = {
        "sheet": ["made_up"], "null": [MODEL], "given": [0.0, 10.0, 30.0], "hour": [0.0, 0.5, 1.0],
        "seed": [1, 2],
    }  # fmt: skip
    shape = tuple(len(v) for v in axes.values())
    draw = np.random.default_rng(1)

    def of(*more: int) -> np.ndarray:
        return draw.uniform(1.0, 2.0, (*shape, *more))

    lost = of() if dendrite else np.full(shape, np.nan)
    data = {
        "rate": ((*axes, "population"), of(4)),
        "power": ((*axes, "band"), of(2)),
        "apical_calcium": (tuple(axes), lost),
        "apical_nmda": (tuple(axes), lost),
        "unbound": (tuple(axes), of()),
        GLUTAMATE: (tuple(axes), of()),
    }
    places = axes | {"population": list(POPULATIONS), "band": ["gamma", "slow_delta"]}
    return xr.Dataset(data, places, {"study": "surge"})


@pytest.mark.parametrize("dendrite", [True, False])
def test_a_circuit_without_dendrites_has_no_panel_for_them(tmp_path, dendrite):
    with collecting() as held:
        drawing("surge")(doses(dendrite), tmp_path)
    (found,) = held
    assert ("dendrite" in found.caption) == dendrite and "glutamate" in found.caption
    assert len(found.panels) == (5 if dendrite else 4)
    assert [*tmp_path.iterdir()] == []


def line(points: int = 5) -> tuple[object, object]:
    figure, axis = subplots(figsize=(4.0, 3.0), layout="constrained")
    axis.plot(np.arange(points), np.arange(points) ** 2, label="square")
    axis.set_xlabel("x (s)")
    axis.set_ylabel("y (Hz)")
    return figure, axis


def test_a_point_lies_in_the_picture_where_it_is_said_to_lie():
    figure, _ = line()
    found = picture(figure, "made", "words")
    (panel,) = found.panels
    assert (panel["x"], panel["y"], panel["lines"][0]["label"]) == ("x (s)", "y (Hz)", "square")
    assert panel["lines"][0]["y"] == ["0", "1", "4", "9", "16"]
    xs, ys = np.array(panel["lines"][0]["at"]).T
    left, top, width, height = panel["box"]
    assert (np.diff(xs) > 0).all() and (np.diff(ys) < 0).all()  # up is less in a picture
    assert ((xs >= left) & (xs <= left + width) & (ys >= top) & (ys <= top + height)).all()
    assert found.svg.startswith("<svg") and f'viewBox="0 0 {found.width:g} {found.height:g}"' in found.svg


def test_places_that_have_a_name_are_told_by_it():
    figure, axis = subplots(figsize=(4.0, 3.0), layout="constrained")
    doses = np.array([0.0, 3.0, 10.0])
    axis.plot(dose_places(doses), doses)
    dose_axis(axis, doses)
    (panel,) = picture(figure, "made", "words").panels
    assert panel["lines"][0]["x"] == ["0", "3", "10"]


def test_a_figure_of_very_many_points_goes_into_a_page_as_pixels():
    figure, axis = line()
    axis.scatter(*np.random.default_rng(1).normal(size=(2, 12_000)))
    found = picture(figure, "made", "words")
    assert found.svg == "" and found.image.startswith("data:image/png;base64,")
    assert len(found.image) < 2 * MOST_SVG


def test_in_a_page_a_figure_has_names_of_its_own_and_the_ink_of_the_page():
    style = "stroke: #000000; fill: #ffffff"
    text = f'<svg width="1pt" height="2pt"><g id="a" clip-path="url(#b)" style="{style}"/></svg>'
    found = placed(text, "one")
    assert 'id="one-a"' in found and "url(#one-b)" in found and "width=" not in found
    assert "stroke: currentColor" in found and "fill: none" in found


def test_a_figure_of_a_study_has_its_words_beside_it_and_one_that_is_asked_for_by_kind_has_not(tmp_path):
    figure, _ = line()
    save(figure, tmp_path, "study")
    save(figure, tmp_path, "mine", ("pdf",))
    assert {path.name for path in tmp_path.iterdir()} == {"study.png", "study.svg", "study.txt", "mine.pdf"}
    assert Path(tmp_path / "study.txt").read_text() == "Shown: y (Hz) against x (s). Told apart: square.\n"
