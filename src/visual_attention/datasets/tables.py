"""Measured data that ship inside scikit-learn."""

from dataclasses import dataclass

import torch
from sklearn.datasets import load_iris


@dataclass(frozen=True, eq=False)
class MeasuredPair:
    """Two measured quantities, x to predict y from, each of shape (n,) in `unit`."""

    x: torch.Tensor
    y: torch.Tensor
    x_name: str
    y_name: str
    unit: str


def iris_petals() -> MeasuredPair:
    """Return the 150 flowers of Anderson's iris data (Fisher, 1936): sepal length → petal length, float64."""
    table = load_iris()
    columns = [table.feature_names.index(f"{part} length (cm)") for part in ("sepal", "petal")]
    x, y = torch.tensor(table.data[:, columns], dtype=torch.float64).unbind(dim=1)
    return MeasuredPair(x.clone(), y.clone(), "sepal length", "petal length", "cm")
