"""The class votes by phone on a question of a live slide: `courseware present 5 --votes ADDRESS`.

A server of its own, in a process of its own, shows the phones one page and takes their votes; it knows nothing of
JupyterLab, and who reaches it reaches no kernel and no file. The deck leads the vote through JupyterLab's server, which
stays on this machine.

===========  ===============================================================================
`poll`       the vote: one question, who has voted what, what may be seen
`page`       the page that a phone shows
`server`     the server of that page, and its limits
`room`       starts that server and speaks with it; the address and its QR code
`numbers`    the counts of a lecture in a file, and a page that draws them: only if asked for
`gain`       two such files of the concept test, before and after, compared
`extension`  the deck's way to the room, in JupyterLab's server
===========  ===============================================================================
"""
