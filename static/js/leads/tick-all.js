// One box that ticks or clears all the others of its form.
document.querySelectorAll("[data-tick-all]").forEach((all) => {
  const boxes = [...all.form.querySelectorAll("input[type=checkbox][name=id]")];
  const show = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  };
  all.addEventListener("change", () => boxes.forEach((box) => { box.checked = all.checked; }));
  boxes.forEach((box) => box.addEventListener("change", show));
  show();
});
