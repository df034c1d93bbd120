// Words typed into a form with data-draft="key" survive a lost page in this tab only (sessionStorage).
// Only fields marked data-draft-field are kept: never names, phones or numbers.
(() => {
  for (const form of document.querySelectorAll("form[data-draft]")) {
    const key = `draft:${form.dataset.draft}`;
    const fields = () => form.querySelectorAll("[data-draft-field]");
    const saved = JSON.parse(sessionStorage.getItem(key) || "{}");
    for (const field of fields()) {
      if (!field.value && saved[field.name]) field.value = saved[field.name];
    }
    form.addEventListener("input", () => {
      sessionStorage.setItem(key, JSON.stringify(Object.fromEntries([...fields()].map((field) => [field.name, field.value]))));
    });
  }
  // The page that says "saved" names the drafts that may go.
  for (const mark of document.querySelectorAll("[data-draft-done]")) sessionStorage.removeItem(`draft:${mark.dataset.draftDone}`);
})();
