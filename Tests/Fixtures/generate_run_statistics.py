#!/usr/bin/env python3
"""Writes run_statistics.jsonl: statistics of runs by rliable, for the tests of RunScores.

    pip install rliable==1.2.0 scipy==1.17.1 numpy==2.4.6 'pandas<3'
    python generate_run_statistics.py [--repetitions 50000]

Two matrices are hand-made, one of them from rliable's own tests, and ten are random.
Scores are [run][task].  Intervals are rliable's stratified bootstrap with percentiles; rliable
draws from NumPy's global generator, so another order of calls changes them within their noise.
"""

import argparse
import json
import pathlib

import numpy as np
import rliable
import scipy
from rliable import library, metrics

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--repetitions", type=int, default=50_000)
repetitions = parser.parse_args().repetitions

HAND_MADE = [
    ([[.10, .80], [.35, .95], [.50, .20], [.90, 1.10], [.65, .40]], [[.2, .7], [.3, .9], [.4, .1]]),
    ([[1, 2], [2, 2], [1, 1], [2, 1]], [[1, 1], [2, 2], [3, 3]]),
]


def matrices():
    yield from ((np.array(x, float), np.array(y, float)) for x, y in HAND_MADE)
    generator = np.random.default_rng(20_241_107)
    for index in range(10):
        runs, tasks = generator.integers(4, 12), generator.integers(1, 6)
        scores = generator.normal(0.8, 0.4, (runs, tasks)) + generator.normal(0, 0.3, tasks)
        others = generator.normal(0.7, 0.5, (generator.integers(4, 9), tasks))
        if index % 3 == 0:
            # Ties within and between the methods.
            scores, others = scores.round(1), others.round(1)
        yield scores, others


def aggregates(x):
    return np.array([
        metrics.aggregate_iqm(x), metrics.aggregate_mean(x), metrics.aggregate_median(x),
        metrics.aggregate_optimality_gap(x)])


np.random.seed(1)
with open(pathlib.Path(__file__).parent / "run_statistics.jsonl", "w") as file:
    print(json.dumps({
        "kind": "statistics of runs", "rliable": "1.2.0", "scipy": scipy.__version__,
        "numpy": np.__version__, "repetitions": repetitions}), file=file)
    for x, y in matrices():
        points, intervals = library.get_interval_estimates({"x": x}, aggregates, reps=repetitions)
        pair = {"x,y": (x, y)}
        improvement, improvement_intervals = library.get_interval_estimates(
            pair, metrics.probability_of_improvement, reps=min(repetitions, 4000))
        thresholds = np.linspace(x.min(), x.max(), 7)
        profile, profile_intervals = library.create_performance_profile(
            {"x": x}, thresholds, reps=repetitions)
        print(json.dumps({
            "scores": x.tolist(), "others": y.tolist(),
            # Interquartile mean, mean, median of task means, optimality gap.
            "aggregates": points["x"].tolist(), "aggregate-intervals": intervals["x"].T.tolist(),
            "improvement": float(np.squeeze(improvement["x,y"])),
            "improvement-interval": np.squeeze(improvement_intervals["x,y"]).tolist(),
            "thresholds": thresholds.tolist(), "profile": profile["x"].tolist(),
            "profile-intervals": profile_intervals["x"].T.tolist()}), file=file, flush=True)
