"""The runs with networks, but for the networks: what counts, what is left out, the oracles, the verdicts."""

import math

import numpy as np
import pytest

from calculators import dimension
from calculators.runs import (
    RUNS,
    intrinsic_dimension,
    sweep,
    teacher_student_data,
    teacher_student_parameters,
    variance_limited,
)
from calculators.runs.randomness import generator
from calculators.runs.run import Table, rows_where

SIZES = (32, 64, 128, 256, 512)

_NONE = Table((), ())


def data_table(exponent: float, floor: float = 0.0, share: float = 0.01, d: int = 4) -> Table:
    """Losses of made-up students: a power law, seeds apart by 5 %, the training loss a share of the test loss."""
    rows = []
    for teacher in sweep.TEACHERS:
        for size in SIZES:
            for seed in range(4):
                error = (size ** (-exponent) + floor) * math.exp(0.05 * (seed - 1.5))
                powers = (error ** (m / 2) for m in sweep.POWERS)
                rows.append((teacher, d, 64, size, 100, seed, 100, share * error, *powers))
    return Table(sweep.COLUMNS, tuple(rows))


def by_id(metrics):
    return {metric.id: metric for metric in metrics}


def configuration(run, **changes):
    return {**run.RUN.presets["cpu"].configuration, **changes}


@pytest.mark.parametrize(
    ("exponent", "relu", "as_smooth", "tanh"),
    [
        (1.0, "above the bound", "consistent", "consistent"),
        (0.75, "consistent", "below the bound", "below the bound"),
        (1.5, "above the bound", "above the bound", "above the bound"),
        (0.5, "below the bound", "below the bound", "below the bound"),
    ],
)
def test_both_lines_are_judged(exponent: float, relu: str, as_smooth: str, tanh: str) -> None:
    found = by_id(
        teacher_student_data.RUN.metrics(configuration(teacher_student_data), {"losses": data_table(exponent)})
    )
    assert found["alpha-relu-d4"].prediction.text == "3/4" and found["alpha-tanh-d4"].prediction.text == "1"
    assert found["alpha-relu-d4"].value == pytest.approx(exponent, abs=0.05)
    verdicts = [found[f"alpha-{name}"].verdict for name in ("relu-d4", "relu-d4-as-smooth", "tanh-d4")]
    assert verdicts == [relu, as_smooth, tanh]
    assert found["alpha-tanh-d4-m4"].value == pytest.approx(2 * exponent, abs=0.1)
    assert found["alpha-tanh-d4-m4"].prediction.text == "2" and found["alpha-relu-d4-m4"].prediction.text == "5/4"


def test_points_that_did_not_converge_are_shown_and_left_out() -> None:
    table = data_table(1.0)
    where = table.columns.index("train"), table.columns.index("test_2"), table.columns.index("size")
    rows = tuple(
        (
            *row[: where[0]],
            0.2 * row[where[1]] * 3,
            *row[where[0] + 1 : where[1]],
            3 * row[where[1]],
            *row[where[1] + 1 :],
        )
        if row[where[2]] == 512
        else row
        for row in table.rows
    )
    spoiled = {"losses": Table(table.columns, rows)}
    chosen = rows_where(spoiled["losses"], teacher="tanh", dimension=4)
    assert sweep.unconverged(spoiled["losses"], chosen) == {
        512.0: "left out of the fit: training loss 20 % of the test loss"
    }
    assert sweep.unconverged(table, chosen) == {}
    run = teacher_student_data.RUN
    metric = by_id(run.metrics(configuration(teacher_student_data), spoiled))["alpha-tanh-d4"]
    assert metric.value == pytest.approx(1, abs=0.05) and "Left out, as not converged: D = 512." in metric.note
    figure = {figure.id: figure for figure in run.figures(configuration(teacher_student_data), spoiled)}["losses-tanh"]
    assert figure.series[0].left_out == ("", "", "", "", "left out of the fit: training loss 20 % of the test loss")
    assert figure.hollow == "not converged"
    assert len(figure.series[0].x) == 5 and figure.lines[0].y[1] < figure.series[0].y[-1]


