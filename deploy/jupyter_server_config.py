# Settings of each student's own server in a class, read by Jupyter Server (not by `courseware lab`).
# deploy/jupyterhub_config.py points to this folder; docs/classroom.md says how to set the same elsewhere.
import os
from pathlib import Path

from courseware.present.lab import SETTINGS, STARTUP

c = get_config()  # noqa: F821  traitlets defines it

# Kernels inherit these. Two threads each on two shared cores make everybody wait, and the class loses time.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("PYTHONSTARTUP", str(STARTUP))

# What a kernel frees above a megabyte goes back to the machine at once (glibc would keep most of it for later).
os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(2**20))
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(2**20))

# Servers that start kernels in the same second can choose the same TCP port, and one of the kernels dies.
# Sockets in the student's own folder cannot meet. Unix allows them 107 characters, so the folder's name is short.
c.KernelManager.transport = "ipc"
os.environ.setdefault("JUPYTER_RUNTIME_DIR", str(Path.home() / ".run"))

# A kernel keeps half a gigabyte. One that has done nothing for an hour ends, also behind a tab left open; answers are
# in the sheet, not in the kernel. A server without kernels ends after another half hour.
c.MappingKernelManager.cull_idle_timeout = 60 * 60
c.MappingKernelManager.cull_interval = 5 * 60
c.MappingKernelManager.cull_connected = True
c.ServerApp.shutdown_no_activity_timeout = 30 * 60

# On a busy machine answers are late: a browser is gone when it has been silent for a minute (both in seconds).
c.ServerApp.websocket_ping_interval = 60
c.ServerApp.websocket_ping_timeout = 60

# Without the question whether to fetch news.
c.LabApp.app_settings_dir = str(SETTINGS)
