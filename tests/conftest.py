"""For every test: one thread for torch, no time limit by hypothesis (a busy machine is no fault of the code), and
no look at the progress of whoever runs them as a student."""

import os
import signal

from hypothesis import settings

# Before anything imports torch, and for every kernel that a test starts. Threads of several processes that share the
# cores wait for each other by spinning: a notebook of half a minute then takes ten.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["COURSEWARE_JOURNAL"] = "off"

# A shell that starts the tests in the background has them ignore Ctrl+C, and every kernel with them; there are tests
# of the interrupt button.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("course", deadline=None)
settings.load_profile("course")
