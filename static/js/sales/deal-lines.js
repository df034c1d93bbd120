// Adds an empty position to a quote: copies the blank row and raises the count the server reads.
(() => {
  const list = document.querySelector("[data-lines]");
  const blank = document.querySelector("[data-line-blank]");
  const add = document.querySelector("[data-line-add]");
  if (!list || !blank || !add) return;
  const total = document.getElementById(`id_${list.dataset.lines}-TOTAL_FORMS`);
  add.addEventListener("click", () => {
    const index = Number(total.value);
    if (index >= 40) return;
    const row = blank.content.cloneNode(true);
    for (const field of row.querySelectorAll("[name]")) {
      field.name = field.name.replace("__prefix__", index);
      field.id = field.id.replace("__prefix__", index);
    }
    list.append(row);
    total.value = index + 1;
    list.lastElementChild.querySelector("select").focus();
  });
})();
