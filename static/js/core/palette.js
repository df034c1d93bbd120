// The palette: Ctrl/⌘+K or the magnifier opens it, arrows move, Enter opens; ? lists the keys, n registers a visit.
(() => {
  const palette = document.getElementById("palette");
  const keys = document.getElementById("keys");
  if (!palette || !keys) return;
  const box = palette.querySelector("input[name=q]");
  const form = palette.querySelector("form");

  // What is listed may still answer the words before the last letter; Enter then waits for the answer to these.
  let answered = null;
  let isWanted = false;
  const follow = () => palette.querySelector("[data-hit]")?.click();

  const open = () => {
    if (palette.open) return;
    palette.showModal();
    box.select();
    htmx.trigger(form, "open");
  };

  box.addEventListener("input", () => { isWanted = false; });
  palette.addEventListener("htmx:afterSwap", (event) => {
    answered = event.detail.requestConfig.parameters.q ?? "";
    if (isWanted && answered === box.value) { isWanted = false; follow(); }
  });

  const step = (scope, by) => {
    const hits = [...scope.querySelectorAll("[data-hit], a.app-row")].filter((hit) => hit.offsetParent !== null);
    if (!hits.length) return false;
    const next = hits.indexOf(document.activeElement) + by;
    if (next < 0 && scope === palette) box.focus();
    else hits[Math.min(Math.max(next, 0), hits.length - 1)].focus();
    return true;
  };

  const typing = (target) => target.closest("input, textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
      return;
    }
    const arrow = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (palette.open) {
      if (arrow && step(palette, arrow)) event.preventDefault();
      if (event.key === "Enter" && event.target === box) {
        event.preventDefault();
        isWanted = answered !== box.value;
        if (isWanted) htmx.trigger(form, "open");
        else follow();
      }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (arrow && document.activeElement.matches("#main a.app-row")) {
      if (step(document.getElementById("main"), arrow)) event.preventDefault();
    } else if (event.key === "?") keys.showModal();
    else if (event.key === "/" && !document.querySelector('[data-key="/"]')) { event.preventDefault(); open(); }
    else if (event.key === "n" && !document.querySelector('[data-key="n"]')) document.querySelector("[data-new-visit]")?.click();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette-open]")) { event.preventDefault(); open(); }
    if (event.target.closest("[data-palette-close]")) event.target.closest("dialog").close();
    if (event.target === palette || event.target === keys) event.target.close();
  });
})();
