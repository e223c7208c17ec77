document.addEventListener("DOMContentLoaded", () => {
  // The arrows beside the lessons have a sign only, and screen readers need words.
  for (const arrow of document.querySelectorAll(".bd-links summary")) {
    arrow.setAttribute("aria-label", `${courseSays["Pages of"]} ${arrow.closest("li").querySelector("a").textContent}`);
  }
  // The theme's sidebar is no landmark, and the name of the course in it would lie in none.
  const sidebar = document.getElementById("pst-primary-sidebar");
  sidebar?.setAttribute("role", "region");
  sidebar?.setAttribute("aria-label", courseSays["Course"]);
  // To the same place in the other language: headings have the same anchors there.
  for (const link of document.querySelectorAll("a.course-language")) {
    const bare = link.href;
    link.addEventListener("click", () => {
      const passed = [...document.querySelectorAll("article section[id]")].filter(
        (section) => section.querySelector("h2, h3") && section.getBoundingClientRect().top < innerHeight / 2,
      );
      const anchor = passed.at(-1)?.querySelector(":scope > span[id]")?.id ?? passed.at(-1)?.id;
      link.href = scrollY > innerHeight / 2 && anchor ? `${bare}#${encodeURIComponent(anchor)}` : bare;
    });
  }
  const results = document.getElementById("search-results");
  if (!results || location.protocol !== "file:") return;
  // Browsers refuse the excerpts that the search page would fetch from a disk: say so.
  const note = document.createElement("p");
  note.className = "course-note";
  note.textContent =
    courseSays["You opened this site from a disk: the search finds pages, but shows no excerpts of them."];
  results.before(note);
});
