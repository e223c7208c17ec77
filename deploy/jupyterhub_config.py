# A class on one server: what to set in JupyterHub. See docs/classroom.md.
# The Littlest JupyterHub reads it from /opt/tljh/config/jupyterhub_config.d (a link to this file is enough).
from pathlib import Path

c = get_config()  # noqa: F821  traitlets defines it

# The neighbour, jupyter_server_config.py, has the settings of each student's server.
c.Spawner.environment = {"JUPYTER_CONFIG_PATH": str(Path(__file__).resolve().parent)}

# For spawners that set limits (systemd, containers). The heaviest lesson's kernel and server stay below it; a
# student's endless list meets it before it meets the others.
c.Spawner.mem_limit = "1.5G"

# Likewise for processors: one student's loop leaves the others theirs. A kernel computes with one thread; the second
# is for what JupyterLab does meanwhile.
c.Spawner.cpu_limit = 2

# A whole class arrives within the same minute: servers start some at a time, and have time to.
c.JupyterHub.concurrent_spawn_limit = 10
c.Spawner.start_timeout = 180
c.Spawner.http_timeout = 180

c.Spawner.default_url = "/lab"
