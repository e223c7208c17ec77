"""For tests that hold for every lesson. They are two files, so that two processes of pytest-xdist share them."""

import pytest

from courseware.project import lessons

LESSONS = [lesson.stem for lesson in lessons() if lesson.number != "00"]
every_lesson = pytest.mark.parametrize("stem", LESSONS)
