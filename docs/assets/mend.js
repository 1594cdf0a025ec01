// Mends what the theme's own script and templates leave without a name or out of reach.
{
  // What is larger than its place scrolls: with the keyboard too.
  const wide = new ResizeObserver((entries) => entries.forEach(({ target: one }) => {
    if (one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight) one.tabIndex = 0;
    else one.removeAttribute("tabindex");
  }));
  const mend = () => {
    document.querySelector(".md-search[role=dialog]")?.setAttribute("aria-label", "Search");
    // One copy button is no landmark.
    document.querySelectorAll(".md-code__nav").forEach((nav) => nav.setAttribute("role", "none"));
    document.querySelectorAll(".md-typeset__scrollwrap, .exhibit-output code").forEach((one) => wide.observe(one));
  };
  let soon;
  new MutationObserver(() => {
    clearTimeout(soon);
    soon = setTimeout(mend, 50);
  }).observe(document.body, { childList: true, subtree: true });
  mend();
}
