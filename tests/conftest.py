"""For every test: one thread for torch, no time limit by hypothesis (a busy machine is no fault of the code), and
no look at the progress of whoever runs them as a student."""

import os

from hypothesis import settings

# Before anything imports torch, and for every kernel that a test starts. Threads of several processes that share the
# cores wait for each other by spinning: a notebook of half a minute then takes ten.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["COURSEWARE_JOURNAL"] = "off"

settings.register_profile("course", deadline=None)
settings.load_profile("course")
