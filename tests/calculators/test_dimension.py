"""Estimates of dimension against scikit-dimension, published figures, all pairs of points, and their own spread."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from calculators import dimension
from calculators.__main__ import main


def cloud(name: str) -> np.ndarray:
    if name == "cube-4":
        return np.random.default_rng(4).random((1000, 4))
    if name == "cube-10":
        return np.random.default_rng(10).random((1000, 10))
    if name == "gauss-6":
        return np.random.default_rng(6).standard_normal((800, 6))
    draw = np.random.default_rng(3)
    sheet = draw.random((1000, 2))
    return np.concatenate([np.cos(3 * sheet), np.sin(3 * sheet)], axis=1) @ draw.standard_normal((4, 20))


# What scikit-dimension 0.5.0 says: TwoNN(discard_fraction=0.1), and the comb="mle" of MLE(K=k) for k-1, and of
# MLE(K=k, unbiased=True) for k-2. Recorded, because it brings 400 MB (numba, scikit-learn, matplotlib) along;
# `pip install scikit-dimension==0.5.0` makes the test below ask it again.
RECORDED = {
    "cube-4": (3.80788366791253, 3.6857012673180507, 2.7642759504885377, 3.6299577463522, 3.4389073386494537),
    "cube-10": (8.599263180712608, 8.304767429242194, 6.228575571931645, 7.935345710879113, 7.517695936622316),
    "sheet": (1.8920039172774192, 1.989994278762972, 1.492495709072229, 1.937963439344809, 1.8359653635898188),
    "gauss-6": (6.381263769438358, 6.039538034595331, 4.529653525946499, 5.901196814538856, 5.590607508510497),
}


def ours(points: np.ndarray) -> list[float]:
    estimates = [dimension.two_nn(points)]
    for k in (5, 20):
        estimates += [dimension.maximum_likelihood(points, k), dimension.maximum_likelihood(points, k, "k-2")]
    return [estimate.dimension for estimate in estimates]


@pytest.mark.parametrize("name", RECORDED)
def test_against_scikit_dimension_as_recorded(name: str) -> None:
    assert ours(cloud(name)) == pytest.approx(RECORDED[name], rel=1e-9)


@pytest.mark.parametrize("name", RECORDED)
def test_against_scikit_dimension_where_installed(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        skdim = pytest.importorskip("skdim", reason="scikit-dimension is not installed; its recorded values are used")
        points = cloud(name)
        values = [float(skdim.id.TwoNN(discard_fraction=0.1).fit_transform(points))]
        values += [
            float(skdim.id.MLE(K=k, unbiased=unbiased).fit(points, n_neighbors=k).dimension_)
            for k in (5, 20)
            for unbiased in (False, True)
        ]
    assert ours(points) == pytest.approx(values, rel=1e-9)


@pytest.mark.parametrize(("d", "published"), [(4, 3.9), (10, 8.5), (20, 15.8)])
def test_cubes_as_measured_before(d: int, published: float) -> None:
    """4,000 points of a cube: 3.9, 8.5, 15.8 were measured with other code; both samples scatter."""
    found = dimension.two_nn(np.random.default_rng(0).random((4000, d)))
    assert abs(found.dimension - published) < 3 * np.sqrt(2) * found.standard_error
    assert found.dimension < d


@pytest.mark.parametrize("d", [1, 2, 4])
def test_standard_errors_are_the_spread_over_samples(d: int) -> None:
    """60 samples know their spread to 9 %; three times that, and a little for the approximation."""
    clouds = [np.random.default_rng(seed).random((500, d)) for seed in range(60)]
    for estimate in (dimension.two_nn, dimension.maximum_likelihood):
        found = [estimate(points) for points in clouds]
        spread = float(np.std([one.dimension for one in found], ddof=1))
        assert float(np.mean([one.standard_error for one in found])) == pytest.approx(spread, rel=0.35)


def test_neighbours_equal_all_pairs() -> None:
    points = np.random.default_rng(5).standard_normal((300, 7)) * [1, 10, 100, 1, 1, 1, 1] + 3
    apart = np.sqrt(np.sum((points[:, None] - points[None]) ** 2, axis=2))
    np.fill_diagonal(apart, np.inf)
    distances, near = dimension.nearest(points, 6)
    np.testing.assert_allclose(distances, np.sort(apart, axis=1)[:, :6], rtol=1e-13)
    np.testing.assert_array_equal(near, np.argsort(apart, axis=1)[:, :6])


@pytest.mark.parametrize("scale", [1e-200, 1, 1e200])
def test_units_and_place_do_not_matter(scale: float) -> None:
    points = np.random.default_rng(1).random((300, 3))
    expected = dimension.two_nn(points).dimension
    assert dimension.two_nn(points * scale).dimension == pytest.approx(expected, rel=1e-9)
    assert dimension.two_nn(points + 1000).dimension == pytest.approx(expected, rel=1e-6)


def test_turning_and_adding_empty_coordinates_changes_nothing() -> None:
    points = np.random.default_rng(2).random((400, 3))
    turned = np.linalg.qr(np.random.default_rng(3).standard_normal((30, 3)))[0] @ points.T
    assert dimension.two_nn(turned.T).dimension == pytest.approx(dimension.two_nn(points).dimension, rel=1e-9)


def test_copies_are_left_out_and_said() -> None:
    points = np.random.default_rng(1).random((300, 3))
    found = dimension.two_nn(np.concatenate([points, points[:40], -0.0 * points[:1], 0.0 * points[:1]]))
    assert (found.points, found.copies) == (301, 41)
    assert found.notes == ("41 exact copies of other points left out.",)


def test_high_dimensions_are_warned_about() -> None:
    high = np.random.default_rng(1).standard_normal((1000, 60))
    note = (
        "Above about 20 dimensions nearest-neighbour estimates read too low, 15 to 16 for 20: take this as a lower "
        "bound."
    )
    assert dimension.two_nn(high).notes == (note,)
    assert dimension.maximum_likelihood(high).notes == (note,)
    assert dimension.two_nn(high[:, :5]).notes == ()


def test_the_warning_minds_that_estimates_read_low() -> None:
    """A cube of 25 dimensions reads as 18 or so; what says 18 must be warned about."""
    cube = np.random.default_rng(0).random((2000, 25))
    found = dimension.two_nn(cube)
    assert found.dimension < 20 and len(found.notes) == 1


@pytest.mark.parametrize(
    "points",
    [
        np.linspace(0, 1, 500)[:, None] ** 1.7 * np.ones(5),
        np.stack(np.meshgrid(np.arange(30.0), np.arange(30.0)), axis=-1).reshape(-1, 2) / 7,
    ],
    ids=["curve", "grid"],
)
def test_points_that_are_laid_out_have_no_estimate(points: np.ndarray) -> None:
    """Their neighbours are nearly equally far, which would read as hundreds of dimensions."""
    with pytest.raises(dimension.DimensionError, match=r"must be scattered at random|must differ"):
        dimension.two_nn(points)


def test_rounded_points_are_warned_about() -> None:
    rounded = np.round(np.random.default_rng(1).random((2000, 2)), 2)
    assert any("two neighbours equally far" in note for note in dimension.two_nn(rounded).notes)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (np.ones(4), "points must have the shape [points, coordinates]; got [4]"),
        (np.ones((30, 2)), "there must be at least 10 different points; got 1"),
        (
            np.array([[0, 1], [np.nan, 2]]),
            "coordinates must be finite; got nan in row 2, column 1",
        ),
        (
            np.array([[1.0], [1 + 2e-16], *([float(10**i)] for i in range(1, 20))]),
            "different points must stay apart at 16 digits; some lie too close for the cloud's size",
        ),
    ],
)
def test_hopeless_clouds(points: np.ndarray, message: str) -> None:
    with pytest.raises(dimension.DimensionError) as caught:
        dimension.two_nn(points)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("neighbours", "divisor", "message"),
    [
        (1, "k-1", "neighbours must be from 2 to 500; got 1"),
        (2, "k-2", "neighbours must be from 3 to 500; got 2"),
        (50, "k-1", "there must be at least 51 different points; got 50"),
    ],
)
def test_hopeless_neighbours(neighbours: int, divisor: dimension.Divisor, message: str) -> None:
    with pytest.raises(dimension.DimensionError) as caught:
        dimension.maximum_likelihood(np.random.default_rng(0).random((50, 2)), neighbours, divisor)
    assert str(caught.value) == message


# --- in a shell ------------------------------------------------------------------------------------------------------


def shell(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        status = main(arguments)
    except SystemExit as stop:
        status = int(stop.code or 0)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_in_a_shell(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    points = cloud("cube-4")
    array, text = tmp_path / "points.npy", tmp_path / "points.csv"
    np.save(array, points)
    np.savetxt(text, points, delimiter=";", header="a comment")
    for file in (array, text):
        status, out, err = shell(capsys, "dimension", str(file))
        assert (status, err) == (0, "")
        assert out.startswith(f"{file}: 1000 points\nd = 3.808 +/- 0.1")
    status, out, _ = shell(
        capsys, "dimension", str(array), "--method", "mle", "--neighbours", "5", "--divisor", "k-2", "--format", "json"
    )
    shown = json.loads(out)
    assert status == 0
    assert shown["dimension"] == pytest.approx(RECORDED["cube-4"][2], rel=1e-9)
    assert (shown["rows"], shown["points"], shown["method"], shown["neighbours"]) == (1000, 1000, "mle", 5)


def test_a_sample_of_many_points(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "points.npy"
    np.save(file, np.random.default_rng(0).random((10**6, 3), dtype=np.float32))
    status, out, _ = shell(capsys, "dimension", str(file), "--points", "2000", "--format", "json")
    shown = json.loads(out)
    assert (status, shown["rows"], shown["points"] + shown["copies"]) == (0, 10**6, 2000)
    assert abs(shown["dimension"] - 3) < 4 * shown["standard_error"]
    assert shell(capsys, "dimension", str(file), "--points", "2000", "--format", "json")[1] == out


def test_bad_words(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "points.npy"
    np.save(file, cloud("cube-4"))
    assert shell(capsys, "dimension", str(file), "--neighbours", "5") == (
        2,
        "",
        "--neighbours and --divisor must go with --method mle; got --method twonn\n",
    )
    assert shell(capsys, "dimension", str(file), "--method", "mle", "--neighbours", "1") == (
        2,
        "",
        f"{file}: neighbours must be from 2 to 500; got 1\n",
    )
