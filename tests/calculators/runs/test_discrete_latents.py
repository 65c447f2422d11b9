"""The small world models against oracles: the calculators' exact gradients, closed forms, and the world itself."""

import csv
import math
import statistics
from fractions import Fraction

import numpy as np
import pytest

jax = pytest.importorskip("jax")
jnp = jax.numpy

from calculators import CATALOG  # noqa: E402
from calculators.runs import discrete_latents, latents, provenance  # noqa: E402
from calculators.runs.discrete_latents import ABLATIONS, LATENTS, RUN, excess_loss, rate  # noqa: E402
from calculators.runs.latents import Members, Task  # noqa: E402
from calculators.runs.record import from_csv, load  # noqa: E402
from calculators.runs.run import Metric  # noqa: E402

TASK = Task(
    frames=4,
    hold=2,
    context=2,
    variables=1,
    classes=3,
    recurrent=4,
    units=5,
    batch=6,
    steps=4,
    checkpoints=2,
    peak=0.01,
    held_out=32,
    nodes=512,
    starts=4,
    imagined=16,
    continued=4,
)


def member(**changes: float) -> Members:
    """One member, every field a number."""
    plain = {"gaussian": 0, "linear": 0, "separation": 10, "prior_weight": 1, "posterior_weight": 1}
    values = plain | {"image": 1, "reward": 1} | changes
    return Members(np.uint32(values.pop("seed", 3)), *(np.float64(values[name]) for name in Members._fields[1:]))


Q, P = ("1/2", "1/3", "1/6"), ("1/4", "1/2", "1/4")
"""Posterior and prior: the last two classes share what they have in the same way, so R is 0 for the first."""


def pull(side: str, weight: str, p: str, q: str) -> float:
    """What the calculator says of one logit's gradient."""
    settings = {"question": side, "weight": weight, "prior": p, "posterior": q}
    return float(CATALOG["kl-balancing"].derive(**settings).answer.expression)


def gradients(prior_weight: float, posterior_weight: float) -> tuple[np.ndarray, np.ndarray]:
    """For the posterior's and the prior's logits, in double precision."""
    with jax.enable_x64(True):
        logits = [jnp.log(jnp.asarray([float(Fraction(x)) for x in side])) for side in (Q, P)]
        balanced = member(prior_weight=prior_weight, posterior_weight=posterior_weight)
        found = jax.grad(lambda q, p: latents.balanced(TASK, balanced, q, p), argnums=(0, 1))(*logits)
        return np.asarray(found[0]), np.asarray(found[1])


@pytest.mark.parametrize("weight", ["1/2", "4/5"])
def test_the_balanced_loss_has_the_gradients_that_the_calculator_derives(weight: str) -> None:
    """Automatic differentiation, to 1e-9: the prior's for every class, the posterior's for the first and by hand."""
    w = float(Fraction(weight))
    of_q, of_p = gradients(w, 1 - w)
    assert of_p == pytest.approx([pull("prior", weight, p, q) for p, q in zip(P, Q, strict=True)], rel=1e-9)
    assert of_q[0] == pytest.approx(pull("posterior", weight, P[0], Q[0]), rel=1e-9)
    q, p = (np.array([float(Fraction(x)) for x in side]) for side in (Q, P))
    whole = np.sum(q * np.log(q / p))
    assert of_q == pytest.approx((1 - w) * q * (np.log(q / p) - whole), rel=1e-9)


def test_the_comparison_of_gradients_can_fail() -> None:
    """Weights on the wrong sides are seen."""
    of_q, of_p = gradients(0.2, 0.8)
    assert of_p[0] != pytest.approx(pull("prior", "4/5", P[0], Q[0]), rel=0.1)
    assert of_q[0] != pytest.approx(pull("posterior", "4/5", P[0], Q[0]), rel=0.1)


def test_the_straight_through_gradient_is_biased_as_derived() -> None:
    """For z squared of a yes-or-no latent: the mean over samples, against the true gradient plus the bias."""
    task = Task(**(vars(TASK) | {"classes": 2}))
    q, count = 0.75, 40_000
    logit = math.log(q / (1 - q))
    noise = jax.random.normal(jax.random.key(1), (count, 1))

    def squared(u, blur):  # type: ignore[no-untyped-def]
        return latents.sample(task, 0.0, jnp.stack([u, jnp.zeros(())]), blur)[0] ** 2

    gradients = np.asarray(jax.vmap(jax.grad(squared), in_axes=(None, 0))(logit, noise))
    values = np.asarray(jax.vmap(squared, in_axes=(None, 0))(logit, noise))
    assert np.mean(values) == pytest.approx(q, abs=4 * math.sqrt(q * (1 - q) / count))
    settings = {"question": "straight-through", "posterior": "3/4", "bend": "1"}
    bias = float(CATALOG["kl-balancing"].derive(**settings).answer.expression)
    error = float(np.std(gradients)) / math.sqrt(count)
    assert bias > 4 * error
    assert abs(np.mean(gradients) - (q * (1 - q) + bias)) < 4 * error


