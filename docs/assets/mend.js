// Mends what the theme's own script and templates leave without a name or out of reach.
{
  const mend = () => {
    document.querySelector(".md-search[role=dialog]")?.setAttribute("aria-label", "Search");
    // One copy button is no landmark.
    document.querySelectorAll(".md-code__nav").forEach((nav) => nav.setAttribute("role", "none"));
    // A table that is wider than its place scrolls: with the keyboard too.
    document.querySelectorAll(".md-typeset__scrollwrap").forEach((table) => {
      if (table.scrollWidth > table.clientWidth) table.tabIndex = 0;
      else table.removeAttribute("tabindex");
    });
  };
  mend();
  addEventListener("resize", mend);
  new MutationObserver(mend).observe(document.body, { childList: true, subtree: true });
}
