// Charts with their numbers: drawn when first seen, and again when their data has changed.

import { probabilities, sizes } from "./charts.js";
import { make } from "./elements.js";
import { firsts } from "./firsts.js";
import { timeline } from "./timeline.js";

const CHARTS = [probabilities, sizes, timeline, firsts];
const figures = []; // {element, chart, shown, stale}

export function drawFigures(app, element) {
  if (!figures.length) prepare(element, () => app);
  for (const figure of figures) {
    figure.stale = true;
    if (figure.shown && element.clientWidth) fill(figure, app); // a hidden view has no width
  }
}

function prepare(element, app) {
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const figure = figures.find(({ element }) => element === entry.target);
      figure.shown = entry.isIntersecting;
      if (figure.shown && figure.stale && element.clientWidth) fill(figure, app());
    }
  });
  new ResizeObserver(() => drawFigures(app(), element)).observe(element);
  for (const chart of CHARTS) {
    const figure = {
      element: make("figure", {}, make("h3", {}, chart.heading(app()))),
      chart,
      shown: false,
      stale: true,
    };
    figures.push(figure);
    element.append(figure.element);
    watcher.observe(figure.element);
  }
}

function fill(figure, app) {
  const { element, chart } = figure;
  const open = element.querySelector("details")?.open ?? false;
  const missing = chart.missing(app);
  const parts = missing
    ? [make("p", { className: "missing" }, `Not drawn: ${missing}.`)]
    : content(chart, app, element.clientWidth, open);
  element.replaceChildren(element.firstElementChild, ...parts);
  figure.stale = false;
}

function content(chart, app, width, open) {
  const numbers = chart.numbers(app);
  const svg = chart.draw(app, numbers, width);
  for (const part of svg.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label"); // the chart has one label
  svg.setAttribute("role", "img");
  svg.setAttribute(
    "aria-label",
    `${chart.heading(app)}. ${chart.caption(app, numbers)} The table below lists the numbers.`,
  );
  const scroll = make(
    "div",
    { className: "scroll", tabIndex: 0, role: "region", "aria-label": `Numbers: ${chart.heading(app)}` },
    table(chart.table(app, numbers)),
  );
  return [
    make("p", { className: "lead" }, chart.caption(app, numbers)),
    svg,
    make("details", { open }, make("summary", {}, "Numbers"), scroll),
  ];
}

function table({ head, rows }) {
  const cells = (row) => row.map((cell, k) => make(k ? "td" : "th", k ? {} : { scope: "row" }, String(cell)));
  const header = make(
    "thead",
    {},
    make(
      "tr",
      {},
      head.map((cell) => make("th", { scope: "col" }, cell)),
    ),
  );
  return make(
    "table",
    { className: "plain" },
    header,
    make(
      "tbody",
      {},
      rows.map((row) => make("tr", {}, cells(row))),
    ),
  );
}