def test_the_gaussian_divergence_is_the_closed_form() -> None:
    """Oracle: the integral of q log(q/p) on a fine grid."""
    posterior, prior = jnp.asarray([0.7, -0.3, 0.0]), jnp.asarray([-0.4, 1.1, 0.0])
    x = np.linspace(-30, 30, 200_001)
    (mean, deviation), (centre, width) = ([float(v[0]) for v in latents.normal(TASK, h)] for h in (posterior, prior))

    def log_density(middle: float, spread: float) -> np.ndarray:
        return -((x - middle) ** 2) / (2 * spread**2) - math.log(spread * math.sqrt(2 * math.pi))

    q, p = log_density(mean, deviation), log_density(centre, width)
    expected = np.sum(np.exp(q) * (q - p)) * (x[1] - x[0])
    assert float(latents.divergence(TASK, 1.0, posterior, prior)) == pytest.approx(expected, rel=1e-4)


def test_the_true_loss_is_the_entropy_of_two_modes() -> None:
    """Its mean over episodes is the entropy from numpy, on a grid; two frames of one side are one of twice rho."""
    rho = 4.0
    shown = latents.episodes(TASK, rho, jax.random.key(2), 20_000)
    x = np.linspace(-20, 20, 40_001)
    for frames, separation, extra in ((1, rho, 0.0), (2, 2 * rho, 0.5 * math.log(2 * math.pi * math.e))):
        a = math.sqrt(separation)
        density = (np.exp(-((x - a) ** 2) / 2) + np.exp(-((x + a) ** 2) / 2)) / math.sqrt(8 * math.pi)
        entropy = -np.sum(density * np.log(density)) * (x[1] - x[0]) + extra
        losses = np.asarray(latents.true_loss(shown.frames[:, :frames], rho))
        assert abs(losses.mean() - entropy) < 4 * losses.std() / math.sqrt(len(losses))
    agree = np.asarray(shown.sides[:, 1] * shown.sides[:, 0])
    assert np.array_equal(np.asarray(shown.rewards), np.stack([0 * agree, 0 * agree, agree, agree], axis=1))


def test_the_density_of_the_next_frame_is_exact_for_a_linear_decoder() -> None:
    """One Gaussian, its mean and variance from the weights by hand, at frames that such a Gaussian shows."""
    one = member(gaussian=1, linear=1)
    world = latents.beginner(TASK, 1)
    draw = np.random.default_rng(3)
    h = draw.normal(size=(200, 4)).astype(np.float32)
    mean, deviation = (np.asarray(v)[:, 0] for v in latents.normal(TASK, latents.prior(world, h)))
    slope = float(world.line_z[0, 0]) * math.sqrt(11)
    middle = math.sqrt(11) * (h @ np.asarray(world.line_h))[:, 0] + slope * mean
    variance = 1 + (slope * deviation) ** 2
    seen = (middle + np.sqrt(variance) * draw.normal(size=200)).astype(np.float32)
    expected = (seen - middle) ** 2 / (2 * variance) + np.log(2 * math.pi * variance) / 2
    found = np.asarray(latents.next_frame_loss(TASK, one, world, jnp.asarray(h), jnp.asarray(seen)))
    assert abs(slope) * np.median(deviation) > 0.5  # the latent matters
    # The points reach as far as their number allows, so a frame far out is less exact; the mean is what is recorded.
    assert np.quantile(np.abs(found - expected), 0.95) < 0.02
    assert np.mean(found - expected) == pytest.approx(0, abs=0.004)


def test_the_density_of_the_next_frame_with_classes_adds_up_to_one() -> None:
    world = latents.beginner(TASK, 2)
    h = jnp.ones((1, 4))
    x = jnp.linspace(-25, 25, 2001)
    losses = latents.next_frame_loss(TASK, member(), world, jnp.repeat(h, len(x), axis=0), x)
    assert float(jnp.sum(jnp.exp(-losses)) * (x[1] - x[0])) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(("stopped", "head"), [("image", "decoder"), ("reward", "reward")])
