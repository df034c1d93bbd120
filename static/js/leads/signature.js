// A signature drawn with finger, pen or mouse. What is sent is whole numbers inside 600 × 300; the server checks them.
(() => {
  const MAX_POINTS = 2900, MAX_STROKES = 60;
  for (const form of document.querySelectorAll("[data-signature]")) {
    const canvas = form.querySelector("canvas");
    const field = form.querySelector("[name=signature]");
    const pen = canvas.getContext("2d");
    let strokes = [];
    let stroke = null;

    const pointOf = (event) => {
      const box = canvas.getBoundingClientRect();
      const inside = (value, most) => Math.min(most, Math.max(0, Math.round(value)));
      return [
        inside((event.clientX - box.left) * canvas.width / box.width, canvas.width),
        inside((event.clientY - box.top) * canvas.height / box.height, canvas.height),
      ];
    };
    const draw = () => {
      pen.clearRect(0, 0, canvas.width, canvas.height);
      pen.lineWidth = 3;
      pen.lineCap = pen.lineJoin = "round";
      pen.strokeStyle = "#111";
      for (const points of strokes) {
        pen.beginPath();
        pen.moveTo(...points[0]);
        for (const point of points) pen.lineTo(...point);
        pen.stroke();
      }
    };
    const keep = () => { field.value = strokes.length ? JSON.stringify(strokes) : ""; };
    const count = () => strokes.reduce((sum, points) => sum + points.length, 0);

    canvas.addEventListener("pointerdown", (event) => {
      if (strokes.length >= MAX_STROKES) return;
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      stroke = [pointOf(event)];
      strokes.push(stroke);
      draw();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!stroke || count() >= MAX_POINTS) return;
      const point = pointOf(event);
      const last = stroke[stroke.length - 1];
      if (point[0] === last[0] && point[1] === last[1]) return;
      stroke.push(point);
      draw();
    });
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, () => { stroke = null; keep(); });
    }
    form.querySelector("[data-signature-clear]").addEventListener("click", () => { strokes = []; keep(); draw(); });
    // A refused form comes back with what was drawn.
    try { strokes = JSON.parse(field.value || "[]"); draw(); } catch { strokes = []; keep(); }
  }
})();
