"""How the course's notebooks are built, checked, explored, exported and presented; knows nothing about attention."""

from courseware.notebook.missing_names import explain_missing_names

explain_missing_names()
