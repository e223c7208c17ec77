"""For every test: one thread for torch, and no time limit by hypothesis: a busy machine is no fault of the code."""

import os

from hypothesis import settings

# Before anything imports torch, and for every kernel that a test starts. Threads of several processes that share the
# cores wait for each other by spinning: a notebook of half a minute then takes ten.
os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("course", deadline=None)
settings.load_profile("course")