def test_nothing_is_fitted_where_nothing_converged() -> None:
    measured = {"losses": data_table(1.0, share=0.5)}
    run = teacher_student_data.RUN
    assert run.metrics(configuration(teacher_student_data), measured) == ()
    figures = {figure.id: figure for figure in run.figures(configuration(teacher_student_data), measured)}
    assert all(figures["losses-relu"].series[0].left_out) and figures["losses-relu"].lines == ()
    answer = "In no dimension did the students converge at three sizes: there is no exponent to judge."
    assert run.answer(()) == answer


def test_students_are_counted_weight_by_weight() -> None:
    for d, width in ((2, 4), (6, 24), (9, 64)):
        shapes = ((d, width), (width,), (width, width), (width,), (width,), ())
        count = sum(int(np.prod(shape)) for shape in shapes)
        assert teacher_student_parameters.parameters(np.array(d), np.array(width)) == count


def width_table(half: float, widths: tuple[int, ...] = (3, 6, 12, 24)) -> Table:
    """Losses P^-1 for d = 4; students of these widths trained half as long are worse by the factor `half`."""
    rows = []
    for teacher in sweep.TEACHERS:
        for width in (3, 6, 12, 24):
            for steps in (100, 50):
                for seed in range(4):
                    count = teacher_student_parameters.parameters(np.array(4), np.array(width))
                    error = float(1 / count) * math.exp(0.05 * (seed - 1.5))
                    if steps == 50 and width in widths:
                        error *= half
                    powers = (error ** (m / 2) for m in sweep.POWERS)
                    rows.append((teacher, 4, width, 0, steps, seed, steps, error, *powers))
    return Table(sweep.COLUMNS, tuple(rows))


def test_widths_that_need_longer_training_do_not_count() -> None:
    run = teacher_student_parameters.RUN
    trained = by_id(run.metrics(configuration(teacher_student_parameters), {"losses": width_table(1.1)}))
    assert trained["alpha-p-tanh-d4"].value == pytest.approx(1, abs=0.05)
    assert trained["alpha-p-tanh-d4"].verdict == "consistent"
    assert trained["alpha-p-relu-d4-as-smooth"].verdict == "consistent"
    assert trained["alpha-w-tanh-d4"].value > 1.3 and trained["alpha-w-tanh-d4"].prediction is None
    measured = {"losses": width_table(2.0)}
    short = by_id(run.metrics(configuration(teacher_student_parameters), measured))
    assert short["alpha-p-tanh-d4"].verdict == "not converged"
    figure = {figure.id: figure for figure in run.figures(configuration(teacher_student_parameters), measured)}
    why = figure["losses-tanh"].series[0].left_out
    assert len(why) == 4 and all(
        text == "in the fit all the same, as too few widths converged: "
        "the second half of the training takes 50 % of the loss"
        for text in why
    )
    assert figure["losses-tanh"].hollow == figure["exponents"].hollow == "not converged"
    assert [series.left_out for series in figure["exponents"].series] == [("not converged",), ("not converged",)]
    assert run.answer(tuple(short.values())) == (
        "Against 4/d: with a smooth teacher not converged at d = 4; with a ReLU teacher not converged at d = 4."
    )


def test_one_width_that_needs_longer_training_is_out_of_the_fit() -> None:
    run, measured = teacher_student_parameters.RUN, {"losses": width_table(2.0, (24,))}
    metrics = by_id(run.metrics(configuration(teacher_student_parameters), measured))
    assert metrics["alpha-p-tanh-d4"].verdict == "consistent"
    assert metrics["alpha-p-tanh-d4"].note.endswith("Left out, as not converged: width 24.")
    figures = {figure.id: figure for figure in run.figures(configuration(teacher_student_parameters), measured)}
    why = "left out of the fit: the second half of the training takes 50 % of the loss"
    assert figures["losses-tanh"].series[0].left_out == ("", "", "", why)
    assert [series.left_out for series in figures["exponents"].series] == [("",), ("",)]


