// Puts the parts together: data, state, what is drawn of them.

import { drawChecks } from "./checking.js";
import { prepareControls, showControls } from "./controls.js";
import { drawFigures } from "./figures.js";
import { ranksOf, regroup } from "./grouping.js";
import { drawList, told } from "./list.js";
import { search } from "./searching.js";
import { VIEWS, readAddress, thresholdsOf, writeAddress } from "./state.js";
import { loadData } from "./unpacking.js";
import { tellYearsOf } from "./writing.js";

const [form, status] = [document.getElementById("controls"), document.getElementById("status")];
const data = loadData(document.getElementById("data"));
tellYearsOf(data.rows.time);
data.ranks = ranksOf(data);
data.firstRow = firstRows(data);
const app = { data, state: readAddress(location.hash, data.settings), grouping: null, found: null };
const drawn = new Set(); // the views that show the state as it is

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

// Compute what has changed, then draw the view that is looked at.
function update(state) {
  const before = app.state;
  app.state = state;
  const moved = Object.keys(data.settings.thresholds).some((level) => state[level] !== before[level]);
  const asked = Object.keys(state).some((name) => name !== "view" && state[name] !== before[name]);
  if (moved || !app.grouping) app.grouping = regroup(data, thresholdsOf(state, data.settings));
  if (asked || !app.found) {
    app.found = search(data, app.grouping, state);
    drawn.clear();
    status.textContent = told(app);
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
  history.replaceState(null, "", writeAddress(app.state, data.settings));
}

for (const link of document.querySelectorAll(".views a")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    update({ ...app.state, view: link.hash.slice(1) });
    history.pushState(null, "", writeAddress(app.state, data.settings));
  });
}
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});
addEventListener("popstate", () => update(readAddress(location.hash, data.settings)));

prepareControls(app, form, change);
update(app.state);
performance.mark("usable");
// For tests, and for whoever opens the console.
globalThis.headlineDedupe = {
  labels: (level) => Array.from(app.grouping.labels[level]),
  representatives: () => app.grouping.stories.map((story) => data.rows.position[story.representative]),
  regroup: (thresholds) => change(thresholds),
};
