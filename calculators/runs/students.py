"""Random teachers and the students that learn them, a whole sweep as one program: JAX, float32, products in full.

A member of the ensemble is one student with its teacher, its training points and its test points, all drawn from keys
inside the program. `vmap` runs over members of the same shape, `scan` over the steps; nothing of Python is in the loop.
Members may differ in the dimension of their inputs (unused columns are zero), in their number of training points (only
the first so many of the padded list are used) and in every key.

Letters in the comments: M members, I input columns, N padded training points, B points of a batch, T test points,
W width of the student, V width of the teacher.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import optax
from jax import lax
from numpy.typing import NDArray

Array: TypeAlias = "jax.Array | NDArray[Any]"
Teacher = Literal["relu", "tanh"]
TEACHERS: tuple[Teacher, ...] = ("relu", "tanh")
"""A member's teacher by number: with kinks, and smooth."""

POWERS = (1, 2, 3, 4)
"""The powers m of the absolute error that are averaged, for one and the same student."""
SQUARE = POWERS.index(2)

_TEACHER, _STUDENT, _POINTS, _TEST, _BATCHES = range(5)
"""What a key is for, so that no two things share their randomness."""
BLOCK = 512
"""Test or training points whose hidden layers are held at once, per member."""


@dataclass(frozen=True)
class Task:
    """What all members of a program share; each field is part of the program's shape."""

    inputs: int
    """I, columns of the inputs: the largest dimension among the members."""
    teacher_width: int
    """V, units in each of the teacher's two hidden layers."""
    width: int
    """W, units held for each of the student's two hidden layers: the largest width among the members."""
    points: int
    """N, training points held for each member; 0: every step draws fresh points."""
    batch: int
    """B, points of one step, drawn with replacement from the first D; 0: all of them in every step."""
    steps: int
    """A multiple of `checkpoints`."""
    checkpoints: int
    """How often the test loss is looked at, at equal distances; the best is kept (early stopping)."""
    test: int
    """T, test points of each member."""
    peak: float
    """Largest learning rate of Adam; from there a cosine to 0."""
    keep: bool = False
    """True: the students themselves are among the results, as they were at their best checkpoint."""

    def __post_init__(self) -> None:
        if self.steps % self.checkpoints:
            raise ValueError(f"steps must be a multiple of checkpoints; got {self.steps} and {self.checkpoints}")
        if not self.points and not self.batch:
            raise ValueError("a full batch needs training points; got points = 0, batch = 0")


class Members(NamedTuple):
    """What the members differ in; every array has the shape [M]."""

    teacher: Array  # int32
    """Place in `TEACHERS`."""
    seed: Array  # uint32
    """The same seed and dimension give the same teacher, test points and initial weights."""
    draw: Array  # uint32
    """Which draw of the training points and batches."""
    dimension: Array  # int32
    """d, from 1 to I."""
    width: Array  # int32
    """Units in each of the student's two hidden layers, from 1 to W."""
    size: Array  # int32
    """D, training points used, from 1 to N; without meaning for fresh points."""
    steps: Array  # int32
    """Steps until its learning rate is 0, at most `Task.steps`; from there on it does not change."""


class Layers(NamedTuple):
    """The weights of a network with two hidden layers of U units."""

    w1: jax.Array  # [I, U]
    b1: jax.Array  # [U]
    w2: jax.Array  # [U, U]
    b2: jax.Array  # [U]
    w3: jax.Array  # [U]
    b3: jax.Array  # []


class Outcome(NamedTuple):
    """What the members came to; the first axis of every array is M."""

    test: jax.Array
    """[M, powers]: mean of |error|^m over the test points at the checkpoint with the smallest mean square."""
    train: jax.Array
    """[M]: mean square over the training points at that checkpoint; with fresh points, over the last batch's points."""
    step: jax.Array
    """[M]: the step of that checkpoint."""
    last_test: jax.Array
    """[M, powers]: the same means after the last step."""
    last_train: jax.Array
    """[M]."""
    student: Layers | None
    """The weights at that checkpoint, each with M in front, where `Task.keep` asks for them."""