@pytest.mark.parametrize("module", [teacher_student_data, teacher_student_parameters])
def test_curves_of_theory_are_smooth_and_name_their_teacher(module) -> None:
    """4/d and 3/d at each of many places; the drawing gives a line the colour of the points that it names."""
    made = [data_table(1.0, d=d) if module is teacher_student_data else width_table(1.1) for d in (2, 5)]
    rows = [
        row if row[1] != 4 else (row[0], d, *row[2:])
        for d, table in zip((2, 5), made, strict=True)
        for row in table.rows
    ]
    figures = module.RUN.figures(configuration(module), {"losses": Table(sweep.COLUMNS, tuple(rows))})
    figure = next(figure for figure in figures if figure.id == "exponents")
    assert [series.label for series in figure.series] == ["smooth teacher (tanh)", "ReLU teacher"]
    assert [line.label for line in figure.lines] == ["4/d, smooth teacher (tanh)", "3/d, ReLU teacher"]
    for top, line in zip((4, 3), figure.lines, strict=True):
        assert len(line.x) >= 50 and (line.x[0], line.x[-1]) == (2, 5)
        assert line.y == pytest.approx([top / d for d in line.x])


def test_the_smooth_teacher_and_the_squared_error_come_first() -> None:
    table = Table(sweep.COLUMNS, tuple(row for d in (4, 3) for row in data_table(1.0, d=d).rows))
    metrics = teacher_student_data.RUN.metrics(configuration(teacher_student_data), {"losses": table})
    assert [metric.id for metric in metrics][:7] == [
        "alpha-tanh-d3",
        "alpha-tanh-d4",
        "alpha-relu-d3",
        "alpha-relu-d3-as-smooth",
        "alpha-relu-d4",
        "alpha-relu-d4-as-smooth",
        "alpha-tanh-d4-m1",
    ]
    measured = {"losses": width_table(1.1)}
    metrics = teacher_student_parameters.RUN.metrics(configuration(teacher_student_parameters), measured)
    assert [metric.id for metric in metrics][:2] == ["alpha-p-tanh-d4", "alpha-p-relu-d4"]


def dimension_table(readings: tuple[float, ...]) -> Table:
    """What both estimators read on every layer of students with 4 inputs, a seed each; cubes read 10 % too low."""
    sources = ("inputs", "hidden-1", "hidden-2")
    rows = [
        (source, 4, seed, method, found)
        for source in sources
        for method in ("twonn", "mle")
        for seed, found in enumerate(readings)
    ]
    rows += [
        ("cube", d, seed, method, d * (0.9 if d > 2 else 1) + 0.01 * seed - 0.01)
        for d in (2, 6, 10)
        for method in ("twonn", "mle")
        for seed in range(3)
    ]
    return Table(("source", "dimension", "seed", "method", "estimate"), tuple(rows))


def test_exponents_of_the_same_students_are_the_same_on_both_pages() -> None:
    losses = data_table(1.0)
    tanh = Table(losses.columns, tuple(row for row in losses.rows if row[0] == "tanh"))
    metrics = intrinsic_dimension.RUN.metrics({}, {"losses": tanh, "dimensions": dimension_table((3.7, 3.8, 3.9))})
    there = by_id(teacher_student_data.RUN.metrics(configuration(teacher_student_data), {"losses": losses}))
    here = [metric for metric in metrics if metric.symbol == "alpha"]
    assert len(here) == 6 and here[0].id == "alpha-d4-hidden-2-twonn"
    for metric in here:
        assert (metric.value, metric.interval) == (there["alpha-tanh-d4"].value, there["alpha-tanh-d4"].interval)


def test_a_measured_dimension_is_shown_with_its_interval() -> None:
    """3 readings with a spread of 0.1: the interval is 4.303 times 0.1 over the root of 3 to each side."""
    measured = {"losses": data_table(1.0), "dimensions": dimension_table((3.7, 3.8, 3.9))}
    metric = intrinsic_dimension.RUN.metrics({}, measured)[0]
    assert metric.title == (
        "Exponent of students with 4 inputs, against 4/d with d = 3.80 (3.55 to 4.05), measured on the second hidden "
        "layer by TwoNN"
    )
    assert metric.prediction.settings["dimension"] == "3.80" and metric.verdict == "below the bound"
    assert metric.note == (
        "4/alpha is 4, the measured dimension 3.80. In its interval 4/d is from 0.99 to 1.13; at these ends the "
        "verdict is “consistent” and “below the bound”."
    )
    steady = {**measured, "dimensions": dimension_table((3.79, 3.8, 3.81))}
    assert intrinsic_dimension.RUN.metrics({}, steady)[0].note == (
        "4/alpha is 4, the measured dimension 3.80. In its interval 4/d is from 1.05 to 1.06, and the verdict the same "
        "throughout."
    )
    scattered = {**measured, "dimensions": dimension_table((1.0, 6.6))}
    assert intrinsic_dimension.RUN.metrics({}, scattered)[0].note == (
        "4/alpha is 4, the measured dimension 3.80. The interval of the measured dimension reaches 0, so 4/d has no "
        "upper end."
    )


