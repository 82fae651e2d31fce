"""The whole lesson: train every network at every distance, measure, tell, draw."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from training.learn.memory import gradient_reach, half_lives
from training.learn.network import KINDS, PLAIN_RNN, SHORT_LSTM, Network
from training.learn.recall import draw_examples, mixed_distances

MIXED = (PLAIN_RNN, SHORT_LSTM)


@dataclass(frozen=True)
class Plan:
    """What is trained: networks of their own at every distance, and some at all distances mixed."""

    distances: tuple[int, ...] = (10, 20, 50, 100, 200)  # rising
    updates: int = 600  # of every network
    seed: int = 1

    @property
    def longest(self) -> int:
        """The distance at which gradients and gates are looked at."""
        return self.distances[-1]


@dataclass(frozen=True)
class Findings:
    """What was measured, by the names of the kinds."""

    plan: Plan
    alone: dict[str, list[float]]  # accuracy at each distance of a network that trained on this one alone
    mixed: dict[str, list[float]]  # accuracy at each distance of one network that trained on all
    reach: dict[str, np.ndarray]  # before training: the share of the gradient that reaches so many steps back
    half_lives: dict[str, tuple[np.ndarray, np.ndarray]]  # of LSTMs, in steps: before and after training on the longest


def lines(findings: Findings) -> Iterator[str]:
    """The findings in words and columns, a line at a time."""
    distances, longest = findings.plan.distances, findings.plan.longest
    yield f"{'steps to recall across':50}" + "".join(f"{distance:>7}" for distance in distances)
    for how, accuracies in (("alone", findings.alone), ("mixed", findings.mixed)):
        for name, values in accuracies.items():
            label = f"{name}; {'each distance alone' if how == 'alone' else 'distances mixed'}"
            yield f"{label:50}" + "".join(f"{100 * value:6.0f}%" for value in values)
    for name, shares in findings.reach.items():
        yield f"{name}: {shares[-1]:.1e} of the gradient reaches {longest} steps back before training"
    for name, (before, after) in findings.half_lives.items():
        yield (
            f"{name}: half-life of its longest cell {before.max():.0f} steps, after training {after.max():.0f}; "
            f"of {len(after)} cells {np.sum(after > longest)} have more than {longest}"
        )


def study(plan: Plan) -> Findings:
    """Trains and measures; prints a line for each kind. The same seed gives the same findings on one machine."""
    findings = Findings(plan, {}, {}, {}, {})
    looked_at = draw_examples(_random(plan, "look"), plan.longest, 32)
    for kind in KINDS:
        network = Network(kind, plan.longest, plan.seed)
        findings.reach[kind.name] = gradient_reach(network, looked_at)
        before = half_lives(network, looked_at) if network.has_cells else None
        findings.alone[kind.name] = [_train_alone(network, distance, plan) for distance in plan.distances]
        if before is not None:
            findings.half_lives[kind.name] = before, half_lives(network, looked_at)
        if kind in MIXED:
            findings.mixed[kind.name] = _train_mixed(network, plan)
        print(f"{kind.name}: trained", flush=True)
    return findings


def _train_alone(network: Network, distance: int, plan: Plan) -> float:
    """Its accuracy at the distance, when it has trained on no other."""
    network.restart()
    network.train(repeat(distance, plan.updates), _random(plan, "train"))
    return network.accuracy(distance, _random(plan, "test"))


def _train_mixed(network: Network, plan: Plan) -> list[float]:
    """Its accuracy at each distance, when it has trained on all up to the longest."""
    network.restart()
    random = _random(plan, "train")
    network.train(mixed_distances(random, plan.longest, plan.updates), random)
    return [network.accuracy(distance, _random(plan, "test")) for distance in plan.distances]


def _random(plan: Plan, purpose: str) -> np.random.Generator:
    return np.random.default_rng([plan.seed, *purpose.encode()])
