"""Small world models with discrete or Gaussian latents, a whole sweep as one program: JAX, float32, products in full.

The world: a point leaps to +a or -a with equal chance at known times, stays there for some frames, and is seen with
the resolution sigma, which is the unit of length here. The reward is +1 where a leap went to the side of the leap
before it, -1 where it went to the other, and 0 before the second leap.

The model is a recurrent state-space model in miniature: a deterministic state h, a prior of the latent z from h, a
posterior from h and the frame, a decoder and a reward head on h and z. `vmap` runs over members, `scan` over steps.

Letters in the comments: M members, B episodes, T frames of an episode, L leaps of an episode, V latent variables,
K classes of each, Z = V K numbers of a latent, H numbers of the deterministic state, U units of a hidden layer.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax
from jax.experimental import multihost_utils
from jax.flatten_util import ravel_pytree
from jax.scipy.special import logsumexp, ndtr
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from numpy.typing import NDArray

from calculators.runs import sharding

Array: TypeAlias = "jax.Array | NDArray[Any]"
State: TypeAlias = "tuple[jax.Array, optax.OptState]"
"""Weights [M, weights], and what Adam remembers of them."""

LEAST = 0.03
"""Added to every standard deviation of a Gaussian latent, so that none is 0."""
_INITIAL, _EPISODES, _NOISE, _HELD_OUT, _HELD_OUT_NOISE, _IMAGINED, _CONTINUED = range(7)
"""What a key is for, so that no two things share their randomness."""
_AXIS = "members"
_LOG_ROOT = math.log(2 * math.pi) / 2


@dataclass(frozen=True)
class Task:
    """What all members of a program share; each field is part of the program's shape."""

    frames: int
    """T, a multiple of `hold`."""
    hold: int
    """Frames from one leap to the next."""
    context: int
    """Frames seen before the model goes on alone, a multiple of `hold` below `frames`."""
    variables: int
    """V, latent variables."""
    classes: int
    """K, classes of each, 2 or more; K^V combinations are counted out."""
    recurrent: int
    """H."""
    units: int
    """U, in the one hidden layer of every head."""
    batch: int
    """B, fresh episodes in each step."""
    steps: int
    """A multiple of `checkpoints`."""
    checkpoints: int
    """How often the model is looked at, at equal distances."""
    peak: float
    """Largest learning rate of Adam; from there a cosine to 0."""
    held_out: int
    """Episodes of a check."""
    nodes: int
    """Points of the prior of a Gaussian latent over which the density of the next frame is averaged."""
    starts: int
    """States from which futures are imagined, at most `held_out`."""
    imagined: int
    """Imagined futures from each."""
    continued: int
    """True futures from each, which the imagined ones have to foretell."""

    def __post_init__(self) -> None:
        if self.frames % self.hold or self.context % self.hold or not 0 < self.context < self.frames:
            raise ValueError(
                "frames and context must be multiples of hold, the context the smaller; "
                f"got {self.frames}, {self.context} and {self.hold}"
            )
        if self.steps % self.checkpoints:
            raise ValueError(f"steps must be a multiple of checkpoints; got {self.steps} and {self.checkpoints}")
        if self.classes < 2 or self.starts > self.held_out:
            raise ValueError(f"there must be 2 classes and a held-out episode for each start; got {self}")

    @property
    def latent(self) -> int:
        """Z."""
        return self.variables * self.classes

    @property
    def leaps(self) -> int:
        """L."""
        return self.frames // self.hold


class Members(NamedTuple):
    """What the members differ in; every array has the shape [M]."""

    seed: Array  # uint32
    """The same seed gives the same initial weights, episodes and noise."""
    gaussian: Array  # float32
    """1: V Gaussian latents; 0: V categorical ones of K classes."""
    linear: Array  # float32
    """1: the decoder is linear in h and z; 0: it has a hidden layer."""
    separation: Array  # float32
    """rho = (a/sigma)^2, positive."""
    prior_weight: Array  # float32
    """Weight of the divergence that moves the prior alone."""
    posterior_weight: Array  # float32
    """Weight of the divergence that moves the posterior alone."""
    image: Array  # float32
    """1: reconstructing the frames shapes h and z; 0: that gradient is stopped before them."""
    reward: Array  # float32
    """1: predicting the reward shapes h and z; 0: that gradient is stopped before them."""


