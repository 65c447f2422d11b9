"""What stands behind the calculators: which test checks what, in words. The page on checking is made from it.

A test is named as pytest names it, `calculators/test_verify.py::test_…`, below the folder `tests`. That each of them
exists is itself tested.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

TESTS: Final = "tests/"
"""The folder of the tests in the repository."""
_FOLDER: Final = Path(__file__).parents[1] / TESTS


@dataclass(frozen=True)
class Check:
    """Something that is checked, and the tests that do it."""

    title: str
    text: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Oracle:
    """A comparison with something that does not use the code under test."""

    text: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """The tests of one calculator."""

    steps: tuple[str, ...]
    """Every step is verified, for every combination of the switches."""
    broken: tuple[str, ...]
    """Steps made wrong on purpose fail by their names; empty for a calculator without steps."""
    javascript: tuple[str, ...]
    """The emitted JavaScript equals SymPy."""
    oracles: tuple[Oracle, ...]
    javascript_note: str = ""
    """Where the comparison has fewer inputs than usual, and why."""

    @property
    def tests(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.steps, *self.broken, *self.javascript, *(name for one in self.oracles for name in one.tests))


_VERIFY = "calculators/test_verify.py::"
_EXPRESSIONS = "calculators/test_expressions.py::"
_LOSSES = "calculators/test_losses.py::"

KINDS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "premise": Check(
            "assumed",
            "An assumption, a definition or a cited theorem. It is not tested, and it is never called derived.",
            (_VERIFY + "test_premises_are_not_checked",),
        ),
        "identity": Check(
            "exact",
            "The line before equals the line after. Both are computed to 50 digits at eight seeded points (two where "
            "an integral has to be taken) and must agree. Where an integral stands under another integral they are "
            "computed in floating-point numbers instead, and must agree to ten digits.",
            (
                _VERIFY + "test_a_wrong_identity_fails_by_its_name",
                _VERIFY + "test_an_integral_over_integrals_is_compared_to_ten_digits",
            ),
        ),
        "leading-order": Check(
            "leading order",
            "The line before behaves like the line after in a limit. Concrete functions, called witnesses, are "
            "followed towards the limit to 50 digits; their slope on double logarithmic axes must tend to the "
            "stated exponent, and where a factor is claimed as well, the quotient must tend to 1.",
            (
                _VERIFY + "test_a_wrong_exponent_fails_by_its_name",
                _VERIFY + "test_a_sharp_step_checks_the_coefficient_on_its_witnesses_too",
            ),
        ),
    }
)
"""Kind of step -> how it is told on pages, and how it is tested."""

COMMON: Final = (
    Check(
        "A step that is wrong is found",
        "Checked lines of every calculator are changed on purpose: by a factor, a sign, a small exponent, in many "
        "cases by one part in 10^30. The check must fail, and name that step.",
        (_VERIFY + "test_a_wrong_line_before_fails_by_its_name", _VERIFY + "test_whole_messages"),
    ),
    Check(
        "The end is the result",
        "The last line of a derivation must be the result that the page shows.",
        (_VERIFY + "test_a_derivation_must_end_in_its_result",),
    ),
    Check(
        "The page computes what Python computes",
        "The JavaScript is emitted from the same SymPy expressions. It is run on about 1,000 seeded random inputs for "
        "each calculator and must give the same fractions, or numbers within one part in 10^12.",
        (
            "calculators/test_widget.py::test_javascript_equals_sympy_exactly",
            "calculators/test_widget.py::test_javascript_equals_a_formula_written_by_hand",
            "site/test_browser.py::test_every_calculator_starts_with_the_answer_that_the_page_was_built_with",
        ),
    ),
    Check(
        "Oracles that know nothing of the code",
        "Each result is compared with something else: a simulation within stated standard errors, a published number, "
        "a limit, a case that can be done in the head. They are listed below for each calculator.",
        ("calculators/test_oracles.py::test_interpolation_on_a_grid",),
    ),
    Check(
        "What a person types is never run as code",
        "Losses and expected values are read through a whitelist with limits on length, size and exponents. Hostile "
        "and hopeless input must get one line within a second; random texts are tried as well.",
        (
            _EXPRESSIONS + "test_what_cannot",
            _EXPRESSIONS + "test_any_text_at_all",
            _LOSSES + "test_what_is_no_loss_gets_one_line_within_a_second",
            "digest/test_boundaries.py::test_no_code_is_made_from_text",
        ),
    ),
    Check(
        "Claims are compared at every build",
        "A claim that names a calculator is computed whenever the site is built. A difference stops the build with "
        "the claim's file and line; the golden cases hold such mistakes with the whole expected output.",
        ("digest/test_golden.py::test_problems", "digest/test_content.py::test_file_has_no_problem"),
    ),
    Check(
        "One source",
        "No script and no template may hold a formula that computes, and the packages may be imported in one "
        "direction only.",
        (
            "digest/test_boundaries.py::test_no_formula_in_javascript",
            "digest/test_boundaries.py::test_imports_point_one_way",
        ),
    ),
)
"""What is checked in the same way for all calculators."""

STATUSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "theorem": "proved, by the source that is named or in the steps, under the assumptions that are listed",
        "estimate": "true to leading order, or in an approximation that is named; not proved",
        "extension": "our own step beyond what a source says; we found nobody who states it",
        "exact": "derived here from definitions, without approximation",
        "illustration": "exact in a small model that was made up to show an argument",
        "arithmetic": "numbers put together as stated; it is as good as what goes in",
    }
)
"""What a result is worth -> what that means."""

UNCHECKED: Final = (
    "Premises. Whether data lie on a manifold, whether examples are independent, whether a network interpolates "
    "locally: a derivation says what follows if they hold, and not that they hold.",
    "Cited theorems. That a paper states a theorem, in that place and under those conditions, was read and not "
    "computed. Their proofs are not repeated here. Where a text was known second-hand, the source says so.",
    "Constants, where a step claims only a power. Such steps are written with the sign for “is proportional to”.",
    "Identities at all points. Agreement to 50 digits at seeded points leaves little room for a slip, but it is no "
    "symbolic proof.",
    "Fits to other people's measurements, such as the curves of overoptimised rewards. The algebra on them is exact; "
    "the curves are taken as published.",
    "The world. A result that is derived is a prediction. What would count against it is said with each calculator, "
    "and a measurement of our own is listed there as soon as there is one.",
)
"""What no test here checks."""

_SCALING = "calculators/test_oracles.py::"
_VARIANCE = "calculators/test_variance_limited.py::"
_KERNEL = "calculators/test_kernel_spectrum.py::"
_NEAREST = "calculators/test_nearest_neighbour.py::"
_PLANNER = "calculators/test_resource_planner.py::"
_FIT = "calculators/test_fitting.py::"
_EXPONENT = "calculators/test_exponent_fit.py::"
_SCRIPT = "calculators/test_fit_script.py::"
_RATES = "calculators/test_universal_rates.py::"
_GOODHART = "calculators/test_goodhart.py::"
_KL = "calculators/test_kl_balancing.py::"
_BUDGET = "calculators/test_imagination_budget.py::"
_SCORE = "calculators/test_normalised_score.py::"
_TABLE = "calculators/test_score_table.py::"

EVIDENCE: Final[Mapping[str, Evidence]] = MappingProxyType(
    {
        "scaling-exponent": Evidence(
            (_VERIFY + "test_steps_hold_for_every_smoothness", _VERIFY + "test_steps_hold_for_every_loss"),
            (_VERIFY + "test_a_wrong_identity_fails_by_its_name", _VERIFY + "test_a_wrong_exponent_fails_by_its_name"),
            ("calculators/test_widget.py::test_javascript_equals_sympy_exactly",),
            (
                Oracle(
                    "Constant and linear interpolation of smooth targets on grids, one to four dimensions, three "
                    "losses: the measured slope within 5 %.",
                    (_SCALING + "test_interpolation_on_a_grid",),
                ),
                Oracle(
                    "Nearest neighbour on random points of a torus, one to three dimensions: within 7 %.",
                    (_SCALING + "test_nearest_neighbour_on_random_points",),
                ),
                Oracle(
                    "Rough targets of known smoothness, and targets with kinks.",
                    (_SCALING + "test_rough_targets", _SCALING + "test_kinks_have_smoothness_one_plus_one_over_m"),
                ),
                Oracle(
                    "The order of each known loss by halving the error, with formulas written again by hand.",
                    (_SCALING + "test_the_order_of_a_loss_by_halving_the_error",),
                ),
                Oracle("The relations that the papers print.", (_SCALING + "test_published_relations",)),
            ),
        ),
        "variance-limited": Evidence(
            (_VARIANCE + "test_every_step_holds",),
            (_VARIANCE + "test_a_wrong_step_fails_by_its_name",),
            (_VARIANCE + "test_javascript_equals_sympy",),
            (
                Oracle(
                    "The reciprocal of a mean of exponential draws, whose excess is known exactly.",
                    (_VARIANCE + "test_the_reciprocal_of_a_mean",),
                ),
                Oracle(
                    "Least squares with Gaussian inputs against the textbook's formula for every D, within four "
                    "standard errors.",
                    (_VARIANCE + "test_least_squares",),
                ),
                Oracle(
                    "Absolute error with noisy labels, and losses of order 1 to 4 with nothing left in the limit: "
                    "simulated slopes within 3 and 4 %.",
                    (
                        _VARIANCE + "test_absolute_error_with_noisy_labels",
                        _VARIANCE + "test_nothing_left_in_the_limit",
                    ),
                ),
                Oracle(
                    "The weights of a network, counted layer by layer.",
                    (_VARIANCE + "test_the_parameter_count_of_a_network",),
                ),
            ),
        ),
        "kernel-spectrum": Evidence(
            (_KERNEL + "test_every_step_holds",),
            (_KERNEL + "test_a_wrong_step_fails_by_its_name",),
            (_KERNEL + "test_javascript_equals_sympy", _KERNEL + "test_javascript_of_the_factor_for_random_points"),
            (
                Oracle(
                    "Gaussian processes on a circle with random points, three spectra: slopes within 6 %; with label "
                    "noise within 0.06.",
                    (_KERNEL + "test_random_points_on_a_circle", _KERNEL + "test_label_noise_on_a_circle"),
                ),
                Oracle(
                    "Gaussian random features and endless data: slopes within 8 %, the factor within 4 %.",
                    (_KERNEL + "test_random_features", _KERNEL + "test_the_factor_for_random_features"),
                ),
                Oracle(
                    "Brownian motion between random points, where the factor is known exactly.",
                    (_KERNEL + "test_brownian_motion_between_random_points",),
                ),
                Oracle(
                    "A single wave interpolated from even points, for the saturation; Stone's rate of 1982, for noise.",
                    (
                        _KERNEL + "test_a_smooth_target_saturates_on_a_grid",
                        _KERNEL + "test_label_noise_gives_the_classical_best_rate",
                    ),
                ),
                Oracle(
                    "Slopes of the kernels of ReLU networks, measured beforehand and kept as numbers: within 7 %.",
                    (
                        _KERNEL + "test_kernels_of_relu_networks",
                        _KERNEL + "test_a_smooth_target_under_a_rough_kernel",
                    ),
                ),
            ),
        ),
        "nearest-neighbour": Evidence(
            (_NEAREST + "test_all_steps_hold", _NEAREST + "test_steps_hold_at_the_ends_of_the_ranges"),
            (_NEAREST + "test_a_wrong_exponent_or_factor_fails_by_its_name",),
            (_NEAREST + "test_javascript_equals_sympy",),
            (
                Oracle(
                    "Nearest neighbour simulated on random points, with and without noise, and on grids.",
                    (_NEAREST + "test_simulated_on_random_points", _NEAREST + "test_simulated_on_a_grid"),
                ),
                Oracle(
                    "One and two dimensions in the head: gaps are exponential.",
                    (_NEAREST + "test_cases_that_can_be_done_in_the_head",),
                ),
                Oracle(
                    "The closed form written again with another library's gamma function.",
                    (_NEAREST + "test_against_the_formula_of_the_notes",),
                ),
            ),
        ),
        "resource-planner": Evidence(
            (_PLANNER + "test_all_steps_hold",),
            (_PLANNER + "test_a_wrong_exponent_or_factor_fails_by_its_name",),
            (_PLANNER + "test_javascript_equals_sympy",),
            (
                Oracle(
                    "Made-up laws with known numbers: the size is found by bisection on the law itself.",
                    (_PLANNER + "test_it_finds_the_size_at_which_a_made_up_law_reaches_the_target",),
                ),
                Oracle(
                    "Published exponents of language models and the dimensions that they imply.",
                    (_PLANNER + "test_published_exponents",),
                ),
                Oracle(
                    "Halvings and quarters that can be done in the head; weights of a network counted one by one.",
                    (
                        _PLANNER + "test_cases_that_can_be_done_in_the_head",
                        _PLANNER + "test_parameters_of_a_width",
                    ),
                ),
            ),
        ),
        "exponent-fit": Evidence(
            (_EXPONENT + "test_every_step_holds",),
            (_EXPONENT + "test_a_wrong_step_fails_by_its_name",),
            (_EXPONENT + "test_javascript_equals_sympy",),
            (
                Oracle(
                    "The page's script and the shell on 200 seeded files of ten kinds: every number within one part in "
                    "10^9, every sentence alike; and bad files, message by message.",
                    (_SCRIPT + "test_two_hundred_files", _SCRIPT + "test_bad_files_get_the_same_message"),
                ),
                Oracle(
                    "NumPy's own fit of a line; printed tables of Student's distribution.",
                    (_FIT + "test_power_law_equals_polyfit", _FIT + "test_student_against_printed_tables"),
                ),
                Oracle(
                    "Intervals must cover the truth as often as they say, with and without an irreducible loss.",
                    (
                        _FIT + "test_the_interval_covers_as_often_as_it_says",
                        _FIT + "test_errors_of_the_irreducible_fit_cover",
                    ),
                ),
                Oracle(
                    "Curves without noise give back their own numbers; resampling agrees with theory.",
                    (_FIT + "test_exact_curves_give_their_own_numbers", _FIT + "test_bootstrap_agrees_with_theory"),
                ),
            ),
        ),
        "universal-rates": Evidence(
            (_RATES + "test_every_step_holds", _RATES + "test_the_power_law_holds_for_every_tail"),
            (_RATES + "test_a_wrong_factor_or_exponent_fails_by_the_name_of_its_step",),
            (_RATES + "test_javascript_equals_sympy",),
            (
                Oracle(
                    "Both threshold learners simulated, within four standard errors.",
                    (
                        _RATES + "test_thresholds_on_the_naturals_by_simulation",
                        _RATES + "test_thresholds_on_the_line_by_simulation",
                    ),
                ),
                Oracle(
                    "The worst case by search: 800 random sources at each n stay below it, and many small inputs come "
                    "close.",
                    (_RATES + "test_the_worst_case_on_the_naturals_by_search",),
                ),
                Oracle(
                    "The memoriser on Zipf data: the sum over two million inputs; and a simulated memoriser.",
                    (
                        _RATES + "test_the_memoriser_on_zipf_data_by_its_sum",
                        _RATES + "test_the_memoriser_guesses_what_it_has_not_seen",
                    ),
                ),
                Oracle(
                    "The two traps, by building the trees on finite pieces of the classes.",
                    (_RATES + "test_the_two_traps_on_finite_pieces",),
                ),
            ),
        ),
        "goodhart": Evidence(
            (_GOODHART + "test_every_step_holds", _GOODHART + "test_every_step_holds_for_numbers"),
            (
                _GOODHART + "test_a_wrong_factor_fails_by_the_name_of_its_step",
                _GOODHART + "test_a_wrong_exponent_fails_by_the_name_of_its_step",
            ),
            (
                _GOODHART + "test_javascript_equals_sympy",
                _GOODHART + "test_javascript_equals_sympy_up_to_where_the_arithmetic_ends",
            ),
            (
                Oracle(
                    "The best of n with Student-t errors by a quadrature of someone else, and in a simulation; what "
                    "passes a threshold with them by sums on a grid.",
                    (
                        _GOODHART + "test_the_best_of_n_with_student_errors_by_another_quadrature",
                        _GOODHART + "test_the_best_of_thousands_with_student_errors_by_simulation",
                        _GOODHART + "test_a_threshold_with_student_errors_on_a_grid",
                    ),
                ),
                Oracle(
                    "Millions of drawn candidates: behind a proxy, beyond a threshold, and the best of n, within four "
                    "standard errors.",
                    (
                        _GOODHART + "test_what_lies_behind_a_proxy",
                        _GOODHART + "test_what_passes_a_threshold",
                        _GOODHART + "test_the_best_of_n",
                    ),
                ),
                Oracle(
                    "A correlated error that pushes the value below its mean, simulated.",
                    (_GOODHART + "test_a_correlated_error_pushes_the_value_below_its_mean",),
                ),
                Oracle(
                    "Printed means of the highest of n Gaussians.",
                    (_GOODHART + "test_the_published_mean_of_the_highest_of_ten_gaussians",),
                ),
                Oracle(
                    "The peaks of the reward curves by search; the divergence of the best of n by simulation.",
                    (
                        _GOODHART + "test_the_peak_of_a_reward_by_search",
                        _GOODHART + "test_the_divergence_of_best_of_n_by_simulation",
                    ),
                ),
            ),
            "1,000 inputs a formula; 400 where each value is an integral, 12 of them compared to 50 digits and the "
            "others to twelve, with sums that are refined until they settle. The best of n with Student-t errors has "
            "no JavaScript: it is computed in Python alone",
        ),
        "kl-balancing": Evidence(
            (_KL + "test_steps_hold",),
            (_KL + "test_a_wrong_step_fails_by_its_name", _KL + "test_a_wrong_step_fails_with_numbers_too"),
            (_KL + "test_javascript_equals_sympy", _KL + "test_javascript_integrates"),
            (
                Oracle(
                    "Differences of the loss itself, for 2, 3 and 32 classes.",
                    (_KL + "test_the_pulls_are_the_gradients_of_the_balanced_loss",),
                ),
                Oracle(
                    "The straight-through rule on 400,000 samples, and the costs of one Gaussian on 400,000 futures, "
                    "within four standard errors.",
                    (_KL + "test_the_bias_by_sampling", _KL + "test_the_costs_by_sampling"),
                ),
                Oracle("Published and known numbers.", (_KL + "test_published_and_known_numbers",)),
            ),
        ),
        "imagination-budget": Evidence(
            (_BUDGET + "test_steps_hold_and_wrong_ones_fail",),
            (_BUDGET + "test_steps_hold_and_wrong_ones_fail",),
            (_BUDGET + "test_javascript_equals_sympy_exactly",),
            (
                Oracle("The published 468 billion, and the code's numbers.", (_BUDGET + "test_published_numbers",)),
                Oracle("A small run counted frame by frame.", (_BUDGET + "test_counting_one_by_one",)),
            ),
        ),
        "normalised-score": Evidence(
            (_SCORE + "test_steps_hold",),
            (_SCORE + "test_wrong_steps_fail_by_their_names",),
            (_SCORE + "test_javascript_equals_sympy_exactly",),
            (
                Oracle(
                    "Whole tables of games: the mean moves as stated, the median to a neighbour at most.",
                    (_TABLE + "test_the_mean_moves_as_the_calculator_says_and_the_median_to_a_neighbour_at_most",),
                ),
                Oracle("Aggregates as NumPy has them.", (_TABLE + "test_aggregates_as_numpy_has_them",)),
                Oracle("The baseline of James Bond.", (_SCORE + "test_james_bond",)),
            ),
        ),
    }
)
"""Calculator id -> its tests."""


def source(file: str) -> bytes | None:
    """The text of a file of tests, such as `calculators/test_verify.py`; None where the package came without them."""
    try:
        return (_FOLDER / file).read_bytes()
    except OSError:
        return None
