// The frame of every page: keys, list position, and plain words when the network fails.
(() => {
  const toast = document.getElementById("toast");
  const say = (text) => {
    if (!toast) return;
    toast.textContent = text;
    toast.hidden = false;
    clearTimeout(say.timer);
    say.timer = setTimeout(() => { toast.hidden = true; }, 6000);
  };

  const typing = (target) => target.closest("input, textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = event.target.closest("form");
      if (form) { event.preventDefault(); form.requestSubmit(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const found = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!found) return;
    event.preventDefault();
    if (found.matches("input")) found.focus(); else found.click();
  });

  // A list keeps its place when one comes back to the same address.
  const place = `scroll:${location.pathname}${location.search}`;
  if (document.querySelector("[data-keep-scroll]")) {
    const saved = sessionStorage.getItem(place);
    if (saved) window.scrollTo(0, Number(saved));
    window.addEventListener("pagehide", () => sessionStorage.setItem(place, String(window.scrollY)));
  }

  // Of a row of chips that is wider than the screen, the one that is open is in view.
  for (const chip of document.querySelectorAll(".app-chips [aria-current]")) {
    const row = chip.closest(".app-chips");
    row.scrollLeft = chip.offsetLeft - row.offsetLeft - (row.clientWidth - chip.offsetWidth) / 2;
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-auto-submit] select, [data-auto-submit] input[type=date]")) event.target.form.requestSubmit();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });

  // Without a network a form would be lost to the browser's own error page: it stays, and says so.
  document.addEventListener("submit", (event) => {
    if (navigator.onLine || event.target.method === "get" || event.target.hasAttribute("hx-post")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    say("网络已断开，还没有保存。填写的内容还在，恢复后再提交。");
  }, true);
  window.addEventListener("offline", () => say("网络已断开。填写的内容还在，恢复后再提交。"));
  window.addEventListener("online", () => say("网络已恢复。"));
  document.body.addEventListener("htmx:sendError", () => say("网络不稳定，刚才没有保存。内容还在，请再试一次。"));
  document.body.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 401 || status === 403) say("登录已过期或没有权限，请刷新页面。");
    else if (status >= 500) say("系统暂时无法完成，刚才没有保存，请稍后再试。");
  });
  // A refused form (422, 409) comes back as it was typed and is shown.
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 422 || event.detail.xhr.status === 409) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
})();
