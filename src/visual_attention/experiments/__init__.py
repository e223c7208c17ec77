"""The experiments of the lessons: a recipe each, and the stored results of several seeds.

`python -m visual_attention.experiments` lists them; with a name it trains every variant for every seed again and
writes `results/<name>.json` and, where a lesson shows a trained network, `results/<name>.pt`. A lesson reads the table
by `stored`, trains one variant of one seed itself and compares.
"""

from visual_attention.experiments.store import Experiment, Results, load_weights, measure, stored

__all__ = ["Experiment", "Results", "load_weights", "measure", "stored"]