class Head(NamedTuple):
    """The weights of a network with one hidden layer."""

    h: Array  # [H, U]
    x: Array  # [other inputs, U]
    b: Array  # [U]
    out: Array  # [U, outputs]
    bias: Array  # [outputs]


class World(NamedTuple):
    """The weights of a world model."""

    gates: Array  # [Z + 1, 3 H]
    recurrent: Array  # [H, 3 H]
    gate_bias: Array  # [3 H]
    prior: Head  # nothing besides h -> Z
    posterior: Head  # the frame -> Z
    decoder: Head  # z -> 1
    reward: Head  # z -> 1
    line_h: Array  # [H, 1]
    line_z: Array  # [Z, 1]
    line_b: Array  # [1]


class Episodes(NamedTuple):
    """Made-up episodes."""

    sides: jax.Array  # [B, L], +1 or -1
    frames: jax.Array  # [B, T], in units of sigma
    rewards: jax.Array  # [B, T]


class States(NamedTuple):
    """What a model makes of episodes, frame by frame."""

    h: jax.Array  # [B, T, H]
    z: jax.Array  # [B, T, Z]
    prior: jax.Array  # [B, T, Z], as a head gives it
    posterior: jax.Array  # [B, T, Z]


class Outcome(NamedTuple):
    """What the members came to, at every checkpoint: the shape of each is [M, checkpoints]."""

    bound: jax.Array
    """Evidence bound of held-out frames as a loss, above the true log loss, per leap [nats]."""
    rate: jax.Array
    """Divergence of posterior from prior, per leap [nats]."""
    leap: jax.Array
    """Log loss of the frame after a leap, above the true one [nats]."""
    future: jax.Array
    """Log loss of true futures by the imagined ones, above the true one, per leap [nats]."""
    reward: jax.Array
    """Mean squared error of the reward, while frames are seen."""
    imagined_reward: jax.Array
    """Mean squared difference of the imagined reward from what the imagined frames call for."""
    between: jax.Array
    """Share of imagined frames nearer to the middle than to either side."""


# --- the world -------------------------------------------------------------------------------------------------------


def episodes(task: Task, separation: Array, key: jax.Array, count: int) -> Episodes:
    """Episodes of the world.

    Args:
        task: has the number of frames and how long a side is held.
        separation: rho, shape [].
        key: where the randomness comes from.
        count: B.
    """
    toss, blur = jax.random.split(key)
    sides = jnp.where(jax.random.bernoulli(toss, shape=(count, task.leaps)), 1.0, -1.0)  # [B, L]
    seen = jnp.sqrt(separation) * jnp.repeat(sides, task.hold, axis=1)  # [B, T]
    agree = jnp.concatenate([jnp.zeros((count, 1)), sides[:, 1:] * sides[:, :-1]], axis=1)  # [B, L]
    frames = seen + jax.random.normal(blur, seen.shape)
    return Episodes(sides, frames, jnp.repeat(agree, task.hold, axis=1))


def true_loss(frames: jax.Array, separation: Array) -> jax.Array:
    """Minus the log of the true density of frames that show one side, shape [...]: the best that anyone can do.

    Args:
        frames: shape [..., frames of one leap].
        separation: rho, shape [].
    """
    a = jnp.sqrt(separation)
    up, down = (-0.5 * jnp.sum((frames - side * a) ** 2, axis=-1) for side in (1, -1))
    return frames.shape[-1] * _LOG_ROOT + math.log(2) - jnp.logaddexp(up, down)


# --- latents ---------------------------------------------------------------------------------------------------------


def logs(task: Task, head: jax.Array) -> jax.Array:
    """The log probabilities of a categorical latent, shape [..., V, K].

    Args:
        task: has V and K.
        head: logits, shape [..., Z].
    """
    return jax.nn.log_softmax(head.reshape(*head.shape[:-1], task.variables, task.classes))


