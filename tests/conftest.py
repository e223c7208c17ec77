"""For every test: hypothesis sets no time limit, because a busy machine is no fault of the code."""

from hypothesis import settings

settings.register_profile("course", deadline=None)
settings.load_profile("course")
