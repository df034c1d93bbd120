// A part of a form that only some choices need: <form data-shown-when="reason" data-shown-values="a b"> shows its
// [data-shown-part] while one of these values is chosen. Without script the part is simply always there.
(() => {
  for (const form of document.querySelectorAll("form[data-shown-when]")) {
    const values = form.dataset.shownValues.split(" ");
    const parts = form.querySelectorAll("[data-shown-part]");
    const update = () => {
      const chosen = new FormData(form).get(form.dataset.shownWhen);
      for (const part of parts) part.hidden = !values.includes(chosen);
    };
    form.addEventListener("change", update);
    update();
  }
})();
