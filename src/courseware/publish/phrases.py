"""What pages and decks say beside the course's own text. It is translated with the machinery's other words."""

from courseware.language import words

__all__ = ["PHRASES", "say"]

PHRASES = (
    "Begin",
    "Begin with lesson {number}",
    "How to use the course",
    "All slides",
    "Lessons",
    "Look up",
    "For lecturers",
    "Start here",
    "Photographs, data, fonts and scripts by others, with their licences:",
    "whose they are",
    "Slides",
    "Slides for 25 minutes",
    "Handout",
    "Lesson",
    "Exercises",
    "Solutions",
    "Notebook",
    "This lesson",
    "Search the course",
    "Licence:",
    "Pages of",
    "Course",
    "Page",
    "You opened this site from a disk: the search finds pages, but shows no excerpts of them.",
    "Slides are wide: turn your phone.",
    "Show or fold the code of this slide (key C)",
)


def say(phrase: str, **places: object) -> str:
    """One of `PHRASES` in the current language, its places filled. Raises ValueError if it is none of them."""
    if phrase not in PHRASES:
        raise ValueError(f"phrase must be one of PHRASES in {__name__}, was {phrase!r}")
    return words(phrase).format(**places) if places else words(phrase)
