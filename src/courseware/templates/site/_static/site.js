// Opened from disk, browsers refuse the excerpts that the search page would fetch: say so.
document.addEventListener("DOMContentLoaded", () => {
  const results = document.getElementById("search-results");
  if (!results || location.protocol !== "file:") return;
  const note = document.createElement("p");
  note.className = "course-note";
  note.textContent = "You opened this site from a disk: the search finds pages, but shows no excerpts of them.";
  results.before(note);
});