def hidden(layers: Layers, x: jax.Array, smooth: bool | jax.Array = False) -> tuple[jax.Array, jax.Array]:
    """The two hidden layers' outputs, each of the shape [points, U].

    Args:
        layers: of one network, U units.
        x: shape [points, I].
        smooth: tanh instead of ReLU; shape [] where members differ.
    """

    def act(z: jax.Array) -> jax.Array:
        return jax.nn.relu(z) if smooth is False else jnp.where(smooth, jnp.tanh(z), jax.nn.relu(z))

    # Without `highest`, an NVIDIA GPU would round the factors of these products to TF32's ten bits.
    first = act(jnp.matmul(x, layers.w1, precision=lax.Precision.HIGHEST) + layers.b1)  # [points, U]
    return first, act(jnp.matmul(first, layers.w2, precision=lax.Precision.HIGHEST) + layers.b2)  # [points, U]


def output(layers: Layers, x: jax.Array, smooth: bool | jax.Array = False) -> jax.Array:
    """The network's output, shape [points].

    Args:
        layers: of one network, U units.
        x: shape [points, I].
        smooth: tanh instead of ReLU; shape [] where members differ.
    """
    _, second = hidden(layers, x, smooth)
    return jnp.matmul(second, layers.w3, precision=lax.Precision.HIGHEST) + layers.b3  # [points]


def draw(key: jax.Array, inputs: int, units: int, dimension: Array, used: Array) -> Layers:
    """A random network: Gaussian weights of variance 2/fan-in, biases uniform in +-1/sqrt(fan-in), last bias 0.

    Units that are not used have no weights at all. They give 0, so no gradient ever reaches them.

    Args:
        key: where the randomness comes from.
        inputs: I.
        units: U, held in each hidden layer.
        dimension: d, the number of inputs that are not zero, shape []; it is the fan-in of the first layer.
        used: how many units are used, shape []; it is the fan-in of the others.
    """
    k1, k2, k3, k4, k5 = jax.random.split(key, 5)
    first, later = (jnp.asarray(fan, jnp.float32) for fan in (dimension, used))  # fan-in, each []
    mask = jnp.where(jnp.arange(units) < used, 1.0, 0.0)  # [U]
    return Layers(
        jax.random.normal(k1, (inputs, units)) * jnp.sqrt(2 / first) * mask,
        jax.random.uniform(k2, (units,), minval=-1.0) / jnp.sqrt(first) * mask,
        jax.random.normal(k3, (units, units)) * jnp.sqrt(2 / later) * mask * mask[:, None],
        jax.random.uniform(k4, (units,), minval=-1.0) / jnp.sqrt(later) * mask,
        jax.random.normal(k5, (units,)) / jnp.sqrt(later) * mask,
        jnp.zeros(()),
    )


def cube(key: jax.Array, points: int, inputs: int, dimension: Array) -> jax.Array:
    """Points uniform in the hypercube [-1, 1]^d, with zeros in the columns beyond d, shape [points, I].

    Args:
        key: where the randomness comes from.
        points: how many.
        inputs: I.
        dimension: d, shape [].
    """
    x = jax.random.uniform(key, (points, inputs), minval=-1.0, maxval=1.0)  # [points, I]
    return jnp.where(jnp.arange(inputs) < dimension, x, 0.0)


class Lesson(NamedTuple):
    """What one member is taught: a teacher with outputs of mean 0 and variance 1 over the test points."""

    teacher: Layers
    x: jax.Array  # [N, I]
    y: jax.Array  # [N]
    x_test: jax.Array  # [T, I]
    y_test: jax.Array  # [T]