def test_the_bias_of_the_estimators_is_told_from_the_cubes() -> None:
    measured = {"losses": data_table(1.0), "dimensions": dimension_table((3.7, 3.8, 3.9))}
    figures = {figure.id: figure for figure in intrinsic_dimension.RUN.figures({}, measured)}
    assert figures["bias"].alt == (
        "TwoNN reads too low in 6 and 10, right within its interval in 2 dimensions; in 10 dimensions it is off by "
        "−10 %. Maximum likelihood reads too low in 6 and 10, right within its interval in 2 dimensions; in 10 "
        "dimensions it is off by −10 %."
    )
    assert [series.label for series in figures["scatter"].series] == [
        "our students",
        *(f"{case}, published" for case in intrinsic_dimension.PUBLISHED),
    ]


def test_least_squares_is_its_exact_law() -> None:
    """The simulation against s E tr (X'X)^-1 by another way: one data set at a time, by `lstsq`."""
    draw = np.random.default_rng(11)
    errors = []
    for _ in range(4000):
        x = draw.standard_normal((12, 4))
        errors.append(np.sum(np.linalg.lstsq(x, 0.5 * draw.standard_normal(12), rcond=None)[0] ** 2))
    exact = float(variance_limited.excess(np.array(12), 4, 0.25))
    assert exact == pytest.approx(0.25 * 4 / 7)
    assert np.mean(errors) == pytest.approx(exact, abs=4 * np.std(errors) / math.sqrt(4000))
    found = [variance_limited.least_squares(generator(seed, "test"), 12, 4, 0.25, 200) for seed in range(20)]
    assert np.mean(found) == pytest.approx(exact, abs=4 * np.std(found) / math.sqrt(20))


def test_apparent_slopes_of_the_exact_law() -> None:
    """Near P the exact law is far steeper than 1, far out it is nearly there."""
    near, far = (variance_limited.excess(np.array(ends), 16, 1.0) for ends in ((32, 96), (512, 4096)))
    assert math.log(near[0] / near[1]) / math.log(3) == pytest.approx(1.51, abs=0.01)
    assert math.log(far[0] / far[1]) / math.log(8) == pytest.approx(1.014, abs=0.001)


def test_random_features_have_their_kernel() -> None:
    draw = np.random.default_rng(2)
    x = draw.uniform(-1, 1, (5, 3))
    products = []
    for _ in range(300):
        held = variance_limited.features(draw, x, 200)
        products.append(held @ held.T)
    error = np.std(products, axis=0) / math.sqrt(300)
    assert np.all(np.abs(np.mean(products, axis=0) - variance_limited.kernel(x, x)) < 5 * error)


def test_a_student_of_full_rank_keeps_the_dimension() -> None:
    """A wide random first layer bends a plane without folding it onto itself: its dimension is read as 2."""
    draw = np.random.default_rng(4)
    layers = tuple(
        leaf[None]
        for leaf in (draw.normal(size=(3, 40)), draw.normal(size=40), draw.normal(size=(40, 40)), np.zeros(40))
    )
    cloud = draw.uniform(-1, 1, (800, 2))
    found = intrinsic_dimension.hidden(layers, 0, cloud)
    assert {name: values.shape for name, values in found.items()} == {
        "inputs": (800, 2),
        "hidden-1": (800, 40),
        "hidden-2": (800, 40),
    }
    assert found["hidden-1"][3] == pytest.approx(np.maximum(cloud[3] @ layers[0][0][:2] + layers[1][0], 0))
    assert dimension.two_nn(found["hidden-2"]).dimension == pytest.approx(2, abs=0.25)


