// Puts the parts together: data, state, and the views of them.

import { drawChecks } from "./check.js";
import { prepareControls, showControls } from "./controls.js";
import { drawFigures } from "./figures.js";
import { ranksOf, regroup } from "./groups.js";
import { drawList, statusLine } from "./list.js";
import { search } from "./search.js";
import { VIEWS, readAddress, thresholdsOf, writeAddress } from "./state.js";
import { loadData } from "./payload.js";
import { verdictBar } from "./verdicts.js";
import { showYearsOf } from "./format.js";

const [form, status] = [document.getElementById("controls"), document.getElementById("status")];
const data = loadData(document.getElementById("data"));
showYearsOf([...data.rows.time, ...(data.lasting?.first ?? []), ...(data.lasting?.changed ?? [])]);
data.ranks = ranksOf(data);
data.firstRow = firstRows(data);
const app = { data, state: readAddress(location.hash, data), grouping: null, matches: null };
const drawn = new Set(); // the views that are up to date

function firstRows({ rows, nodes, count }) {
  const first = new Uint32Array(nodes);
  for (let row = count - 1; row >= 0; row -= 1) first[rows.node[row]] = row;
  return first;
}

const DRAW = {
  stories: () => drawList(app, document.getElementById("stories")),
  check: () => drawChecks(app, document.getElementById("check")),
  pictures: () => drawFigures(app, document.getElementById("pictures")),
  run: () => {},
};

// Compute what has changed, then draw the current view.
function update(state) {
  const before = app.state;
  app.state = state;
  const moved = Object.keys(data.thresholds).some((level) => state[level] !== before[level]);
  const changed = Object.keys(state).some((name) => name !== "view" && state[name] !== before[name]);
  if (moved || !app.grouping) app.grouping = regroup(data, thresholdsOf(state, data));
  if (changed || !app.matches) {
    app.matches = search(data, app.grouping, state);
    drawn.clear();
    status.textContent = statusLine(app);
  }
  showControls(app, form);
  showView(state.view);
}

function showView(view) {
  for (const name of VIEWS) document.getElementById(`view-${name}`).hidden = name !== view;
  for (const link of document.querySelectorAll(".views a")) {
    if (link.hash === `#${view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (!drawn.has(view)) DRAW[view]();
  drawn.add(view);
}

function change(changes) {
  update({ ...app.state, ...changes });
  history.replaceState(null, "", writeAddress(app.state, data));
}

for (const link of document.querySelectorAll(".views a")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    update({ ...app.state, view: link.hash.slice(1) });
    history.pushState(null, "", writeAddress(app.state, data));
  });
}
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});
addEventListener("popstate", () => update(readAddress(location.hash, data)));

status.after(verdictBar(app));
prepareControls(app, form, change);
update(app.state);
performance.mark("usable");
// For tests and the console.
globalThis.headlineDedupe = {
  labels: (level) => Array.from(app.grouping.labels[level]),
  representatives: () => app.grouping.stories.map((story) => data.rows.position[story.representative]),
  regroup: (thresholds) => change(thresholds),
};
