"""What a reader can set of the scaling exponent: its parameters with their letters, and the options of its choices."""

from __future__ import annotations

import sympy

from calculators import targets
from calculators.derivation import Option, Parameter

DIMENSION = sympy.Symbol("d", positive=True)
ORDER = sympy.Symbol("m", positive=True)
DEGREE = sympy.Symbol("q", integer=True, nonnegative=True)
SMOOTHNESS = sympy.Symbol("s", positive=True)
HOELDER = sympy.Symbol("H", positive=True)
_SECOND_DIMENSION = sympy.Symbol("d_2", positive=True)
_INPUTS = sympy.Symbol("n_in", integer=True, positive=True)
_WIDTH = sympy.Symbol("n", integer=True, positive=True)
_LAYERS = sympy.Symbol("k", integer=True, positive=True)
_OUTPUTS = sympy.Symbol("n_out", integer=True, positive=True)
_MEASURED = sympy.Symbol("alpha_obs", positive=True)

PARAMETERS = (
    Parameter(
        "dimension",
        DIMENSION,
        "Dimension of the data",
        "The intrinsic dimension d of the manifold on which the inputs lie, not the number of input features.",
        start=sympy.Integer(8),
        default=DIMENSION,
        slider=(1, 64),
    ),
    Parameter(
        "loss_order",
        ORDER,
        "Order of the loss",
        "The first power m of the output error that is not zero when the loss is expanded around its minimum.",
        start=sympy.Integer(2),
        default=ORDER,
        slider=(1, 4),
    ),
    Parameter(
        "degree",
        DEGREE,
        "Degree of the local fit",
        "The degree q of the polynomials that the model can follow between training points: 0 nearest neighbour, "
        "1 a model that is linear between them, which a ReLU network is taken to be.",
        start=sympy.Integer(1),
        default=DEGREE,
        integer=True,
        open=False,
        slider=(0, 4),
    ),
    Parameter(
        "smoothness",
        SMOOTHNESS,
        "Smoothness of the target",
        "The largest power s with which the target's differences over a distance h shrink, h^s, measured in the "
        "loss's own norm (the m-th root of the average m-th power). Isolated kinks have s = 1 + 1/m, jumps s = 1/m; "
        "a smooth target has s = oo.",
        start=sympy.oo,
        default=sympy.oo,
        infinite=True,
        slider=(1, 6),
    ),
    Parameter(
        "hoelder",
        HOELDER,
        "Hölder exponent of the target",
        "Over a distance h a target that is rough everywhere changes by h to the power H: 1/2 for the path of a "
        "Brownian motion, 1 at most.",
        start=sympy.Rational(1, 2),
        default=HOELDER,
        maximum=1,
        slider=(sympy.Rational(1, 10), 1),
        further=True,
    ),
    Parameter(
        "second_dimension",
        _SECOND_DIMENSION,
        "Dimension of the second factor",
        "Where the manifold is a product, d is the dimension of the first factor and this that of the second.",
        start=sympy.Integer(4),
        default=_SECOND_DIMENSION,
        slider=(1, 64),
        further=True,
    ),
    Parameter(
        "inputs",
        _INPUTS,
        "Inputs of the network",
        "The number of input features, each of which has a weight to every unit of the first hidden layer.",
        start=sympy.Integer(20),
        default=_INPUTS,
        integer=True,
        minimum=1,
        open=False,
        slider=(1, 128),
        further=True,
    ),
    Parameter(
        "width",
        _WIDTH,
        "Width of the network",
        "The number n of units in each hidden layer of a network that one has.",
        start=sympy.Integer(22),
        default=_WIDTH,
        integer=True,
        minimum=1,
        open=False,
        slider=(1, 512),
        further=True,
    ),
    Parameter(
        "layers",
        _LAYERS,
        "Hidden layers",
        "The number k of hidden layers, all of one width.",
        start=sympy.Integer(2),
        default=_LAYERS,
        integer=True,
        minimum=1,
        open=False,
        slider=(1, 12),
        further=True,
    ),
    Parameter(
        "outputs",
        _OUTPUTS,
        "Outputs of the network",
        "The number of output units.",
        start=sympy.Integer(1),
        default=_OUTPUTS,
        integer=True,
        minimum=1,
        open=False,
        slider=(1, 32),
        further=True,
    ),
    Parameter(
        "measured",
        _MEASURED,
        "Measured exponent",
        "An exponent that was fitted to measured losses, for which the calculator is asked backwards.",
        start=sympy.Rational(1, 2),
        default=_MEASURED,
        parts=10**12,
        slider=(sympy.Rational(1, 20), 2),
        further=True,
    ),
)


def regimes() -> tuple[Option, ...]:
    """What keeps the loss from falling."""
    return (
        Option("resolution", "Resolution-limited"),
        Option("variance", "Variance-limited"),
    )


def resources() -> tuple[Option, ...]:
    """What grows."""
    return (
        Option("data", "Data: D examples"),
        Option("parameters", "Parameters: P of them"),
        Option("width", "Width: w units a layer"),
    )


def limits() -> tuple[Option, ...]:
    """What is left of the error in the limit, for the regime variance."""
    return (
        Option("residual", "Some error is left"),
        Option("exact", "No error is left anywhere"),
    )


def manifolds() -> tuple[Option, ...]:
    """One manifold, or a product of two."""
    return (
        Option("one", "One manifold"),
        Option("product", "A product, any target"),
        Option("additive", "A product, learned as a sum"),
    )


def questions() -> tuple[Option, ...]:
    """What else is asked."""
    return (
        Option("nothing", "Nothing else"),
        Option("variance-term", "A term 1/D in the loss"),
        Option("label-noise", "Noise on the labels"),
        Option("lower-bound", "Why no method does better"),
        Option("measured", "My measured exponent"),
    )


def target_options() -> tuple[Option, ...]:
    """What the target can be like."""
    return targets.options(ORDER, HOELDER)
