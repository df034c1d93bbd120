/* A filter form marked data-auto-submit is sent when a choice changes; its button stays for everyone else. */
(function () {
  "use strict";
  document.querySelectorAll("form[data-auto-submit]").forEach((form) => {
    form.addEventListener("change", () => form.requestSubmit());
  });
})();