def test_published_rows_miss_the_bound_as_they_do() -> None:
    over = {case: four / d for case, (four, d) in intrinsic_dimension.PUBLISHED.items() if four > d}
    assert over == {
        "CIFAR-10 (test)": pytest.approx(1.046, abs=0.001),
        "FashionMNIST": pytest.approx(1.076, abs=0.001),
    }


def test_gpu_tables_stay_small() -> None:
    """The rows of the GPU presets, at the longest they can be, below the limit of a record."""
    longest = len("relu,9,192,8192,80000,7,80000,1.23456e-05,0.000123456,0.000123456,1.23456e-05,1.23456e-05\n")
    for run, each in ((teacher_student_data.RUN, "sizes"), (teacher_student_parameters.RUN, "widths")):
        preset = run.presets["gpu"]
        count = 2 * len(preset.configuration["dimensions"]) * len(preset.configuration[each]) * preset.seeds
        assert count * (2 if each == "widths" else 1) * longest < 200_000


def test_what_was_done_names_the_widths_of_the_teachers() -> None:
    widths = {
        (run.id, preset): run.presets[preset].configuration["teacher_width"]
        for run in (teacher_student_data.RUN, teacher_student_parameters.RUN)
        for preset in ("cpu", "gpu")
    }
    ours, theirs = teacher_student_parameters.RUN.id, teacher_student_data.RUN.id
    assert (
        f"of width {widths[ours, 'cpu']} in the CPU record ({widths[theirs, 'cpu']} there) and "
        f"{widths[ours, 'gpu']} in the GPU's"
    ) in " ".join(teacher_student_parameters.RUN.method)
    assert widths[ours, "gpu"] == widths[theirs, "gpu"]


@pytest.mark.slow
@pytest.mark.parametrize("run", [run for run in RUNS if run.jax], ids=lambda run: run.id)
def test_replays_agree(run) -> None:
    """Measured anew here, the tiny configuration gives what the record says, within the run's tolerance."""
    pytest.importorskip("jax")
    from calculators.runs import provenance
    from calculators.runs.record import load
    from calculators.runs.running import on_cpu, replayed

    record = load(provenance.RECORDS / run.id / "run-cpu.yml", "run-cpu.yml")
    with on_cpu(run):
        found = {metric.id: metric.value for metric in replayed(run, record.replay.configuration, record.replay.seeds)}
    assert found.keys() == record.replay.metrics.keys() and len(found) >= 3
    for name, value in found.items():
        assert value == pytest.approx(record.replay.metrics[name], rel=run.tolerance), name


@pytest.mark.slow
@pytest.mark.parametrize("run_id", ["teacher-student-data", "teacher-student-parameters", "intrinsic-dimension"])
def test_numbers_do_not_depend_on_the_split_into_parts(run_id: str) -> None:
    pytest.importorskip("jax")
    from calculators.runs.running import on_cpu

    (run,) = (run for run in RUNS if run.id == run_id)
    configuration = dict(run.presets["replay"].configuration) | {"dimensions": (2, 4), "steps": 40}
    key = "widths_in_a_part" if "widths_in_a_part" in configuration else "dimensions_in_a_part"
    found = []
    with on_cpu(run):
        for each in (1, 3):
            split = configuration | {key: each}
            rows = [
                row for part in run.parts(split) for row in run.measure(split, part, (0, 1)).get("losses", _NONE).rows
            ]
            found.append({row[:6]: row[6:] for row in rows})
    assert found[0].keys() == found[1].keys() and len(found[0]) >= 12
    for student, numbers in found[0].items():
        assert numbers == pytest.approx(found[1][student], rel=1e-3), student


def test_the_bar_moves_in_cpu_presets() -> None:
    """An interruption of the runs that train longest costs at most a part of four."""
    for run in RUNS:
        if run.id in ("teacher-student-data", "teacher-student-parameters", "intrinsic-dimension"):
            assert len(run.parts(run.presets["cpu"].configuration)) >= 4, run.id
