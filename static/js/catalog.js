// "Show more" in place: the keyboard goes on at the first new card instead of the top of the page.
{
  let known = 0;
  const cards = () => document.querySelectorAll("#cards > li");
  document.addEventListener("htmx:beforeRequest", () => { known = cards().length; });
  document.addEventListener("htmx:afterSettle", () => {
    if (document.activeElement === document.body) cards()[known]?.querySelector("a")?.focus({ preventScroll: true });
  });
}