def normal(task: Task, head: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The mean and the standard deviation of a Gaussian latent, each of the shape [..., V].

    Args:
        task: has V.
        head: shape [..., Z]; what is beyond 2 V is not used.
    """
    count = task.variables
    return head[..., :count], jax.nn.softplus(head[..., count : 2 * count]) + LEAST


def sample(task: Task, gaussian: Array, head: jax.Array, noise: jax.Array) -> jax.Array:
    """A latent, shape [..., Z]: classes by straight-through gradients, Gaussians by mean + deviation * noise.

    Args:
        task: has V and K.
        gaussian: 1 or 0, shape [].
        head: shape [..., Z].
        noise: standard normal, shape [..., V]; for classes, its distribution function picks the class.
    """
    probabilities = jnp.exp(logs(task, head))  # [..., V, K]
    reached = jnp.cumsum(probabilities, axis=-1)[..., :-1] < ndtr(noise)[..., None]
    hard = jax.nn.one_hot(jnp.sum(reached, axis=-1), task.classes)  # [..., V, K]
    # Forwards the sample, backwards the probabilities.
    classes = lax.stop_gradient(hard) + probabilities - lax.stop_gradient(probabilities)
    mean, deviation = normal(task, head)
    return jnp.where(gaussian > 0, _padded(task, mean + deviation * noise), classes.reshape(head.shape))


def divergence(task: Task, gaussian: Array, posterior: jax.Array, prior: jax.Array) -> jax.Array:
    """The Kullback-Leibler divergence of posterior from prior, summed over the V variables, shape [...] [nats].

    Args:
        task: has V and K.
        gaussian: 1 or 0, shape [].
        posterior: as a head gives it, shape [..., Z].
        prior: the same.
    """
    q, p = logs(task, posterior), logs(task, prior)
    classes = jnp.sum(jnp.exp(q) * (q - p), axis=(-2, -1))
    (mean, deviation), (centre, width) = normal(task, posterior), normal(task, prior)
    ratio, way = deviation / width, (mean - centre) / width
    return jnp.where(gaussian > 0, jnp.sum((ratio**2 + way**2 - 1) / 2 - jnp.log(ratio), axis=-1), classes)


def balanced(task: Task, member: Members, posterior: jax.Array, prior: jax.Array) -> jax.Array:
    """The loss of KL balancing, shape [...]: one divergence twice, each time with one side held still.

    Args:
        task: has V and K.
        member: has the two weights; each field of the shape [].
        posterior: as a head gives it, shape [..., Z].
        prior: the same.
    """
    still_q, still_p = lax.stop_gradient(posterior), lax.stop_gradient(prior)
    moves_prior = divergence(task, member.gaussian, still_q, prior)
    moves_posterior = divergence(task, member.gaussian, posterior, still_p)
    return jnp.asarray(member.prior_weight * moves_prior + member.posterior_weight * moves_posterior)


def _padded(task: Task, values: jax.Array) -> jax.Array:
    """The values [..., V] with zeros behind them, [..., Z]."""
    return jnp.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, task.latent - task.variables)])


# --- the model -------------------------------------------------------------------------------------------------------


def beginner(task: Task, seed: Array) -> World:
    """The initial weights of a world model: Gaussian of variance 1/fan-in, biases 0.

    Args:
        task: the shapes.
        seed: shape [].
    """
    scales, shaped = ravel_pytree(_scales(task))
    # One draw for all, cut into pieces: many small ones would take seconds to compile.
    draw = jax.random.normal(jax.random.fold_in(jax.random.key(seed), _INITIAL), scales.shape)
    return shaped(draw * scales)


def _scales(task: Task) -> World:
    """The standard deviation of each initial weight."""
    size, units, latent = task.recurrent, task.units, task.latent

    def weights(inputs: int, outputs: int, fan: int) -> NDArray[np.float32]:
        return np.full((inputs, outputs), 1 / math.sqrt(fan), np.float32)

    def biases(count: int) -> NDArray[np.float32]:
        return np.zeros(count, np.float32)

    def head(others: int, outputs: int) -> Head:
        fan = size + others
        first = weights(size, units, fan), weights(others, units, fan), biases(units)
        return Head(*first, weights(units, outputs, units), biases(outputs))

    return World(
        gates=weights(latent + 1, 3 * size, latent + 1),
        recurrent=weights(size, 3 * size, size),
        gate_bias=biases(3 * size),
        prior=head(0, latent),
        posterior=head(1, latent),
        decoder=head(latent, 1),
        reward=head(latent, 1),
        line_h=weights(size, 1, size + latent),
        line_z=weights(latent, 1, size + latent),
        line_b=biases(1),
    )


def remember(world: World, h: jax.Array, z: jax.Array, leaping: Array) -> jax.Array:
    """The next deterministic state, shape [..., H], of a gated recurrent unit.

    Args:
        world: the weights.
        h: the last state, shape [..., H].
        z: the last latent, shape [..., Z].
        leaping: 1 where a leap comes before the next frame, else 0; shape [].
    """
    flag = jnp.broadcast_to(leaping, (*z.shape[:-1], 1))
    new = _product(jnp.concatenate([z, flag], axis=-1), world.gates) + world.gate_bias  # [..., 3 H]
    old = _product(h, world.recurrent)  # [..., 3 H]
    forget, update, fresh = jnp.split(new, 3, axis=-1)
    forget_old, update_old, fresh_old = jnp.split(old, 3, axis=-1)
    update = jax.nn.sigmoid(update + update_old)
    candidate = jnp.tanh(fresh + jax.nn.sigmoid(forget + forget_old) * fresh_old)
    return update * candidate + (1 - update) * h


def frame(member: Members, world: World, h: jax.Array, z: jax.Array) -> jax.Array:
    """The decoded frame in units of sigma, shape [...]: the middle of what the model expects to see.

    Args:
        member: each field of the shape [].
        world: the weights.
        h: shape [..., H], or [..., 1, H] beside many z.
        z: shape [..., Z].
    """
    straight = _product(h, world.line_h) + _product(z, world.line_z) + world.line_b
    out = jnp.where(member.linear > 0, straight, _head(world.decoder, h, z))
    return jnp.sqrt(1 + member.separation) * out[..., 0]


def prior(world: World, h: jax.Array) -> jax.Array:
    """What h says of the latent before the frame is seen, shape [..., Z].

    Args:
        world: the weights.
        h: shape [..., H].
    """
    return _head(world.prior, h, jnp.zeros((*h.shape[:-1], 0)))


def watch(task: Task, member: Members, world: World, frames: jax.Array, noise: jax.Array) -> States:
    """The states of a model that sees the frames.

    Args:
        task: the shapes.
        member: each field of the shape [].
        world: the weights.
        frames: shape [B, T].
        noise: standard normal, shape [B, T, V].
    """
    count = frames.shape[0]
    scale = jnp.sqrt(1 + member.separation)

    def see(carry: tuple[jax.Array, jax.Array], now: tuple[jax.Array, ...]) -> tuple[Any, tuple[jax.Array, ...]]:
        seen, blur, leaping = now
        h = remember(world, *carry, leaping)  # [B, H]
        posterior = _head(world.posterior, h, seen[:, None] / scale)  # [B, Z]
        z = sample(task, member.gaussian, posterior, blur)
        return (h, z), (h, z, posterior)

    start = jnp.zeros((count, task.recurrent)), jnp.zeros((count, task.latent))
    per_frame = (frames.T, noise.transpose(1, 0, 2), leaping(task))
    _, states = lax.scan(see, start, per_frame)
    h, z, posterior = (values.transpose(1, 0, 2) for values in states)
    return States(h, z, prior(world, h), posterior)


def leaping(task: Task) -> jax.Array:
    """1 for the frames that follow a leap, else 0, shape [T]."""
    return jnp.where(jnp.arange(task.frames) % task.hold == 0, 1.0, 0.0)


def loss(task: Task, member: Members, world: World, shown: Episodes, noise: jax.Array) -> jax.Array:
    """What training makes small, the mean over episodes, shape [].

    Args:
        task: the shapes.
        member: each field of the shape [].
        world: the weights.
        shown: B episodes.
        noise: standard normal, shape [B, T, V].
    """
    states = watch(task, member, world, shown.frames, noise)
    drawn = frame(member, world, *_let_through(member.image, states))
    reward = _head(world.reward, *_let_through(member.reward, states))[..., 0]
    errors = (drawn - shown.frames) ** 2 / 2 + (reward - shown.rewards) ** 2 / 2  # [B, T]
    return jnp.mean(jnp.sum(errors + balanced(task, member, states.posterior, states.prior), axis=1))


def _let_through(share: Array, states: States) -> tuple[jax.Array, jax.Array]:
    """The states h and z, through which a gradient passes where the share is 1, and none where it is 0."""
    h, z = (jnp.where(share > 0, values, lax.stop_gradient(values)) for values in (states.h, states.z))
    return h, z


def _head(head: Head, h: jax.Array, x: jax.Array) -> jax.Array:
    """The outputs of a head, shape [..., outputs]."""
    return _product(jax.nn.elu(_product(h, head.h) + _product(x, head.x) + head.b), head.out) + head.bias


def _product(one: Array, other: Array) -> jax.Array:
    # Without `highest`, an NVIDIA GPU would round the factors to TF32's ten bits.
    return jnp.matmul(one, other, precision=lax.Precision.HIGHEST)


# --- what it came to -------------------------------------------------------------------------------------------------


def next_frame_loss(task: Task, member: Members, world: World, h: jax.Array, seen: jax.Array) -> jax.Array:
    """Minus the log of the density that a model gives to the next frame before it sees it, shape [N] [nats].

    Classes are counted out; for Gaussian latents the mean over the prior is taken over evenly spread points.

    Args:
        task: the shapes.
        member: each field of the shape [].
        world: the weights.
        h: shape [N, H].
        seen: the frame, shape [N].
    """
    before = prior(world, h)  # [N, Z]
    chosen = np.array(list(itertools.product(range(task.classes), repeat=task.variables)))  # [K^V, V]
    combinations = jnp.asarray(np.eye(task.classes)[chosen].reshape(len(chosen), task.latent), jnp.float32)
    shares = _product(logs(task, before).reshape(before.shape), combinations.T)  # [N, K^V]
    of_classes = logsumexp(shares + _log_density(frame(member, world, h[:, None], combinations[None]), seen), axis=1)
    mean, deviation = normal(task, before)  # [N, V]
    points = _padded(task, mean[:, None] + deviation[:, None] * _spread(task.nodes, task.variables))  # [N, nodes, Z]
    density = _log_density(frame(member, world, h[:, None], points), seen)
    of_gaussians = logsumexp(density, axis=1) - math.log(task.nodes)
    return -jnp.where(member.gaussian > 0, of_gaussians, of_classes)


def _spread(count: int, dimension: int) -> NDArray[np.float32]:
    """Points spread evenly over the standard normal distribution, shape [count, dimension].

    Source: the additive recurrence whose steps are the powers of the root of x^(dimension + 1) = x + 1.
    """
    root = 2.0
    for _ in range(60):
        root = (1 + root) ** (1 / (dimension + 1))
    steps = root ** -np.arange(1, dimension + 1)
    shares = (0.5 + np.arange(1, count + 1)[:, None] * steps) % 1
    return np.vectorize(NormalDist().inv_cdf, otypes=[np.float32])(shares)


def _log_density(middle: jax.Array, seen: jax.Array) -> jax.Array:
    """The log density of frames [N] around each of the decoded ones [N, S], shape [N, S]."""
    return -0.5 * (seen[:, None] - middle) ** 2 - _LOG_ROOT


def check(task: Task, member: Members, world: World) -> Outcome:
    """How good a model is, each field of the shape [].

    Args:
        task: the shapes.
        member: each field of the shape [].
        world: the weights.
    """
    key = jax.random.key(member.seed)
    shown = episodes(task, member.separation, jax.random.fold_in(key, _HELD_OUT), task.held_out)
    noise = jax.random.normal(jax.random.fold_in(key, _HELD_OUT_NOISE), (task.held_out, task.frames, task.variables))
    states = watch(task, member, world, shown.frames, noise)
    by_leap = shown.frames.reshape(task.held_out, task.leaps, task.hold)  # [N, L, hold]
    truth = jnp.mean(true_loss(by_leap, member.separation))
    drawn = frame(member, world, states.h, states.z)  # [N, T]
    rate = divergence(task, member.gaussian, states.posterior, states.prior)  # [N, T]
    each = _LOG_ROOT + (drawn - shown.frames) ** 2 / 2 + rate
    first = by_leap[..., 0].reshape(-1)  # [N L]
    h = states.h[:, :: task.hold].reshape(-1, task.recurrent)  # [N L, H]
    leap = next_frame_loss(task, member, world, h, first) - true_loss(first[:, None], member.separation)
    reward = _head(world.reward, states.h, states.z)[..., 0]  # [N, T]
    after = slice(task.hold, None)  # there is no reward before the second leap
    return Outcome(
        bound=task.hold * jnp.mean(each) - truth,
        rate=task.hold * jnp.mean(rate),
        leap=jnp.mean(leap),
        reward=jnp.mean((reward - shown.rewards)[:, after] ** 2),
        **_imagination(task, member, world, states, shown),
    )


def imagine(
    task: Task, member: Members, world: World, h: jax.Array, z: jax.Array, key: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Frames and rewards that a model imagines after the context, each of the shape [..., T - context].

    Args:
        task: the shapes.
        member: each field of the shape [].
        world: the weights.
        h: the state at the last frame of the context, shape [..., H].
        z: the latent there, shape [..., Z].
        key: where the randomness comes from.
    """

    def go_on(carry: tuple[jax.Array, jax.Array], now: tuple[jax.Array, jax.Array]) -> tuple[Any, Any]:
        key, leaping = now
        h = remember(world, *carry, leaping)
        blur = jax.random.normal(key, (*h.shape[:-1], task.variables))
        z = sample(task, member.gaussian, prior(world, h), blur)
        return (h, z), (frame(member, world, h, z), _head(world.reward, h, z)[..., 0])

    keys = jax.random.split(key, task.frames - task.context)
    _, (frames, rewards) = lax.scan(go_on, (h, z), (keys, leaping(task)[task.context :]))
    return jnp.moveaxis(frames, 0, -1), jnp.moveaxis(rewards, 0, -1)


def _imagination(task: Task, member: Members, world: World, states: States, shown: Episodes) -> dict[str, jax.Array]:
    key = jax.random.key(member.seed)
    last, ahead = task.context - 1, task.frames - task.context
    h, z = (  # [starts, imagined, ...]
        jnp.repeat(values[: task.starts, last][:, None], task.imagined, axis=1) for values in (states.h, states.z)
    )
    frames, rewards = imagine(task, member, world, h, z, jax.random.fold_in(key, _IMAGINED))
    # After a leap the past is forgotten, but for the reward: any episode's end is a future of any beginning.
    count = task.starts * task.continued
    true = episodes(task, member.separation, jax.random.fold_in(key, _CONTINUED), count)
    true_frames = true.frames[:, task.context :]  # [starts continued, ahead]
    square = jnp.sum(
        (true_frames.reshape(task.starts, task.continued, 1, ahead) - frames[:, None]) ** 2, axis=-1
    )  # [starts, continued, imagined]
    log_loss = math.log(task.imagined) - logsumexp(-square / 2, axis=-1) + ahead * _LOG_ROOT
    leaps = ahead // task.hold
    truth = jnp.mean(true_loss(true_frames.reshape(count, leaps, task.hold), member.separation))
    sides = jnp.sign(frames[..., :: task.hold])  # [starts, imagined, leaps]
    before = shown.sides[: task.starts, last // task.hold][:, None, None]
    before = jnp.broadcast_to(before, (*sides.shape[:-1], 1))
    fitting = sides * jnp.concatenate([before, sides[..., :-1]], axis=-1)  # [starts, imagined, leaps]
    return {
        "future": jnp.mean(log_loss) / leaps - truth,
        "imagined_reward": jnp.mean((rewards - jnp.repeat(fitting, task.hold, axis=-1)) ** 2),
        "between": jnp.mean(jnp.abs(frames) < jnp.sqrt(member.separation) / 2),
    }


# --- the ensemble ----------------------------------------------------------------------------------------------------


@partial(jax.jit, static_argnames="task")
def train(task: Task, members: Members) -> Outcome:
    """What every member comes to, as one program.

    Args:
        task: what they share.
        members: what they differ in.
    """
    # Adam works number by number, so a model's weights are one row for it.
    _, shaped = ravel_pytree(_scales(task))
    world = jax.vmap(lambda seed: ravel_pytree(beginner(task, seed))[0])(members.seed)  # [M, weights]
    rule = optax.adam(optax.cosine_decay_schedule(task.peak, task.steps))

    def slope(member: Members, world: jax.Array, number: jax.Array) -> jax.Array:
        key = jax.random.key(member.seed)
        shown = episodes(
            task, member.separation, jax.random.fold_in(jax.random.fold_in(key, _EPISODES), number), task.batch
        )
        key = jax.random.fold_in(jax.random.fold_in(key, _NOISE), number)
        noise = jax.random.normal(key, (task.batch, task.frames, task.variables))
        return jax.grad(lambda weights: loss(task, member, shaped(weights), shown, noise))(world)

    def step(state: State, number: jax.Array) -> tuple[State, None]:
        world, memory = state
        change, memory = rule.update(jax.vmap(slope, in_axes=(0, 0, None))(members, world, number), memory)
        return (optax.apply_updates(world, change), memory), None

    def stretch(state: State, number: jax.Array) -> tuple[State, Outcome]:
        every = task.steps // task.checkpoints
        state, _ = lax.scan(step, state, number * every + jnp.arange(every))
        found = lax.map(lambda one: check(task, one[0], shaped(one[1])), (members, state[0]))
        return state, found

    _, found = lax.scan(stretch, (world, rule.init(world)), jnp.arange(task.checkpoints))
    return jax.tree.map(jnp.transpose, found)


def run(task: Task, members: Members) -> Outcome:
    """What every member comes to, as NumPy arrays of the shape [M, checkpoints], computed on all devices there are.

    The same numbers as `train` on one device; every process of a run over hosts gets the whole outcome.

    Args:
        task: what the members share.
        members: what they differ in, NumPy arrays of the shape [M].
    """
    mesh = Mesh(np.array(sharding.devices()), (_AXIS,))
    count = len(members.seed)
    # Filled up with copies of the last member, so that every device has as many.
    which = np.minimum(np.arange(-(-count // mesh.size) * mesh.size), count - 1)
    placed = NamedSharding(mesh, PartitionSpec(_AXIS))
    shares = Members(*(_placed(np.asarray(values)[which], placed) for values in members))
    found = _train(task, shares, mesh)
    if jax.process_count() > 1:
        found = multihost_utils.process_allgather(found, tiled=True)
    return jax.tree.map(lambda values: np.asarray(values)[:count], found)


def _placed(values: NDArray[Any], placed: NamedSharding) -> jax.Array:
    """The values [M], each device holding its share, also where other devices belong to other processes."""
    return jax.make_array_from_callback(values.shape, placed, lambda index: values[index])


@partial(jax.jit, static_argnames=("task", "mesh"))
def _train(task: Task, members: Members, mesh: Mesh) -> Outcome:
    # Members never look at one another, so each device runs the program on its own share without a word to the others.
    spec = PartitionSpec(_AXIS)
    share = jax.shard_map(partial(train, task), mesh=mesh, in_specs=spec, out_specs=spec, check_vma=False)
    return share(members)