def test_stopped_gradients_reach_the_head_but_not_the_states(stopped: str, head: str) -> None:
    """With both divergences at 0 and both heads' gradients stopped nothing moves the states; with one let through, it
    does."""
    world = latents.beginner(TASK, 4)
    one = member(prior_weight=0, posterior_weight=0, image=0, reward=0)
    shown = latents.episodes(TASK, 10.0, jax.random.key(5), 6)
    noise = jax.random.normal(jax.random.key(6), (6, 4, 1))
    none = jax.grad(lambda w: latents.loss(TASK, one, w, shown, noise))(world)
    assert float(jnp.abs(none.gates).max()) == float(jnp.abs(none.posterior.out).max()) == 0
    assert float(jnp.abs(getattr(none, head).out).max()) > 0
    let = one._replace(**{name: np.float64(1) for name in ("image", "reward") if name != stopped})
    some = jax.grad(lambda w: latents.loss(TASK, let, w, shown, noise))(world)
    assert float(jnp.abs(some.posterior.out).max()) > 0


@pytest.fixture(scope="module")
def ensemble() -> tuple[Members, latents.Outcome]:
    rows = [member(seed=1), member(seed=2, gaussian=1), member(seed=3, separation=4, reward=0)]
    many = Members(*(np.array(v) for v in zip(*rows, strict=True)))
    many = Members(many.seed, *(v.astype(np.float32) for v in many[1:]))
    return many, latents.run(TASK, many)


def test_devices_change_nothing(ensemble: tuple[Members, latents.Outcome]) -> None:
    """Shared out over all devices, and padded where they do not come out even: the numbers of one device."""
    many, found = ensemble
    assert all(values.shape == (3, 2) and np.isfinite(values).all() for values in found)
    for mine, alone in zip(found, latents.train(TASK, many), strict=True):
        assert mine == pytest.approx(np.asarray(alone), rel=1e-3, abs=1e-4)


def test_the_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^frames and context must be multiples of hold, the context the smaller; "):
        Task(**(vars(TASK) | {"context": 4}))
    with pytest.raises(ValueError, match=r"^steps must be a multiple of checkpoints; got 5 and 2$"):
        Task(**(vars(TASK) | {"steps": 5}))


# --- the record ------------------------------------------------------------------------------------------------------


def test_the_record_has_every_model_and_the_theory_of_it() -> None:
    folder = provenance.RECORDS / RUN.id
    record = load(folder / "run-cpu.yml", "run-cpu.yml")
    assert record.machine.kind == "cpu"
    table = from_csv((folder / "models-cpu.csv").read_text(encoding="utf-8"), "models-cpu.csv")
    assert set(table.column("model")) == {model.id for model in (*LATENTS, *ABLATIONS)}
    metrics = {metric.id: metric for metric in record.metrics}
    for rho in (2, 4, 10, 25):
        linear, charged = metrics[f"loss-linear-rho{rho}"], metrics[f"rate-linear-rho{rho}"]
        assert linear.prediction is not None and charged.prediction is not None
        assert charged.prediction.value == pytest.approx(math.log(1 + rho) / 2, rel=1e-12)
        assert linear.value == pytest.approx(linear.prediction.value, abs=0.03)
        assert linear.bound and not charged.bound
    assert all(metric.verdict == "no prediction" for name, metric in metrics.items() if name.startswith("future-"))
    # The same, from the table by numpy alone.
    last = (table.column("model") == "categorical-w08") & (table.column("step") == table.column("step").max())
    assert metrics["future-categorical-w08"].value == pytest.approx(np.mean(table.column("future")[last]))


def test_the_information_is_that_of_a_channel_with_two_inputs() -> None:
    """Oracle: 200,000 samples of log 2 - log(1 + exp(-2 rho - 2 sqrt(rho) n)), in numpy."""
    noise = np.random.default_rng(1).standard_normal(200_000)
    for rho in (2.0, 10.0):
        doubt = np.log1p(np.exp(-2 * rho - 2 * math.sqrt(rho) * noise))
        error = 4 * doubt.std() / math.sqrt(len(noise))
        assert abs(rate(rho, "information").value - (math.log(2) - doubt.mean())) < error
        assert abs(excess_loss(rho).value - (math.log(1 + rho) / 2 - math.log(2) + doubt.mean())) < error


