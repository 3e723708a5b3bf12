"""Streaming detectors of river and PySAD on one core, beside the lines of bench_anomaly on stdin.

usage: bench_anomaly | anomaly_peers.py

Each is given what its maker intends: one row of ten standardised numbers at a time, scored and then learned.
Ours is given a window of 64 numbers (autoencoder with twin), or the events and rings from which it makes 76
statistics itself. Rows a second, CPU time, median of five rounds with least and most, then ours over theirs.
"""
import json
import random
import statistics
import sys
import time

ROUNDS, ROWS, CHANNELS = 5, 4000, 10


def rows(chance):
    for _ in range(ROWS):
        mood = chance.gauss(0, 1)
        yield [mood + chance.gauss(0, 1) for _ in range(CHANNELS)]


def river_model(make):
    model = make()

    def run(row):
        named = dict(enumerate(row))
        model.score_one(named)
        model.learn_one(named)
    return run


def one_class_svm():
    from river import anomaly
    return river_model(anomaly.OneClassSVM)


def half_space_trees():
    from river import anomaly, compose, preprocessing
    return river_model(lambda: compose.Pipeline(preprocessing.MinMaxScaler(), anomaly.HalfSpaceTrees(seed=1)))


def loda():
    import numpy
    from pysad.models import LODA
    model = LODA()

    def run(row):
        model.fit_score_partial(numpy.array(row))
    return run


PEERS = {"river_one_class_svm": one_class_svm, "river_half_space_trees": half_space_trees, "pysad_loda": loda}


def measure(make):
    chance, run, rates = random.Random(1), make(), []
    for round_number in range(ROUNDS + 1):     # the first warms up
        batch = list(rows(chance))
        start = time.process_time()
        for row in batch:
            run(row)
        rates.append(ROWS / (time.process_time() - start))
    return sorted(rates[1:])


def main():
    ours = {}
    for line in sys.stdin:
        print(line, end="")
        figure = json.loads(line)
        ours[figure["bench"]] = figure["per_second"]
    for name, make in PEERS.items():
        rates = measure(make)
        middle = statistics.median(rates)
        print(json.dumps({"bench": name, "per_second": round(middle), "least": round(rates[0]), "most": round(rates[-1]),
                          **{f"{own}_over_it": round(rate / middle, 1) for own, rate in ours.items()}}))


if __name__ == "__main__":
    main()
