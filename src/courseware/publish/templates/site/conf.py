"""Sphinx's configuration of the pages; what depends on the course is in settings.json."""

import json
from pathlib import Path

settings = json.loads(Path(__file__).with_name("settings.json").read_text(encoding="utf-8"))
repository = settings["repository"]

project = html_title = settings["title"]
language = settings["language"]
say = settings["phrases"]
html_show_copyright = html_show_sphinx = False
html_use_index = False
html_copy_source = False  # the notebooks that the pages offer are the course's own
html_last_updated_fmt = None

# The extension of Pages writes the file that keeps GitHub from leaving out _static/.
extensions = ["myst_nb", "sphinx.ext.githubpages", "courseware.publish.sphinx_extension"]
course_pages = settings["pages"]
course_below = settings["below"]

nb_execution_mode = "off"
nb_merge_streams = True
nb_render_markdown_format = "myst"  # by default outputs are CommonMark, which knows no tables
# No widgets and no bare scripts: neither works without a kernel and a network.
nb_mime_priority_overrides = [
    ("html", kind, None) for kind in ("application/vnd.jupyter.widget-view+json", "application/javascript")
]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_all_links_external = True  # our extension leads them to the pages, and dead_links checks where they lead
smartquotes = False  # quotation marks in a heading are part of its anchor
html_math_renderer = "mathml"

html_theme = "sphinx_book_theme"
html_static_path = ["_static"]
html_css_files = ["fonts.css", "site.css"]
html_js_files = [(None, {"body": f"const courseSays = {json.dumps(say)};"}), "site.js"]
html_context = {"default_mode": "auto"}
html_theme_options = {
    "use_download_button": False,
    "navbar_persistent": [],
    "home_page_in_toc": False,
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "search_bar_text": say["Search the course"],
    "footer_content_items": ["extra-footer.html"],
    "extra_footer": f"<p>{say['Licence:']} {settings['licence']}</p>" if settings["licence"] else "",
}
if repository:
    launch_buttons = {"binderhub_url": "https://mybinder.org", "notebook_interface": "jupyterlab"}
    if repository["provider"] == "github":
        launch_buttons["colab_url"] = "https://colab.research.google.com"
    html_theme_options |= {
        "repository_url": repository["url"],
        "repository_branch": repository["branch"],
        "repository_provider": repository["provider"],
        "path_to_docs": "notebooks",
        "use_repository_button": True,
        "launch_buttons": launch_buttons,
    }