def test_figures_and_answer_come_from_the_record() -> None:
    folder = provenance.RECORDS / RUN.id
    record = load(folder / "run-cpu.yml", "run-cpu.yml")
    tables = {"models": from_csv((folder / "models-cpu.csv").read_text(encoding="utf-8"), "models-cpu.csv")}
    figures = {figure.id: figure for figure in RUN.figures(record.configuration, tables)}
    assert list(figures) == ["two-modes-loss", "two-modes-rate", "futures-categorical", "futures-gaussian"]
    assert [len(figure.series) for figure in figures.values()] == [3, 3, 4, 4]
    for line in (*figures["two-modes-loss"].lines, *figures["two-modes-rate"].lines):
        assert len(line.x) > 50 and line.x[-1] == pytest.approx(36)
    assert figures["two-modes-loss"].lines[0].y[-1] == pytest.approx(excess_loss(36).value, abs=1e-5)
    metrics = RUN.metrics(record.configuration, tables)
    judged = sum(metric.prediction is not None for metric in metrics)
    assert judged == 12 and all(metric.prediction is not None for metric in metrics[:judged]), "pages show the first"
    assert [metric.id for metric in metrics[judged : judged + 6]] == [
        "future-categorical-w08",
        "future-gaussian-w08",
        "future-categorical-plain",
        "future-categorical-w08-no-reward",
        "future-categorical-w08-no-image",
        "early-gaussian",
    ]
    assert {metric.id for metric in metrics} == {metric.id for metric in record.metrics}
    answer = RUN.answer(metrics)
    with (folder / "models-cpu.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["part"] == "ablations" and row["step"] == "1500"]

    def mean(column: str, model: str) -> float:
        return statistics.fmean(float(row[column]) for row in rows if row["model"] == model)

    ways = ("plain", "w05", "w08", "w10")
    better, paid = (
        sum(mean(what, f"categorical-{way}") < mean(what, f"gaussian-{way}") for way in ways)
        for what in ("future", "reward")
    )
    assert (better, paid) == (4, 0), "and so the answer is neither yes nor no"
    assert answer.startswith(
        "In part: with categorical latents futures are foretold better in 4 of 4 pairs, rewards in 0."
    )
    assert len(answer.split()) <= 50
    change = mean("future", "categorical-w08-no-image") - mean("future", "categorical-w08")
    (metric,) = (metric for metric in metrics if metric.id == "future-categorical-w08-no-image")
    assert metric.note.startswith(f"Less the same with all gradients, seed by seed: {change:+.2g} (")


def test_a_note_says_when_more_balancing_does_worse() -> None:
    """From the file: the paired differences of the loss after the first tenth, with Student's t for five seeds."""
    folder = provenance.RECORDS / RUN.id
    record = load(folder / "run-cpu.yml", "run-cpu.yml")
    tables = {"models": from_csv((folder / "models-cpu.csv").read_text(encoding="utf-8"), "models-cpu.csv")}
    metrics = {metric.id: metric for metric in RUN.metrics(record.configuration, tables)}
    with (folder / "models-cpu.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["part"] == "ablations" and row["step"] == "150"]
    for latent in ("gaussian", "categorical"):
        by_seed = [
            {row["seed"]: float(row["leap"]) for row in rows if row["model"] == f"{latent}-{w}"} for w in ("w08", "w05")
        ]
        change = [by_seed[0][seed] - by_seed[1][seed] for seed in by_seed[0]]
        mean = statistics.fmean(change)
        reach = 2.7764451 * statistics.stdev(change) / math.sqrt(len(change))
        word = "undecided" if abs(mean) <= reach else "for the worse" if mean > 0 else "for the better"
        words = f"{mean:+.2g} nats ({mean - reach:+.2g} to {mean + reach:+.2g}), {word}".replace("-", "−")
        assert metrics[f"early-{latent}"].note.startswith(f"{words}. ")
        assert "after 150 steps" in metrics[f"early-{latent}"].title


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-3.0, -1.0, "−2 nats (−3 to −1), for the better"),
        (1.0, 3.0, "+2 nats (+1 to +3), for the worse"),
        (-1.0, 5.0, "+2 nats (−1 to +5), undecided"),
    ],
)
def test_a_change_is_for_the_better_for_the_worse_or_undecided(low: float, high: float, words: str) -> None:
    metric = Metric("early", "Early", "D", (low + high) / 2, (low, high), 5, None, False, "no prediction")
    assert discrete_latents._change(metric) == words
