// Parts of a form that only some choices need. <form data-shown-when="reason" data-shown-values="a b"> shows its
// [data-shown-part] while one of these values is chosen; a part with its own <div data-shown-for="act=lose reason=a,b">
// is shown while every field named there has one of the values named. Without script every part is simply always there.
(() => {
  const meets = (data, rule) => rule.split(" ").every((one) => {
    const [name, values] = one.split("=");
    return values.split(",").includes(data.get(name));
  });
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
  for (const part of document.querySelectorAll("[data-shown-for]")) {
    const form = part.closest("form");
    const update = () => { part.hidden = !meets(new FormData(form), part.dataset.shownFor); };
    form.addEventListener("change", update);
    update();
  }
})();
