// Rows of a policy's table: "添加一行" copies the blank row and raises the count the server reads.
(() => {
  const list = document.querySelector("[data-rows]");
  const blank = document.querySelector("[data-row-blank]");
  const add = document.querySelector("[data-row-add]");
  if (!list || !blank || !add) return;
  const total = document.getElementById(`id_${list.dataset.rows}-TOTAL_FORMS`);
  const most = Number(document.getElementById(`id_${list.dataset.rows}-MAX_NUM_FORMS`).value);
  add.addEventListener("click", () => {
    const index = Number(total.value);
    if (index >= most) return;
    const row = blank.content.cloneNode(true);
    for (const node of row.querySelectorAll("[name], [for], [id]")) {
      for (const name of ["name", "id", "for"]) {
        if (node.hasAttribute(name)) node.setAttribute(name, node.getAttribute(name).replace("__prefix__", index));
      }
    }
    list.append(row);
    total.value = index + 1;
    list.lastElementChild.querySelector("input, select").focus();
  });
})();
