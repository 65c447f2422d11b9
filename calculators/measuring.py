"""The commands `fit` and `dimension` of the shell."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from calculators import dimension, findings, fitting, implied, tables
from calculators.derivation import SettingError

if TYPE_CHECKING:
    from argparse import Namespace, _SubParsersAction

_SAMPLE = 10_000


def add_commands(commands: _SubParsersAction[Any]) -> None:
    """Nothing; adds the two commands to the shell's parser."""
    fit = commands.add_parser("fit", help="fit a power law to a table of size and loss")
    fit.add_argument("file", type=Path, help="text, two columns: size, loss")
    fit.add_argument("--degree", default="1", help="degree of the local fit (default: 1, piecewise linear)")
    fit.add_argument("--loss-order", default="2", help="order of the loss (default: 2, squared error or cross-entropy)")
    fit.add_argument("--smoothness", default="oo", help="smoothness of the target (default: oo)")
    fit.add_argument("--dimension", type=_positive, help="a measured dimension, to compare with")
    fit.add_argument("--confidence", type=_share, default=0.95, help="of the intervals (default: 0.95)")
    fit.add_argument("--bootstrap", type=_count, default=0, metavar="N", help="resample the seeds of each size N times")
    fit.add_argument("--seed", type=_whole, default=0, help="of the bootstrap (default: 0)")
    fit.add_argument("--format", choices=("json", "text"), default="text", help="default: text")
    cloud = commands.add_parser("dimension", help="estimate the intrinsic dimension of a cloud of points")
    cloud.add_argument("file", type=Path, help=".npy or text, one point a row")
    cloud.add_argument("--method", choices=("mle", "twonn"), default="twonn", help="default: twonn")
    cloud.add_argument("--neighbours", type=_whole, help="of the mle (default: 20)")
    cloud.add_argument("--divisor", choices=("k-1", "k-2"), help="of the mle (default: k-1; k-2 as Sharma and Kaplan)")
    cloud.add_argument("--points", type=_count, default=_SAMPLE, help=f"use at most so many (default: {_SAMPLE})")
    cloud.add_argument("--seed", type=_whole, default=0, help="of the choice of points (default: 0)")
    cloud.add_argument("--format", choices=("json", "text"), default="text", help="default: text")


class CommandError(ValueError):
    """A command cannot be done; the message is one line about the settings, the file or what is in it."""


def run_fit(options: Namespace) -> str:
    """What `fit` prints.

    Raises:
        CommandError: a setting or the file is wrong.
    """
    settings = {"degree": options.degree, "loss_order": options.loss_order, "smoothness": options.smoothness}
    try:
        law = implied.theory(settings)
        sizes, losses = tables.size_and_loss(options.file)
    except (implied.OpenError, SettingError, tables.TableError) as error:
        raise CommandError(str(error)) from None
    try:
        fit = fitting.fit(sizes, losses, options.confidence)
        boot = None
        if options.bootstrap:
            points, generator = fitting.gather(sizes, losses), np.random.default_rng(options.seed)
            boot = fitting.bootstrap(points, generator, options.bootstrap, options.confidence)
    except fitting.FitError as error:
        raise CommandError(f"{options.file}: {error}") from None
    report = findings.FitReport(str(options.file), fit, law, options.dimension, boot)
    return findings.fit_json(report) if options.format == "json" else findings.fit_text(report)


def run_dimension(options: Namespace) -> str:
    """What `dimension` prints.

    Raises:
        CommandError: a setting or the file is wrong.
    """
    if options.method == "twonn" and (options.neighbours is not None or options.divisor is not None):
        raise CommandError("--neighbours and --divisor must go with --method mle; got --method twonn")
    try:
        points = tables.cloud(options.file)
    except tables.TableError as error:
        raise CommandError(str(error)) from None
    rows = len(points)
    if rows > options.points:
        points = points[np.random.default_rng(options.seed).choice(rows, options.points, replace=False)]
    try:
        if options.method == "twonn":
            estimate = dimension.two_nn(points)
        else:
            neighbours = 20 if options.neighbours is None else options.neighbours
            estimate = dimension.maximum_likelihood(points, neighbours, divisor=options.divisor or "k-1")
    except dimension.DimensionError as error:
        raise CommandError(f"{options.file}: {error}") from None
    printed = findings.dimension_json if options.format == "json" else findings.dimension_text
    return printed(str(options.file), estimate, rows)


def _positive(text: str) -> float:
    return _real(text, "a positive number", math.inf)


def _share(text: str) -> float:
    return _real(text, "a number between 0 and 1", 1)


def _real(text: str, rule: str, below: float) -> float:
    above, slash, under = text.partition("/")
    try:
        value = float(above) / (float(under) if slash else 1)
    except (ValueError, ZeroDivisionError):
        value = math.nan
    if not 0 < value < below:
        raise ArgumentTypeError(f"must be {rule}; got {text!r}")
    return value


def _whole(text: str) -> int:
    return _integer(text, 0)


def _count(text: str) -> int:
    return _integer(text, 2)


def _integer(text: str, least: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least):
        raise ArgumentTypeError(f"must be a whole number, {least} or more; got {text!r}")
    return int(text)
