# %% [markdown]
# # References
#
# Every work that the course cites, by author and year, with links back to the lessons and exercise sheets that cite it. † in a lesson marks what we say of a work that we did not have before us: check it before you cite it.

# %% [markdown]
# {{bibliography}}
