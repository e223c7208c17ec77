# %% [markdown] slideshow={"slide_type": "slide"}
# # Visual attention: start here
#
# *Attention is a weighted average whose weights depend on how well a query matches the keys.* This course walks from that one sentence, with sliders, to the attention blocks of modern vision networks.
#
# $$y = \sum_j \frac{\kappa(q, k_j)}{Z} \, v_j$$
#
# Here $q$ is the query; the keys are $k_j$ and the values $v_j$. $\kappa$ says how well the query matches a key, and $Z$ is the sum of all $\kappa(q, k_j)$.
#
# Click a lesson, then choose **Run → Run All Cells**, and start moving things.

# %% [markdown]
# ## The map
#
# {{map}}
#
# Every work that the lessons cite, with links back to them, is on the page of [references](references.ipynb).

# %% [markdown]
# ## Try one now
#
# Run the cell below, then drag the slider, choose a kernel, or drag the dotted line on the first panel. With the keyboard: Tab to a control, then the arrow keys, Home and End.

# %% jupyter={"source_hidden": true}
from visual_attention.lessons.kernel_regression.explorers import width_explorer

width_explorer()

# %% [markdown] tags=["remove-cell"]
# ## Your progress
#
# Run this cell again whenever you like. An exercise counts as passed once its check has said *right* in its sheet; the record is `notebooks/progress.json`, and deleting that file starts anew.

# %% tags=["remove-cell"] jupyter={"source_hidden": true}
from courseware.exercises.journal import Checklist

Checklist()

# %% [markdown]
# ## If you study alone
#
# - Two lessons a week make a course of five weeks: the [syllabus](../course/README.md) has the order and the hours, and what each lesson needs.
# - Read a lesson from top to bottom; run each cell yourself, and *predict before you run*. A lesson takes from two to four and a half hours with its exercises.
# - Open its exercise sheet, replace each `...` or `raise NotImplementedError` by your answer, and run the check below it. The check says what is right, what is not, and, where it knows the mistake, its name.
# - Under a **Predict** the answer is folded. Make your guess first, then click it; an output also opens when you run its cell by itself, and stays shut when you run all cells.
# - A word you do not know, in English or Chinese, is in the [glossary](glossary.ipynb), with the place where it is defined, and so is the notation; what the lessons cite is on the page of [references](references.ipynb).
# - Two signs. † marks what we say of a paper that we did not have before us: check it. *The source slides* are the lecture slides that this course grew from; lessons that correct them say so.
# - 中文版: the course is there in Chinese. `courseware lab --language zh` opens it, and on the web site each page of the course has a link below its title that leads to the same place in the other language. Your progress is one for both.
# - Solutions are there when you want them. Keep your own work in a copy (right click → Duplicate): then an update of the course never meets your answers.
#
# ## If you teach
#
# - The [syllabus](../course/README.md) has minutes, slides and exercises of each lesson, and two more ways through the course: one lecture of 90 minutes, and three sessions.
# - Every lesson is also a deck: `courseware present 2` opens lesson 2 as slides, with live cells and working sliders. Ctrl+Enter runs a cell and stays; Space and the arrow keys turn the pages.
# - Speaker notes with minutes and questions for the room stand in the notebook, folded under *For the lecturer*, in cells of slide type *Notes*. [Teaching notes](../course/README.md#To-present), one page a lesson, add what goes wrong, sketches for the board, a version for 25 minutes and which exercise to give.
# - `courseware export` writes web pages and decks that need no Python and no network; their sliders still move.
#
# ## If you maintain
#
# - Edit the text in `course/`, never the notebooks; `courseware build 2` derives and runs lesson 2, `courseware check` says what is out of date.
# - `courseware doctor` looks at the installation, package by package.
#
# ## Licences
#
# You may use and adapt the course: code under the MIT licence, text and figures under CC BY 4.0. Photographs, data and fonts by others keep their own licences: [whose they are](../NOTICE.md).

# %% [markdown]
# ## Is everything installed?
#
# Run this cell. It names each package that is missing, broken or of the wrong version, with the line that mends it. If it says *No module named 'courseware'* instead, this kernel belongs to another Python: choose the one in which you installed the course (Kernel → Change Kernel).

# %%
from courseware import doctor

problems = doctor.report(finding for finding in doctor.check_environment() if finding.remedy)