def lesson(task: Task, member: Members) -> Lesson:
    """The teacher and the points of one member.

    Args:
        task: the shapes.
        member: each field of the shape [].
    """
    key = jax.random.fold_in(jax.random.key(member.seed), member.dimension)
    units = task.teacher_width
    teacher = draw(jax.random.fold_in(key, _TEACHER), task.inputs, units, member.dimension, jnp.int32(units))
    smooth = member.teacher == 1
    x_test = cube(jax.random.fold_in(key, _TEST), task.test, task.inputs, member.dimension)  # [T, I]
    raw = _in_blocks(lambda x: output(teacher, x, smooth), x_test)  # [T]
    mean, scale = jnp.mean(raw), jnp.std(raw)
    # Folded into the last layer: the teacher itself then has mean 0 and variance 1.
    teacher = teacher._replace(w3=teacher.w3 / scale, b3=(teacher.b3 - mean) / scale)
    points = jax.random.fold_in(jax.random.fold_in(key, _POINTS), member.draw)
    # Other sizes get other points, so that the points of a fit are not the same data over again.
    x = cube(jax.random.fold_in(points, member.size), task.points, task.inputs, member.dimension)  # [N, I]
    y = _in_blocks(lambda x: output(teacher, x, smooth), x)  # [N]
    return Lesson(teacher, x, y, x_test, (raw - mean) / scale)


def beginner(task: Task, member: Members) -> Layers:
    """The initial weights of one member's student."""
    key = jax.random.fold_in(jax.random.key(member.seed), member.dimension)
    return draw(jax.random.fold_in(key, _STUDENT), task.inputs, task.width, member.dimension, member.width)


def batch_key(member: Members) -> jax.Array:
    """The key from which one member's batches are drawn; `fold_in` of the step gives each batch its own."""
    key = jax.random.fold_in(jax.random.key(member.seed), member.dimension)
    key = jax.random.fold_in(jax.random.fold_in(key, _BATCHES), member.draw)
    return jax.random.fold_in(key, member.size)


