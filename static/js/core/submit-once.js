// A form is sent once: its buttons rest while the answer is awaited and wake when the page comes back.
// The server is the real guard (idempotency key); this spares the second tap.
(() => {
  const rest = (form, busy) => {
    for (const button of form.querySelectorAll("button[type=submit], button:not([type])")) {
      button.disabled = busy;
      button.classList.toggle("btn-loading", busy);
    }
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method === "get" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    // After the browser has read the button that was pressed.
    setTimeout(() => rest(form, true), 0);
  });
  // What is typed goes with the form: a draft that is still waiting to be saved would only come too late.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.target.closest("form[data-sent]");
    if (form) event.preventDefault();
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) { delete form.dataset.sent; rest(form, false); }
  });
})();
