/* Draws every [data-chart] from the JSON named by it; the table beside it holds the same numbers. */
(function () {
  "use strict";
  const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);

  /* A theme colour as plain rgba: the theme mixes colours in ways the chart library cannot read. */
  function token(name) {
    probe.style.color = "var(--tblr-" + name + ")";
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = getComputedStyle(probe).color;
    brush.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = brush.getImageData(0, 0, 1, 1).data;
    return "rgba(" + [red, green, blue, (alpha / 255).toFixed(2)].join(",") + ")";
  }

  const font = getComputedStyle(document.body).fontFamily;
  const quiet = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const numbers = (values) => values.map((value) => (value === null ? null : Number(value)));

  function base(spec) {
    return {
      animation: !quiet,
      textStyle: { fontFamily: font, color: token("body-color") },
      // Rich text is drawn on the canvas: no inline style, which the page's policy would refuse.
      tooltip: { trigger: "axis", renderMode: "richText", confine: true, axisPointer: { type: "shadow" } },
      legend: spec.series.length > 1 ? { top: 0, left: 0, itemGap: 14, itemWidth: 14, itemHeight: 8, icon: "roundRect", textStyle: { color: token("secondary"), fontFamily: font } } : undefined,
      aria: { enabled: false },
    };
  }

  function styled(item, horizontal) {
    const many = Array.isArray(item.colour);
    const made = { name: item.name, type: item.type === "line" ? "line" : "bar", data: numbers(item.data) };
    if (item.type === "line") {
      return Object.assign(made, { smooth: false, symbol: "none", lineStyle: { width: 2, type: "dashed", color: token(item.colour) }, itemStyle: { color: token(item.colour) }, z: 3 });
    }
    made.itemStyle = { borderRadius: horizontal ? [0, 3, 3, 0] : [3, 3, 0, 0], color: many ? (point) => token(item.colour[point.dataIndex % item.colour.length]) : token(item.colour) };
    made.barMaxWidth = horizontal ? 18 : 22;
    if (horizontal && item.label !== false) {
      made.label = { show: true, position: "right", color: token("body-color"), fontFamily: font, formatter: (point) => point.value || "" };
    }
    return made;
  }

  function option(spec, room) {
    const horizontal = spec.kind !== "columns";
    const category = { type: "category", data: spec.categories, axisTick: { show: false }, axisLine: { lineStyle: { color: token("border-color") } }, axisLabel: { color: token("secondary"), fontFamily: font, hideOverlap: true, interval: horizontal ? 0 : "auto", width: horizontal ? (room < 300 ? 84 : 104) : undefined, lineHeight: 14, overflow: "break" }, inverse: horizontal };
    const value = { type: "value", minInterval: 1, splitLine: { lineStyle: { color: token("border-color") } }, axisLabel: { show: !horizontal, color: token("secondary"), fontFamily: font } };
    if (horizontal) { value.splitLine = { show: false }; }
    return Object.assign(base(spec), {
      grid: { left: 0, right: horizontal ? 40 : 4, top: spec.series.length > 1 ? 32 : 8, bottom: 0, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: horizontal ? value : category,
      yAxis: horizontal ? category : value,
      series: spec.series.map((item) => styled(item, horizontal)),
    });
  }

  function draw(place) {
    const spec = JSON.parse(document.getElementById(place.dataset.chart).textContent);
    const chart = window.echarts.init(place, null, { renderer: "canvas" });
    chart.setOption(option(spec, place.clientWidth));
    new ResizeObserver(() => chart.resize()).observe(place);
  }

  document.querySelectorAll("[data-chart]").forEach(draw);
})();
