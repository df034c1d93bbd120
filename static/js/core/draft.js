// Words typed into a form with data-draft="key" survive a lost page in this tab only (sessionStorage), for their writer only.
// Only fields marked data-draft-field are kept: never names or phones; long numbers inside the words are left out.
// A draft goes when the answer to the sent form is another page than that form, when a page says so, and at signing out.
// A page that is no answer to it (signing in again after an expired session, a page opened after the network failed)
// leaves it: the words were not saved.
(() => {
  const store = window.sessionStorage;
  const own = (name) => `draft:${document.body.dataset.user || ""}:${name}`;
  const sent = "draft-sent";
  const forms = [...document.querySelectorAll("form[data-draft]")];
  const pathOf = (url) => (url.startsWith(location.origin) ? new URL(url).pathname : "");
  const [gone, from] = JSON.parse(store.getItem(sent) || "[]");
  const isAnswer = gone && document.body.dataset.user && pathOf(document.referrer) === from;
  if (isAnswer && !forms.some((form) => own(form.dataset.draft) === gone)) store.removeItem(gone);
  store.removeItem(sent);
  // The page that says "saved" names the drafts that may go.
  for (const mark of document.querySelectorAll("[data-draft-done]")) store.removeItem(own(mark.dataset.draftDone));
  for (const form of forms) {
    const key = own(form.dataset.draft);
    const fields = () => [...form.querySelectorAll("[data-draft-field]")];
    const saved = JSON.parse(store.getItem(key) || "{}");
    for (const field of fields()) {
      if (!field.value && saved[field.name]) field.value = saved[field.name];
    }
    form.addEventListener("input", () => {
      const words = fields().map((field) => [field.name, field.value.replace(/\d(?:[ -]?\d){6,}[\dXx]?/g, "")]);
      store.setItem(key, JSON.stringify(Object.fromEntries(words)));
    });
    form.addEventListener("submit", () => store.setItem(sent, JSON.stringify([key, location.pathname])));
  }
  for (const form of document.querySelectorAll("form[action$='/logout/']")) {
    form.addEventListener("submit", () => {
      for (const name of Object.keys(store)) if (name.startsWith("draft")) store.removeItem(name);
    });
  }
})();
