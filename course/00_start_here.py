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
# | | lesson | you move | open |
# |---|---|---|---|
# | **1** | **Cues: what attention is** | **intent and saliency on a desk; a search in a crowd; the knob between two poolings** | [lesson](01_cues.ipynb) · [exercises](exercises/01_cues.ipynb) · [solutions](solutions/01_cues.ipynb) |
# | **2** | **Nadaraya–Watson: attention before networks** | **the width of a kernel; two widths on a photograph** | [lesson](02_kernel_regression.ipynb) · [exercises](exercises/02_kernel_regression.ipynb) · [solutions](solutions/02_kernel_regression.ipynb) |
# | **3** | **Learning w: attention with a parameter** | **w, and its path down the loss** | [lesson](03_learned_attention.ipynb) · [exercises](exercises/03_learned_attention.ipynb) · [solutions](solutions/03_learned_attention.ipynb) |
# | **4** | **The map: six kinds of visual attention** | **the axis that is weighed** | [lesson](04_map.ipynb) · [exercises](exercises/04_map.ipynb) · [solutions](solutions/04_map.ipynb) |
# | **5** | **SENet: channel attention** | **the ratio r; the gates of a trained network** | [lesson](05_squeeze_excitation.ipynb) · [exercises](exercises/05_squeeze_excitation.ipynb) · [solutions](solutions/05_squeeze_excitation.ipynb) |
# | **6** | **Non-local networks: spatial attention** | **a pixel of a photograph, and a query that looks for its twin** | [lesson](06_non_local.ipynb) · [exercises](exercises/06_non_local.ipynb) · [solutions](solutions/06_non_local.ipynb) |
# | **7** | **CBAM: channel and spatial attention** | **a digit under both gates** | [lesson](07_cbam.ipynb) · [exercises](exercises/07_cbam.ipynb) · [solutions](solutions/07_cbam.ipynb) |
# | **8** | **Capstone: choose your attention** | **the block in the slot, and the job** | [lesson](08_capstone.ipynb) · [exercises](exercises/08_capstone.ipynb) · [solutions](solutions/08_capstone.ipynb) |
#
# Every work that the lessons cite, with links back to them, is on the page of [references](references.ipynb).

# %% [markdown]
# ## Try one now
#
# Run the cell below, then drag the slider, choose a kernel, or drag the dotted line on the first panel. With the keyboard: Tab to a control, then the arrow keys, Home and End.

# %% jupyter={"source_hidden": true}
from visual_attention.explorers.kernel_regression import width_explorer

width_explorer()

# %% [markdown] tags=["remove-cell"]
# ## Your progress
#
# Run this cell again whenever you like. An exercise counts as passed once its check has said *right* in its sheet; the record is `notebooks/progress.json`, and deleting that file starts anew.

# %% tags=["remove-cell"] jupyter={"source_hidden": true}
from courseware.journal import Progress

Progress()

# %% [markdown]
# ## If you study alone
#
# - Two lessons a week make a course of four weeks: the [syllabus](../course/README.md) has the order and the hours, and what each lesson needs.
# - Read a lesson from top to bottom; run each cell yourself, and *predict before you run*. A lesson takes an hour or two with its exercises.
# - Open its exercise sheet, replace each `...` or `raise NotImplementedError` by your answer, and run the check below it. The check says what is right, what is not, and, where it knows the mistake, its name.
# - A word you do not know, in English or Chinese, is in the [glossary](glossary.ipynb), with the place where it is defined, and so is the notation; what the lessons cite is on the page of [references](references.ipynb).
# - Solutions are there when you want them. Keep your own work in a copy (right click → Duplicate): then an update of the course never meets your answers.
#
# ## If you teach
#
# - The [syllabus](../course/README.md) has minutes, slides and exercises of each lesson, and two more ways through the course: one lecture of 90 minutes, and three sessions.
# - Every lesson is also a deck: `courseware present 2` opens lesson 2 as slides, with live cells and working sliders. Ctrl+Enter runs a cell and stays; Space and the arrow keys turn the pages.
# - Speaker notes with minutes and questions for the room stand in the notebook, in cells of slide type *Notes*. [Teaching notes](../course/README.md#To-present), one page a lesson, add what goes wrong, sketches for the board, a version for 25 minutes and which exercise to give.
# - `courseware export` writes web pages and decks that need no Python and no network; their sliders still move.
#
# ## If you maintain
#
# - Edit the text in `course/`, never the notebooks; `courseware build 2` derives and runs lesson 2, `courseware check` says what is out of date.
# - `courseware doctor` looks at the installation, package by package.

# %% [markdown]
# ## Is everything installed?
#
# Run this cell. It names each package that is missing, broken or of the wrong version, with the line that mends it. If it says *No module named 'courseware'* instead, this kernel belongs to another Python: choose the one in which you installed the course (Kernel → Change Kernel).

# %%
from courseware import environment

problems = environment.report(finding for finding in environment.check_environment() if finding.remedy)
