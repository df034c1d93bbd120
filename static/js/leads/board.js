// Dragging a card onto another grade opens the follow-up form with that grade: a regrade needs a contact.
// The "move to" menu on each card does the same without dragging.
(() => {
  const board = document.querySelector("[data-board]");
  if (!board || !window.matchMedia("(pointer: fine)").matches) return;
  let dragged = null;
  for (const card of board.querySelectorAll("[data-card]")) {
    card.draggable = true;
    card.addEventListener("dragstart", (event) => {
      dragged = card;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", card.dataset.card);
    });
    card.addEventListener("dragend", () => { dragged = null; });
  }
  for (const column of board.querySelectorAll("[data-grade]")) {
    const takes = () => dragged && column.dataset.grade !== "N" && !column.contains(dragged);
    column.addEventListener("dragover", (event) => {
      if (!takes()) return;
      event.preventDefault();
      column.classList.add("is-target");
    });
    column.addEventListener("dragleave", () => column.classList.remove("is-target"));
    column.addEventListener("drop", (event) => {
      event.preventDefault();
      column.classList.remove("is-target");
      if (takes()) window.location.assign(`${dragged.dataset.follow}&grade=${column.dataset.grade}`);
    });
  }
})();
