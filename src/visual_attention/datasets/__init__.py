"""Data for the lessons: made from a seed or shipped inside a dependency, never downloaded."""

from visual_attention.datasets.clips import CLIP_TASKS, Clips, clips
from visual_attention.datasets.curves import NoisyCurve, noisy_sine, true_curve
from visual_attention.datasets.desk import DeskScene, desk_scene
from visual_attention.datasets.digits import SPLITS, Digits, digits
from visual_attention.datasets.edges import edge_map
from visual_attention.datasets.framed import COLOURS, FRAMES, FramedDigits, framed_digits, reframed
from visual_attention.datasets.photographs import PHOTOGRAPHS, photograph
from visual_attention.datasets.search import SEARCHES, SearchDisplay, search_display
from visual_attention.datasets.signs import SIGN_NAMES, Signs, signs
from visual_attention.datasets.tables import MeasuredPair, iris_petals
from visual_attention.datasets.twins import TwinPictures, twin_cells, twin_pictures

__all__ = [
    "CLIP_TASKS",
    "COLOURS",
    "FRAMES",
    "PHOTOGRAPHS",
    "SEARCHES",
    "SIGN_NAMES",
    "SPLITS",
    "Clips",
    "DeskScene",
    "Digits",
    "FramedDigits",
    "MeasuredPair",
    "NoisyCurve",
    "SearchDisplay",
    "Signs",
    "TwinPictures",
    "clips",
    "desk_scene",
    "digits",
    "edge_map",
    "framed_digits",
    "iris_petals",
    "noisy_sine",
    "photograph",
    "reframed",
    "search_display",
    "signs",
    "true_curve",
    "twin_cells",
    "twin_pictures",
]