def batch(task: Task, member: Members, taught: Lesson, step: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """The points of one step: inputs [B, I], targets [B], weights [B] whose sum is 1 (N instead of B: full batch).

    Args:
        task: the shapes, and which kind of batch.
        member: each field of the shape [].
        taught: the member's points and teacher.
        step: shape [], from 0.
    """
    if not task.batch:
        return taught.x, taught.y, jnp.where(jnp.arange(task.points) < member.size, 1.0, 0.0) / member.size
    key = jax.random.fold_in(batch_key(member), step)
    even = jnp.full((task.batch,), 1 / task.batch)
    if not task.points:
        x = cube(key, task.batch, task.inputs, member.dimension)  # [B, I]
        return x, output(taught.teacher, x, member.teacher == 1), even
    # One draw of bits a number; `randint` takes two. D is far below the 2^23 steps of a float32.
    which = jnp.floor(jax.random.uniform(key, (task.batch,)) * member.size).astype(jnp.int32)  # [B]
    return taught.x[which], taught.y[which], even


def mean_square(student: Layers, x: jax.Array, y: jax.Array, weight: jax.Array) -> jax.Array:
    """The weighted mean of the squared error, shape [].

    Args:
        student: one network, ReLU.
        x: shape [points, I].
        y: shape [points].
        weight: shape [points], of sum 1.
    """
    error = output(student, x) - y  # [points]
    return jnp.sum(weight * error * error)


def rate(task: Task, members: Members, step: jax.Array) -> jax.Array:
    """The learning rates [M]: half a cosine, from the peak to 0 over each member's own steps.

    Args:
        task: has the peak.
        members: have the steps.
        step: shape [], from 0.
    """
    gone = jnp.minimum(step / members.steps, 1.0)  # [M]
    return task.peak * (1 + jnp.cos(jnp.pi * gone)) / 2


@partial(jax.jit, static_argnames="task")
def train(task: Task, members: Members) -> Outcome:
    """What every member comes to, as one program.

    Args:
        task: what they share.
        members: what they differ in.

    Valid for: early stopping on the test points themselves, which flatters the test loss by less than its own error
        as long as there are many of them.
    """
    taught = jax.vmap(partial(lesson, task))(members)
    student = jax.vmap(partial(beginner, task))(members)
    rule = optax.scale_by_adam()
    gradient = jax.vmap(jax.grad(mean_square))

    def step(state: tuple[Layers, optax.OptState], number: jax.Array) -> tuple[tuple[Layers, optax.OptState], None]:
        student, memory = state
        points = jax.vmap(partial(batch, task), in_axes=(0, 0, None))(members, taught, number)
        # Adam works number by number, so all members' weights are one tree for it and need no vmap.
        direction, memory = rule.update(gradient(student, *points), memory)
        rates = rate(task, members, number)  # [M]
        return (jax.tree.map(partial(_moved, rates), student, direction), memory), None

    def stretch(carry: tuple, number: jax.Array) -> tuple[tuple, None]:
        student, memory, best = carry
        every = task.steps // task.checkpoints
        (student, memory), _ = lax.scan(step, (student, memory), number * every + jnp.arange(every))
        after = (number + 1) * every
        now = jax.vmap(partial(_measure, task), in_axes=(0, 0, 0, None))(members, taught, student, after)
        now = now._replace(student=student if task.keep else None)
        better = now.test[:, SQUARE] < best.test[:, SQUARE]  # [M]; False for NaN
        best = jax.tree.map(lambda new, old: jnp.where(better.reshape(-1, *[1] * (new.ndim - 1)), new, old), now, best)
        return (student, memory, best._replace(last_test=now.last_test, last_train=now.last_train)), None

    count = members.seed.shape
    worst = jnp.full(count, jnp.inf)  # [M]: the first checkpoint is better
    none = jnp.full((*count, len(POWERS)), jnp.inf)  # [M, powers]
    first = Outcome(none, worst, jnp.zeros(count, jnp.int32), none, worst, student if task.keep else None)
    (_, _, best), _ = lax.scan(stretch, (student, rule.init(student), first), jnp.arange(task.checkpoints))
    return best


def _moved(rates: jax.Array, weight: jax.Array, direction: jax.Array) -> jax.Array:
    """Each member's weights [M, ...] moved against its direction [M, ...] by its rate [M]."""
    return weight - _beside(rates, weight) * direction


def _chosen(which: jax.Array, new: jax.Array, old: jax.Array) -> jax.Array:
    """The new values [M, ...] of the members where [M] says so, else the old ones."""
    return jnp.where(_beside(which, new), new, old)


def _beside(values: jax.Array, many: jax.Array) -> jax.Array:
    """The values [M] with as many axes as `many` [M, ...] has."""
    return values.reshape(-1, *[1] * (many.ndim - 1))


def _measure(task: Task, member: Members, taught: Lesson, student: Layers, step: jax.Array) -> Outcome:
    """Where one member stands after so many steps."""
    error = jnp.abs(_in_blocks(lambda x: output(student, x), taught.x_test) - taught.y_test)  # [T]
    test = jnp.stack([jnp.mean(error**power) for power in POWERS])  # [powers]
    if task.points:
        error = _in_blocks(lambda x: output(student, x), taught.x) - taught.y  # [N]
        used = jnp.arange(task.points) < member.size
        train = jnp.sum(jnp.where(used, error * error, 0.0)) / member.size
    else:
        train = mean_square(student, *batch(task, member, taught, jnp.maximum(step - 1, 0)))
    return Outcome(test, train, step, test, train, None)


def _in_blocks(function: Callable[[jax.Array], jax.Array], x: jax.Array) -> jax.Array:
    """The function's values on all points [points, I], at most a block of them at a time."""
    points = x.shape[0]
    if points <= BLOCK:
        return function(x)
    blocks = -(-points // BLOCK)
    padded = jnp.pad(x, ((0, blocks * BLOCK - points), (0, 0)))  # [blocks * block, I]
    return lax.map(function, padded.reshape(blocks, BLOCK, -1)).reshape(-1)[:points]
