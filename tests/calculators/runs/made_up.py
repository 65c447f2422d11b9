"""A small run of its own for the tests of what all runs share."""

import time
from collections.abc import Callable

import numpy as np

from calculators.runs.randomness import generator
from calculators.runs.run import Configuration, Measurements, Metric, Part, Prediction, Preset, Run, Table, numbers


def parts(configuration: Configuration) -> tuple[Part, ...]:
    return tuple(Part(f"part-{n}", f"n = {n}") for n in numbers(configuration, "sizes"))


def measure(configuration: Configuration, part: Part, seeds: tuple[int, ...]) -> Measurements:
    size = int(part.id.removeprefix("part-"))
    (pause,) = numbers(configuration, "milliseconds")
    time.sleep(pause / 1000)
    rows = tuple((size, seed, float(generator(seed, "made-up", part.id).random()) / size) for seed in seeds)
    return {"losses": Table(("size", "seed", "loss"), rows)}


def metrics(configuration: Configuration, measured: Measurements) -> tuple[Metric, ...]:
    losses = measured["losses"].column("loss")
    mean, error = float(np.mean(losses)), float(np.std(losses))
    prediction = Prediction("scaling-exponent", {"dimension": "4", "degree": "1", "loss_order": "2"})
    interval = (mean - error, mean + error)
    return (
        Metric("mean", "The mean", "m", mean, interval, len(losses), prediction, False, "not consistent", "A note."),
        Metric("largest", "The largest", "M", float(losses.max()), None, len(losses), None, False, "no prediction"),
    )


def made_up(
    sizes: tuple[int, ...] = (1, 2, 3), milliseconds: int = 0, measured: Callable[..., Measurements] = measure
) -> Run:
    configuration = {"sizes": sizes, "milliseconds": milliseconds}
    replay = Preset({"sizes": (5,), "milliseconds": 0}, 2, "nothing")
    return Run(
        id="made-up",
        title="Made up",
        question="What is the mean of random numbers?",
        method=("Random numbers are drawn and averaged.",),
        tests=("scaling-exponent",),
        items=(),
        presets={"cpu": Preset(configuration, 2, "nothing"), "replay": replay},
        parts=parts,
        measure=measured,
        metrics=metrics,
        figures=lambda configuration, measured: (),
        answer=lambda metrics: f"It is {metrics[0].value:.3g}.",
        limits=("It shows nothing.",),
        jax=False,
        precision="float64",
        tolerance=1e-6,
    )
