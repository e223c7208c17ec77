"""The quiz questions of the lessons as cards for Anki, as Moodle's XML, and as text: `courseware quiz`.

They are read from the lessons' texts, so there is one source: who mends a question there and writes the file again has
it mended.
"""
