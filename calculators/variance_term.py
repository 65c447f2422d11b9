"""A term 1/D beside the resolution-limited one: the slower of the two wins in the end."""

from __future__ import annotations

import sympy

from calculators.derivation import Limit, Quantity, Step
from calculators.resolution import BAHRI, Answer, Setting, exponent_step, law_step
from calculators.spacing import DATA, FAR

_FACTOR, _OTHER_FACTOR = sympy.Symbol("K", positive=True), sympy.Symbol("b", positive=True)

_BESIDE = (
    "Our extension, and a condition: if there is a term that falls as 1/D, the slower of the two wins in the end. In "
    "the limit of infinitely many parameters and without noise there is none. It matters where d is below "
    "m min(q + 1, s), which is 4 for squared error, linear pieces and a smooth target."
)
_ONLY_DATA = (
    "The theory gives no exponent here. The term 1/D is a term in the number of examples; for "
    "parameters or width as the bottleneck, choose the regime variance to see how chance falls with them."
)


def answer(setting: Setting) -> Answer:
    """The smaller of the exponent and 1."""
    alpha = setting.alpha
    if setting.resource != "data":
        return Answer((), None, silence=_ONLY_DATA)
    both = _FACTOR * DATA**-alpha + _OTHER_FACTOR / DATA
    slower = sympy.Min(alpha, 1)
    return Answer(
        (
            law_step(setting, "resolution-law"),
            Step(
                "competitor",
                "A second term",
                "premise",
                sympy.Function("L")(DATA),
                both,
                "Suppose that chance in the data adds a term b/D, as it does in the variance-limited regime for a "
                "loss that is smooth where errors are left. Then two "
                "terms fall side by side; K and b are factors that the argument leaves open.",
                source=BAHRI,
            ),
            Step(
                "composition",
                "The slower term wins",
                "leading-order",
                both,
                DATA**-slower,
                "With enough data only the term of the smaller exponent is left. Where both are close, that takes much "
                "data, and a fit over few decades shows something between.",
                limit=Limit(DATA, "oo", octaves=FAR),
            ),
            exponent_step(DATA, slower),
        ),
        slower,
        verdict=("extension", _BESIDE),
        quantities=(Quantity("resolution", "Exponent of the resolution-limited term", sympy.Symbol("alpha_0"), alpha),),
    )
