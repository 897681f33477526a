// Charts on ECharts: drawn on canvas in the page's colours, said in words, kept as PNG, and their
// rows given as a table for who cannot see them. No style or script of a chart is inline.

import { el, svg } from "./element.js";

const library = import("./vendor/echarts/echarts.esm.min.js"); // begun beside the first question
const live = new Set();
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** The page's colours as they stand now. */
export function palette() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: of("ink"), soft: of("soft"), line: of("line"), surface: of("surface"), accent: of("accent"),
    isDark: style.colorScheme === "dark", good: of("good"), bad: of("bad"), caution: of("caution"), quiet: of("quiet"),
    series: Array.from({ length: 8 }, (_, i) => of(`series-${i + 1}`)),
    heat: [of("heat-0"), of("heat-1"), of("heat-2")],
  };
}

/**
 * A chart. ``draw(colours)`` gives ECharts options; ``says`` is the chart in a sentence;
 * ``height`` in pixels. ``open(params)`` is called when a mark is clicked.
 */
export function chart({ title, says, draw, height = 280, open = null }) {
  const canvas = el("div", { class: "chart", role: "img", "aria-label": says });
  canvas.style.height = `${height}px`;
  const made = { node: canvas, draw, open, title, instance: null };
  let begun = false;
  const seen = new ResizeObserver(async () => {
    if (!canvas.clientWidth) return;
    if (made.instance) return void made.instance.resize();
    if (begun) return;
    begun = true;
    const echarts = await library;
    if (!canvas.isConnected) return;
    made.instance = echarts.init(canvas, null, { renderer: "canvas" });
    live.add(made);
    if (open) made.instance.on("click", open);
    paint(made);
    canvas.dataset.drawn = "true";
  });
  seen.observe(canvas);
  const png = el("button", {
    type: "button", class: "tool", "aria-label": `PNG ${title}`, title: "This chart as a picture",
    onclick: () => save(made),
  }, "PNG");
  return { node: canvas, png };
}

/** Charts that have left the page are let go. */
export function forget() {
  for (const made of live) {
    if (made.node.isConnected) continue;
    made.instance.dispose();
    live.delete(made);
  }
}

/** All charts anew, in the colours of now. */
export function repaint() {
  for (const made of live) paint(made);
}

function paint(made) {
  const colours = palette();
  const option = made.draw(colours);
  made.instance.setOption({
    animation: !still.matches, animationDuration: 300, animationDurationUpdate: 200,
    color: colours.series, backgroundColor: "transparent",
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: colours.ink },
    ...option,
    tooltip: {
      renderMode: "richText", confine: true, backgroundColor: colours.surface,
      borderColor: colours.line, borderWidth: 1, padding: [8, 10],
      textStyle: { color: colours.ink, fontSize: 12, lineHeight: 18 }, ...option.tooltip,
    },
  }, true);
}

/** What a picture of a chart must say when it stands alone: period, model, currency, filters, day. */
function chosenInWords() {
  const texts = ["#choices summary", "#choices .chips li:not(.all)", "#books .when"]
    .flatMap((where) => [...document.querySelectorAll(where)].map((one) => one.title || one.textContent.replace("✕", "").trim()));
  return ["Closed Loop", ...texts].join(" · ");
}

function save(made) {
  const ratio = 2;
  const colours = palette();
  const drawn = made.instance.renderToCanvas({ pixelRatio: ratio, backgroundColor: colours.surface });
  const head = 58 * ratio;
  const whole = el("canvas", { width: drawn.width, height: drawn.height + head });
  const pen = whole.getContext("2d");
  pen.fillStyle = colours.surface;
  pen.fillRect(0, 0, whole.width, whole.height);
  pen.drawImage(drawn, 0, head);
  pen.fillStyle = colours.ink;
  pen.font = `600 ${15 * ratio}px ${getComputedStyle(document.body).fontFamily}`;
  pen.fillText(made.title, 12 * ratio, 24 * ratio, whole.width - 24 * ratio);
  pen.fillStyle = colours.soft;
  pen.font = `${11 * ratio}px ${getComputedStyle(document.body).fontFamily}`;
  pen.fillText(chosenInWords(), 12 * ratio, 43 * ratio, whole.width - 24 * ratio);
  whole.toBlob((picture) => {
    const address = URL.createObjectURL(picture);
    el("a", { href: address, download: `closed-loop-${made.title.toLowerCase().replace(/[^a-z0-9]+/g, "-")}.png` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }, "image/png");
}

/** An axis in the page's colours. */
export function axis(colours, more = {}) {
  return {
    axisLine: { lineStyle: { color: colours.line } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: colours.line, opacity: 0.7 } },
    ...more,
    axisLabel: { color: colours.soft, fontSize: 11, hideOverlap: true, ...more.axisLabel },
    nameTextStyle: { color: colours.soft, fontSize: 11, ...more.nameTextStyle },
  };
}

export function legend(colours, more = {}) {
  return {
    top: 0, left: 0, itemWidth: 12, itemHeight: 8, icon: "roundRect", type: "scroll",
    pageTextStyle: { color: colours.soft }, pageIconColor: colours.soft, pageIconInactiveColor: colours.line,
    textStyle: { color: colours.soft, fontSize: 12 }, formatter: (text) => short(text, 28), ...more,
  };
}

/** A name from outside on a chart: on one line, no longer than ``length``, no mark-up of ECharts. */
export function short(text, length = 24) {
  const letters = Array.from(String(text ?? "–").replace(/[\s\u202a-\u202e\u2066-\u2069]+/g, " "));
  const cut = letters.length > length ? [...letters.slice(0, length - 1), "…"] : letters;
  return cut.join("").replaceAll("{", "{\u200b");
}

/** Pixels that these names need beside an axis. */
export function room(names) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  return Math.ceil(names.reduce((most, text) => Math.max(most, pen.measureText(text).width), 0)) + 18;
}

/** A small line beside a figure; drawn in SVG, for it is one of many. */
export function sparkline(values, says) {
  const known = values.map((value) => (value === null || value === undefined ? null : Number(value)));
  const all = known.filter((value) => value !== null);
  if (all.length < 2) return null;
  const [low, high] = [Math.min(0, ...all), Math.max(...all)];
  const [width, height] = [120, 28];
  const x = (i) => (known.length > 1 ? (i * (width - 4)) / (known.length - 1) + 2 : 2);
  const y = (value) => height - 2 - ((value - low) / (high - low || 1)) * (height - 4);
  const points = known.flatMap((value, i) => (value === null ? [] : [`${x(i).toFixed(1)},${y(value).toFixed(1)}`]));
  return svg("svg", { class: "sparkline", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": says },
    svg("polyline", { points: points.join(" "), fill: "none", "vector-effect": "non-scaling-stroke" }));
}
