"""How soon the picture follows the width slider in JupyterLab, with the kernel idle and busy.

Not collected by default; run it with

    pytest -s tests/browser/benchmark_slider.py

It prints milliseconds from the input event to the animation frame whose picture is the one asked for (median and 95th
percentile), and of all frames painted meanwhile how many were blank or had the picture in another place.
"""

import statistics

import pytest
from watching import LATENCY, WATCH, explorer

STOPS = [*range(0, 31, 2), *range(29, 0, -2)]
BUSY = "import time\nend = time.time() + 8\nwhile time.time() < end: sum(range(10000))"


@pytest.mark.parametrize("kernel", ["idle", "busy"])
def test_latency(lab_page, kernel):
    lab_page.open("notebooks/02_kernel_regression.ipynb")
    lab_page.run_all()
    page = lab_page.page
    found = explorer(page, "How wide should we look?")
    if kernel == "busy":
        page.evaluate(
            "code => { jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({ code }); }", BUSY
        )
        page.wait_for_timeout(500)
    found.evaluate(WATCH)
    times = sorted(page.evaluate(LATENCY, [found.element_handle(), STOPS]))
    seen = page.evaluate("watching")
    assert len(times) == len(STOPS)
    high = times[round(0.95 * len(times)) - 1]
    print(
        f"\nkernel {kernel}: median {statistics.median(times):.0f} ms, 95 % {high:.0f} ms over {len(times)} moves; "
        f"{seen['frames']} frames painted, {seen['blank']} blank, {seen['jumps']} jumps"
    )
