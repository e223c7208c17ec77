"""The data of every lesson are the same whatever torch's default dtype is."""

import dataclasses

import pytest
import torch

from visual_attention import datasets
from visual_attention.lessons.capstone import data as jobs
from visual_attention.lessons.cbam import data as cluttered
from visual_attention.lessons.cues import data as cues
from visual_attention.lessons.non_local import data as twins
from visual_attention.lessons.six_kinds import data as six_kinds
from visual_attention.lessons.squeeze_excitation import data as framed

MAKERS = {
    **{f"clips {task}": lambda task=task: six_kinds.clips(task, 20) for task in six_kinds.CLIP_TASKS},
    **{f"cluttered {scene}": lambda s=scene: cluttered.cluttered_digits(20, s) for scene in cluttered.SCENES},
    **{f"job {name}": lambda name=name: jobs.job(name, 20) for name in jobs.JOBS},
    **{f"framed {frame}": lambda frame=frame: framed.framed_digits(20, frame) for frame in framed.FRAMES},
    "desk": cues.desk_scene,
    "digits": datasets.digits,
    "edges": cues.edge_map,
    "grey": lambda: datasets.photograph(size=(20, 30), grey=True),
    "iris": datasets.iris_petals,
    "noisy sine": datasets.noisy_sine,
    "painted": lambda: jobs.painted(jobs.job("plain", 3).inks),
    "photograph": datasets.photograph,
    "reframed": lambda: framed.reframed(framed.framed_digits(20), 1),
    "search": lambda: cues.search_display(9),
    "signs": lambda: six_kinds.signs(20),
    "single inks": lambda: jobs.single_inks(30),
    "single things": lambda: cluttered.single_things(30),
    "twin cells": lambda: twins.twin_cells(20),
    "twins": lambda: twins.twin_pictures(20, hint=True),
}


def tensors(made):
    """All tensors of a data set, whatever holds them."""
    if isinstance(made, torch.Tensor):
        return [made]
    if dataclasses.is_dataclass(made):
        made = [getattr(made, field.name) for field in dataclasses.fields(made)]
    if isinstance(made, dict):
        made = list(made.values())
    return [tensor for part in made for tensor in tensors(part)] if isinstance(made, (tuple, list)) else []


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_the_default_dtype_changes_nothing(make):
    expected = tensors(make())
    assert expected
    torch.set_default_dtype(torch.float64)
    try:
        found = tensors(make())
    finally:
        torch.set_default_dtype(torch.float32)
    for now, before in zip(found, expected, strict=True):
        assert now.dtype == before.dtype
        assert torch.equal(now, before)
