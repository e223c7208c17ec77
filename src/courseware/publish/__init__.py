"""The course in one folder that needs no kernel, no server and no network: pages, decks and handouts.

`command` is what the command line calls, and `export` does it. The pages are made by `course`, `sources`, `pictures`,
`pages` and, in Sphinx's process, `sphinx_extension`; the decks by `deck`, `slide_links`, `course_deck` and, on paper,
`handouts`. Both need `links`, `formulas`, `fonts` and `installed`; `outside` and `dead_links` look at what was made.
"""
