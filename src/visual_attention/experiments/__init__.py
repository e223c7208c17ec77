"""The experiments of the lessons: a recipe each, and the stored results of several seeds.

`courseware experiments` lists them; with a name it trains every variant for every seed again and writes
`results/<name>.json` in its lesson's folder and, where a lesson shows a trained network, `<name>.pt`. A lesson reads
the table by `stored`, trains one variant of one seed itself and compares.
"""

from visual_attention.experiments.store import Difference, Experiment, Results, Run, load_weights, stored

__all__ = ["Difference", "Experiment", "Results", "Run", "load_weights", "stored"]
