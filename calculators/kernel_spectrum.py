"""The exponent of a kernel method's learning curve from its spectrum: lambda_i ~ i^-(1+a) gives alpha_D = alpha_P = a.

For kernels of smoothness t in d dimensions a = t/d. Targets that are not drawn from the kernel's own prior, and label
noise, are switches.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy
from mpmath import MPContext, mpf

from calculators.derivation import (
    Assumption,
    Calculator,
    Choice,
    Column,
    Curve,
    Derivation,
    Limit,
    Option,
    Parameter,
    Quantity,
    Result,
    Silence,
    Source,
    Status,
    Step,
    Witness,
)
from calculators.numeric import Values, evaluate
from calculators.slope import doubling, power, slope_step

_D = sympy.Symbol("D", positive=True)
_PARAMETER_COUNT = sympy.Symbol("P", positive=True)
_ALPHA = sympy.Symbol("alpha", positive=True)

_DECAY = sympy.Symbol("a", positive=True)
_TARGET_DECAY = sympy.Symbol("c", positive=True)
_SMOOTHNESS = sympy.Symbol("t", positive=True)
_DIMENSION = sympy.Symbol("d", positive=True)

_INDEX = sympy.Symbol("i", positive=True)
_FREQUENCY = sympy.Symbol("f", positive=True)
_THRESHOLD = sympy.Symbol("kappa", positive=True)
_NOISE = sympy.Symbol("sigma", positive=True)
_LEARNED = sympy.Symbol("N", positive=True)
_MISSED = sympy.Symbol("B", positive=True)
_EIGENVALUE = sympy.Symbol("lambda_i", positive=True)
_WEIGHT = sympy.Symbol("w_i", real=True)
_mean = sympy.Function("E")

_FAR = (64, 256, 1024)
"""Octaves for a sum whose next term is the power 1/(1 + a) of the threshold further on."""
_FARTHEST = (2**10, 2**20, 2**40)
"""Octaves for a sum whose two leading powers may be as good as equal, which costs a logarithm."""
_DIRECT = 16
"""Terms that are summed one by one; beyond them the sum is an integral and half a term (Euler and Maclaurin)."""

_BAHRI = Source(
    "Explaining Neural Scaling Laws",
    "Bahri, Dyer, Kaplan, Lee, Sharma",
    2021,
    "https://arxiv.org/abs/2102.06701",
    "the part on kernels",
)
_BORDELON = Source(
    "A Dynamical Model of Neural Scaling Laws",
    "Bordelon, Atanasov, Pehlevan",
    2024,
    "https://arxiv.org/abs/2402.01092",
    "the exponents for spectra that are powers",
    second_hand=True,
)

_LEAST, _MOST = sympy.Rational(1, 1000), 24
"""What a decay may be. Beyond, its sum shows its power only for thresholds that no check reaches: the next term is the
power 1/(1 + a) of the threshold further on, and at the last of `_FAR` that is 10^-12 for a = 24."""
_LAST_POWER = 17
"""The largest power of the distance with which a kernel may have its first kink."""

_PARAMETERS = (
    Parameter(
        "decay",
        _DECAY,
        "Decay of the spectrum",
        "The number a when the kernel's eigenvalues, in falling order, go as i to the power -(1 + a). It is used where "
        "the spectrum itself is given.",
        start=sympy.Rational(1, 2),
        default=_DECAY,
        minimum=_LEAST,
        maximum=_MOST,
        open=False,
        slider=(sympy.Rational(1, 10), 8),
    ),
    Parameter(
        "kernel_smoothness",
        _SMOOTHNESS,
        "Smoothness of the kernel",
        "The power t of the distance with which the kernel has its first kink: 1 for the Laplace kernel and for the "
        "tangent kernel of a ReLU network, 3 for its prior kernel; even powers make no kink. It is used where the "
        "kernel is given.",
        start=sympy.Integer(1),
        default=_SMOOTHNESS,
        minimum=sympy.Rational(1, 10),
        maximum=_LAST_POWER,
        open=False,
        slider=(1, 8),
    ),
    Parameter(
        "dimension",
        _DIMENSION,
        "Dimension of the data",
        "The dimension d of the manifold on which the inputs lie. It is used where the kernel is given.",
        start=sympy.Integer(2),
        default=_DIMENSION,
        minimum=1,
        maximum=1000,
        open=False,
        slider=(1, 64),
    ),
    Parameter(
        "target_decay",
        _TARGET_DECAY,
        "Decay of the target",
        "The number c when the target's squared coefficients in the kernel's eigenfunctions go as i to the power "
        "-(1 + c). It is used where the target has a spectrum of its own.",
        start=sympy.Integer(2),
        default=_TARGET_DECAY,
        minimum=_LEAST,
        maximum=1000,
        open=False,
        slider=(1, 8),
    ),
)


def _kernels() -> tuple[Option, ...]:
    return (
        Option("spectrum", "A spectrum that falls as a power"),
        Option("smooth", "A kernel of smoothness t in d dimensions"),
    )


def _resources() -> tuple[Option, ...]:
    return (Option("data", "Data: D training examples"), Option("parameters", "Parameters: P random features"))


def _targets() -> tuple[Option, ...]:
    return (
        Option("prior", "A target drawn from the kernel's own prior"),
        Option("power", "A target with a spectrum of its own"),
        Option("unknown", "A target of which nothing is known"),
    )


def _noises() -> tuple[Option, ...]:
    return (Option("none", "Labels without noise"), Option("labels", "Labels with noise"))


_ASSUMPTIONS = (
    Assumption(
        "kernel",
        "The model is a kernel method, or a linear model on fixed random features: what it learns from does not change "
        "while it learns.",
    ),
    Assumption("spectrum", "The eigenvalues follow their power law without a break, over all that matters."),
    Assumption("bottleneck", "One resource is scarce, data or parameters; the other is plentiful."),
    Assumption("squared", "The loss is the squared error, averaged over inputs. A factor 1/2 changes no exponent."),
)

_HOLDS = (
    "It needs the target as well as the kernel. The same spectrum gives any exponent between 0 and 2(1 + a) in data, "
    "or 1 + a in features, as the target decides.",
    "a = t/d is what the smoothness of the kernel alone promises, as a bound on its eigenvalues. A kernel with a "
    "faster spectrum than that learns faster.",
    "A smooth target under a rough kernel has a large c, so its exponent in data is 2(1 + a), and with a = t/d that is "
    "2(d + t)/d: more than local interpolation of a low degree reaches.",
    "Where c is exactly at the limit, 2(1 + a) or 1 + a, the power is multiplied by a logarithm.",
    "A network whose features change while it learns is outside this theory.",
)


def _scale(arithmetic: MPContext, octave: int) -> mpf:
    return arithmetic.ldexp(arithmetic.one, octave)


def _learned_sum(decay: sympy.Expr) -> Witness:
    """The sum over i >= 1 of 1/(1 + kappa i^b), b = 1 + a, at kappa = 2^-k.

    All terms beyond _DIRECT are an integral and half a term; the next correction, of the order kappa, is far below 50
    digits of the sum. The integral from n on is n^(1-b)/((b-1) kappa) 2F1(1, 1-1/b; 2-1/b; -n^-b/kappa).
    """

    def log2(arithmetic: MPContext, octave: int, values: Values) -> mpf:
        b = 1 + evaluate(arithmetic, decay, values)
        kappa, n = _scale(arithmetic, -octave), arithmetic.mpf(_DIRECT)
        total = arithmetic.fsum(1 / (1 + kappa * arithmetic.mpf(i) ** b) for i in range(1, _DIRECT))
        total += 1 / (1 + kappa * n**b) / 2
        total += n ** (1 - b) / ((b - 1) * kappa) * arithmetic.hyp2f1(1, 1 - 1 / b, 2 - 1 / b, -(n**-b) / kappa)
        return arithmetic.log(total, 2)

    return Witness("the sum itself", log2, octaves=_FAR)


def _missed_sum(decay: sympy.Expr, target: sympy.Expr, power: int) -> Witness:
    """The sum over i >= 1 of i^-(1+c) (kappa/(i^-b + kappa))^r, b = 1 + a, at kappa = 2^-k, for the power r, 1 or 2.

    Beyond _DIRECT terms an integral, half a term and the first correction of Euler and Maclaurin. The integral from n
    on is n^-c/c 2F1(r, c/b; 1 + c/b; -n^-b/kappa).
    """

    def log2(arithmetic: MPContext, octave: int, values: Values) -> mpf:
        b, c = 1 + evaluate(arithmetic, decay, values), evaluate(arithmetic, target, values)
        kappa, n = _scale(arithmetic, -octave), arithmetic.mpf(_DIRECT)

        def term(i: mpf) -> mpf:
            return i ** (-1 - c) * (kappa / (i**-b + kappa)) ** power

        total = arithmetic.fsum(term(arithmetic.mpf(i)) for i in range(1, _DIRECT)) + term(n) / 2
        slope = (-1 - c + power * b * n**-b / (n**-b + kappa)) / n
        total += n**-c / c * arithmetic.hyp2f1(power, c / b, 1 + c / b, -(n**-b) / kappa) - slope * term(n) / 12
        return arithmetic.log(total, 2)

    return Witness("the sum itself", log2, octaves=_FARTHEST)


def _spectrum_steps(kernel: str, a: sympy.Expr, t: sympy.Expr, d: sympy.Expr) -> tuple[Step, ...]:
    law = _INDEX ** (-(1 + a))
    if kernel == "spectrum":
        return (
            Step(
                "spectrum",
                "The spectrum of the kernel",
                "premise",
                _EIGENVALUE,
                law,
                "The eigenvalues of the kernel, in falling order, measured in units of the first one. The further down "
                "an eigenfunction comes, the more data it takes to learn it.",
                source=_BAHRI,
            ),
        )
    frequency = sympy.Pow(_INDEX, 1 / d, evaluate=False)
    return (
        Step(
            "modes",
            "How many waves there are",
            "leading-order",
            sympy.Pow(2 * _FREQUENCY + 1, d, evaluate=False),
            sympy.Pow(2 * _FREQUENCY, d, evaluate=False),
            "On a torus the eigenfunctions are waves. Those with whole frequencies of at most f along each of the d "
            "axes are counted. Sorted by frequency, wave number i has a frequency proportional to i to the power 1/d.",
            limit=Limit(_FREQUENCY, "oo", sharp=True),
        ),
        Step(
            "fourier",
            "How fast they fade",
            "premise",
            sympy.Function("lambda")(_FREQUENCY),
            _FREQUENCY ** (-(d + t)),
            "A kernel whose first kink is the power t of the distance has Fourier coefficients that go as the power "
            "-(d + t) of the frequency. Smoother kernels suppress high frequencies more.",
            source=_BAHRI,
        ),
        Step(
            "eigenvalues",
            "Sort them",
            "identity",
            sympy.Pow(frequency, -(d + t), evaluate=False),
            law,
            "The frequency of wave number i, put into the law above it. Powers of powers multiply; the spectrum is a "
            "power law with a = t/d.",
        ),
    )


def _target_step(target: str, c: sympy.Expr) -> Step:
    because = (
        "A target from the kernel's own prior has, in each eigenfunction, a coefficient whose mean square is the "
        "eigenvalue: the kernel expects just what comes."
        if target == "prior"
        else "The squared coefficients of the target fall by a power of their own: c above a means a target that is "
        "smoother than the kernel expects, c below a means a rougher one."
    )
    return Step("target", "What there is to learn", "premise", _mean(_WEIGHT**2), _INDEX ** (-(1 + c)), because)


def _tail_step(x: sympy.Symbol, c: sympy.Expr, prior: bool) -> Step:
    what = "examples" if x == _D else "features"
    slip = (
        " The paper prints the sum with the factor a instead of 1/a, a slip that leaves the exponent alone."
        if prior
        else ""
    )
    return Step(
        "tail",
        "What the best choice leaves",
        "leading-order",
        sympy.Sum(_INDEX ** (-(1 + c)), (_INDEX, x + 1, sympy.oo)),
        x**-c / c,
        f"{x} {what} span {x} directions. The best they could do is to learn the first {x} eigenfunctions and leave "
        f"the rest, so no choice of them has a smaller error. The sum lies between the integrals from {x} and from "
        f"{x} + 1.{slip}",
        source=_BAHRI,
        limit=Limit(x, "oo", sharp=True),
    )


def _capacity(a: sympy.Expr) -> sympy.Expr:
    """The integral of 1/(1 + x^b) over positive x, b = 1 + a; written so that nothing cancels for small a."""
    return sympy.gamma(1 + 1 / (1 + a)) * sympy.gamma(a / (1 + a))


def _learned_steps(a: sympy.Expr) -> tuple[Step, Step]:
    eigenvalue = _INDEX ** (-(1 + a))
    return (
        Step(
            "learned",
            "How many directions are learned",
            "premise",
            _LEARNED,
            sympy.Sum(eigenvalue / (eigenvalue + _THRESHOLD), (_INDEX, 1, sympy.oo)),
            "Random points do not pick the first directions. In the mean field they learn, of each direction, a share "
            "that depends on whether its eigenvalue is above a threshold kappa. N is the sum of these shares. That is "
            "an approximation, and it is not proved here.",
        ),
        Step(
            "capacity",
            "Count them",
            "leading-order",
            _LEARNED,
            _capacity(a) * _THRESHOLD ** (-1 / (1 + a)),
            "For a low threshold the sum is an integral over i, and that is a product of gamma functions. The "
            "directions that are learned are those with an eigenvalue above kappa, give or take a factor.",
            limit=Limit(_THRESHOLD, "0", (_learned_sum(a),), sharp=True),
        ),
    )


def _threshold_step(x: sympy.Symbol, a: sympy.Expr) -> Step:
    return Step(
        "threshold",
        "The threshold",
        "identity",
        sympy.Eq(x, _capacity(a) * _THRESHOLD ** (-1 / (1 + a)), evaluate=False),
        sympy.Eq(_THRESHOLD, sympy.Pow(_capacity(a) / x, 1 + a, evaluate=False), evaluate=False),
        f"As many directions are learned as there are {'examples' if x == _D else 'features'}: N = {x}. The more there "
        "are, the lower the threshold.",
    )


def _missed_steps(a: sympy.Expr, c: sympy.Expr, p: sympy.Expr, power: int) -> tuple[Step, Step]:
    eigenvalue = _INDEX ** (-(1 + a))
    share = _THRESHOLD / (eigenvalue + _THRESHOLD)
    squared = power == 2
    return (
        Step(
            "missed",
            "What is not learned",
            "premise",
            _MISSED,
            sympy.Sum(_INDEX ** (-(1 + c)) * share**power, (_INDEX, 1, sympy.oo)),
            "B is the error that is left, up to a factor that does not change: what there was to learn in each "
            "direction "
            + (
                "times the square of the share that is not learned. Even the first directions are learned to a share "
                "below 1 only."
                if squared
                else "times the share that is not learned. Endless data find the best fit that the features allow, and "
                "the error of a best fit is its distance from the target, which is that share of each direction's "
                "square."
            ),
            source=_BORDELON if squared else None,
        ),
        Step(
            "saturation",
            "Two powers compete",
            "leading-order",
            _MISSED,
            _THRESHOLD ** (p / (1 + a)),
            "Directions beyond the threshold leave the power c/(1 + a) of kappa, those before it leave "
            f"{'its square' if squared else 'kappa itself'}. The smaller power counts, so a target may be too smooth "
            "for the kernel to profit: the error saturates.",
            limit=Limit(_THRESHOLD, "0", (_missed_sum(a, c, power),)),
        ),
    )


def _random_steps(x: sympy.Symbol, a: sympy.Expr) -> tuple[Step, ...]:
    level = sympy.Pow(_capacity(a) / x, 1 + a, evaluate=False)
    return (
        *_learned_steps(a),
        _threshold_step(x, a),
        Step(
            "random",
            "What random points leave",
            "premise",
            sympy.Symbol("L"),
            x * _THRESHOLD,
            f"In the mean field the error on a target from the prior is {x} times the threshold. That is not proved. "
            "Gaussian random features agree with it. For Brownian motion on a line, where a = 1, the power is the same "
            "and the exact factor is pi squared over 3, where the mean field has pi squared over 4.",
        ),
        Step(
            "constant",
            "The same power, a larger factor",
            "identity",
            sympy.Mul(x, level, evaluate=False),
            sympy.Mul(sympy.Pow(_capacity(a), 1 + a, evaluate=False), x**-a, evaluate=False),
            "The threshold put in. Random points are worse than the best directions by a factor, which more of them "
            "do not change.",
        ),
    )


def _filtered_steps(x: sympy.Symbol, a: sympy.Expr, c: sympy.Expr, p: sympy.Expr, power: int) -> tuple[Step, ...]:
    level = sympy.Pow(_capacity(a) / x, 1 + a, evaluate=False)
    return (
        *_learned_steps(a),
        _threshold_step(x, a),
        *_missed_steps(a, c, p, power),
        Step(
            "composition",
            "Put the two together",
            "identity",
            sympy.Pow(level, p / (1 + a), evaluate=False),
            sympy.Mul(sympy.Pow(_capacity(a), p, evaluate=False), x**-p, evaluate=False),
            "The threshold put into what is not learned. Powers of powers multiply.",
            law="none",  # it has its factor
        ),
    )


def _noise_steps(a: sympy.Expr, c: sympy.Expr, p: sympy.Expr) -> tuple[Step, ...]:
    missed, noisy = _THRESHOLD ** (p / (1 + a)), _NOISE**2 * _THRESHOLD ** (-1 / (1 + a)) / _D
    level = (_NOISE**2 / _D) ** ((1 + a) / (1 + p))
    return (
        *_learned_steps(a),
        *_missed_steps(a, c, p, power=2),
        Step(
            "noise",
            "What the noise costs",
            "premise",
            sympy.Symbol("V"),
            noisy,
            "Each direction that is learned also takes in its part of the noise, sigma squared over D. The threshold "
            "is now a choice, made by the ridge: a higher one learns fewer directions and takes in less noise.",
        ),
        Step(
            "balance",
            "The best threshold",
            "identity",
            sympy.Eq(missed, noisy, evaluate=False),
            sympy.Eq(_THRESHOLD, level, evaluate=False),
            "The sum of the two errors is smallest, up to a factor, where they are equal. We take the ridge to be "
            "tuned to that.",
        ),
        Step(
            "composition",
            "Put the two together",
            "identity",
            sympy.Pow(level, p / (1 + a), evaluate=False),
            (_NOISE**2 / _D) ** (p / (1 + p)),
            "The best threshold put into what is not learned. For a target from the prior it is the power a/(1 + a), "
            "the same that Zipf data give a learner that memorises.",
        ),
    )


def _slope_step(x: sympy.Symbol, alpha: sympy.Expr, dual: bool) -> Step:
    same = " Data and features play the same part here, so alpha_D = alpha_P." if dual else ""
    return slope_step(
        power(x, alpha),
        x,
        alpha,
        f"alpha is the slope of the error against {x} on double logarithmic axes, with its sign turned. Factors in "
        f"front drop out.{same}",
    )


_PRIOR = (
    "An estimate: that no choice of directions does better is exact, that random points reach the same power is a "
    "mean-field argument, which agrees with simulations. Only the factor differs, not the exponent."
)
_FEATURES = (
    "Our extension: the mean field for features in place of data. Up to c = 1 + a it is the exponent in data as well; "
    "beyond that more features help less than more data would."
)
_POWER = (
    "An estimate in the mean field. The formula was read in a digest of the paper; the steps here are our own way to "
    "it."
)
_NOISY = (
    "Our extension: the noise-free chain with the cost of noise beside it, for the best ridge. For a kernel of "
    "smoothness t and its own prior it is t/(t + d), which is the classical best rate 2s/(2s + d) of Stone (1982) with "
    "s = t/2."
)
_NO_TARGET = (
    "The theory gives no exponent here. The spectrum says how fast each eigenfunction is learned; how much of the "
    "target lies in it has to be known as well."
)
_PLENTIFUL = " Endless data average the label noise out, so it adds its own floor and leaves the exponent alone."


_EVEN = Silence(
    "The theory gives no exponent here. Even powers of the distance make no kink, so a kernel whose first kink is "
    "such a power does not exist, and what its eigenvalues do is decided by a later term. Take the power of the first "
    "kink.",
    sympy.prod((_SMOOTHNESS - even) ** 2 for even in range(2, _LAST_POWER, 2)),
    sympy.S.Zero,
    (("kernel", "smooth"),),
    or_equal=True,
    stops="fourier",
)


def _verdict(target: str, noisy: bool, resource: str) -> tuple[Status, str]:
    if noisy and resource == "data":
        return "extension", _NOISY
    plentiful = _PLENTIFUL if noisy else ""
    if target == "power" and resource == "parameters":
        return "extension", _FEATURES + plentiful
    return "estimate", (_PRIOR if target == "prior" else _POWER) + plentiful


def _build(values: Mapping[str, sympy.Expr], options: Mapping[str, Option]) -> Derivation:
    kernel, resource, target = (options[name].id for name in ("kernel", "resource", "target"))
    noisy = options["noise"].id == "labels"
    t, d = values["kernel_smoothness"], values["dimension"]
    a = values["decay"] if kernel == "spectrum" else t / d
    x = _D if resource == "data" else _PARAMETER_COUNT
    steps = _spectrum_steps(kernel, a, t, d)
    chosen = {name: option.id for name, option in options.items()}
    settings = tuple((parameter.id, values[parameter.id]) for parameter in _PARAMETERS)
    choices = tuple((name, option.id) for name, option in options.items())
    if target == "unknown":
        return Derivation(CALCULATOR.id, settings, choices, _ASSUMPTIONS, steps, None, silence=_NO_TARGET)
    if _EVEN.applies({_SMOOTHNESS: t}, chosen):
        return Derivation(CALCULATOR.id, settings, choices, _ASSUMPTIONS, steps[:1], None, silence=_EVEN.sentence)
    c = a if target == "prior" else values["target_decay"]
    power = 2 if resource == "data" else 1
    p = a if target == "prior" else sympy.Min(c, power * (1 + a))
    steps += (_target_step(target, c),)
    alpha = p
    worse: tuple[Quantity, ...] = ()
    if noisy and resource == "data":
        steps += _noise_steps(a, c, p)
        alpha = sympy.factor_terms(sympy.together(p / (1 + p))) if target == "prior" else p / (1 + p)
    elif target == "prior":
        steps += (_tail_step(x, a, prior=True), *_random_steps(x, a))
        title = f"How many times the error of the best {x} directions random ones have, in the mean field"
        worse = (Quantity("random", title, sympy.Symbol("r"), a * _capacity(a) ** (1 + a)),)
    else:
        steps += (_tail_step(x, c, prior=False), *_filtered_steps(x, a, c, p, power))
    steps += (_slope_step(x, alpha, target == "prior" and not (noisy and resource == "data")),)
    status, meaning = _verdict(target, noisy, resource)
    halving = Quantity("halving", "How many times as much halves the error", sympy.Symbol("g"), doubling(alpha))
    return Derivation(
        CALCULATOR.id,
        settings,
        choices,
        _ASSUMPTIONS,
        steps,
        Result(_ALPHA, alpha, status, meaning, _HOLDS, (halving, *worse)),
        (Curve("curve", "Error relative to its value at 1", x, x**-alpha),),
    )


CALCULATOR = Calculator(
    "kernel-spectrum",
    "Scaling from the spectrum of a kernel",
    "When the eigenvalues of a kernel fall as a power, how fast does a kernel method learn?",
    _PARAMETERS,
    (
        Choice(
            "kernel",
            "What is given",
            options=_kernels,
            default="spectrum",
            meaning="The decay a of the spectrum itself, or a kernel whose smoothness and dimension give it: a = t/d.",
        ),
        Choice(
            "resource",
            "What is scarce",
            options=_resources,
            default="data",
            meaning="Data and random features are dual, both select directions of one spectrum. For smooth targets "
            "they differ.",
        ),
        Choice(
            "target",
            "What is learned",
            options=_targets,
            default="prior",
            meaning="How the target is spread over the kernel's eigenfunctions.",
        ),
        Choice(
            "noise",
            "Label noise",
            options=_noises,
            default="none",
            meaning="Noise makes it costly to learn many directions from few data.",
        ),
    ),
    (_BAHRI, _BORDELON),
    _build,
    columns=(
        Column("t = 1, no noise", {"kernel": "smooth", "kernel_smoothness": "1"}),
        Column("t = 1, label noise", {"kernel": "smooth", "kernel_smoothness": "1", "noise": "labels"}),
        Column("t = 3, no noise", {"kernel": "smooth", "kernel_smoothness": "3"}),
        Column("t = 3, label noise", {"kernel": "smooth", "kernel_smoothness": "3", "noise": "labels"}),
    ),
    row_parameter="dimension",
    row_values=("1", "2", "3", "4", "6", "8", "16", "32"),
    belongs=("explaining-neural-scaling-laws",),
    silences=(_EVEN,),
    against=(
        "Targets drawn from the kernel's own prior, no label noise, a spectrum that was measured and is a power "
        "over the range in question: the mean error must fall with the slope a in D and in P. A slope that is off "
        "by more than 5 % of a over two decades, with a standard error below 2 %, would count against it.",
        "No choice of D points or P features may have a smaller mean error than the tail of the spectrum. One "
        "design that lies below that sum by more than four standard errors would refute it.",
        "Random points may be worse than the best directions by a factor, not by a power. A quotient of the two "
        "that still grows by more than 5 % from one decade of D to the next, beyond the first two, would count "
        "against it. The factor itself is a mean-field value; that it is off by a third for Brownian motion is "
        "known and counts against the factor, not against the exponent.",
        "A target that is smoother than the kernel can use: the slope must stop at 2(1 + a) in data and at 1 + a "
        "in features. A slope that exceeds the limit by more than 5 % over two decades, in exact arithmetic, "
        "would count against it.",
        "Label noise and targets from the prior: with the best ridge at every D the slope must be a/(1 + a). A "
        "steeper one, by more than 5 % over two decades and for any ridge, would count against it.",
    ),
)
