"""Data for the lessons: made from a seed or shipped inside a dependency, never downloaded."""

from visual_attention.datasets.curves import NoisyCurve, noisy_sine, true_curve
from visual_attention.datasets.handwritten_digits import SPLITS, Digits, digits
from visual_attention.datasets.photographs import PHOTOGRAPHS, photograph, photograph_credit
from visual_attention.datasets.picture_files import NoPicture, own_picture
from visual_attention.datasets.scenes import SCENES, scene
from visual_attention.datasets.tables import MeasuredPair, iris_petals

__all__ = [
    "PHOTOGRAPHS",
    "SCENES",
    "SPLITS",
    "Digits",
    "MeasuredPair",
    "NoPicture",
    "NoisyCurve",
    "digits",
    "iris_petals",
    "noisy_sine",
    "own_picture",
    "photograph",
    "photograph_credit",
    "scene",
    "true_curve",
]
