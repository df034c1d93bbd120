// Time left until the report is due, in the words of the page; the server decides what is late.
(() => {
  const clock = document.querySelector("[data-due]");
  if (!clock) return;
  const due = new Date(clock.dataset.due);
  const plain = clock.textContent.trim();
  const show = () => {
    const minutes = Math.floor((due - Date.now()) / 60000);
    if (minutes < 0 || minutes > 24 * 60) return;
    const left = minutes >= 60 ? `${Math.floor(minutes / 60)}小时${minutes % 60}分` : `${minutes}分钟`;
    clock.textContent = `${plain}，还有${left}`;
    clock.classList.toggle("text-late", minutes < 30);
  };
  show();
  setInterval(show, 30000);
})();
