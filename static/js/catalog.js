// The keyboard goes on where something happened: at the first new card after "Show more", at the heading after a filter.
{
  let known = 0;
  let isMore = false;
  const cards = () => document.querySelectorAll("#cards > li");
  document.addEventListener("htmx:beforeRequest", (event) => {
    known = cards().length;
    isMore = Boolean(event.target.closest("#more"));
  });
  document.addEventListener("htmx:afterSettle", () => {
    const said = document.getElementById("browse-said");
    const count = document.querySelector("[data-count]");
    if (said && count && said.textContent !== count.textContent.trim()) said.textContent = count.textContent.trim();
    if (document.activeElement !== document.body) return;
    const next = isMore ? cards()[known]?.querySelector("a") : document.querySelector("#browse-head h1");
    next?.focus({ preventScroll: true });
  });
}
