// The form beside the list: it shows the state and reports changes.

import { make } from "./elements.js";
import { exactNumber, number } from "./format.js";

const NARROW = "(max-width: 55rem)";

export function prepareControls(app, form, change) {
  fillSources(app.data, form.elements.source);
  for (const field of form.querySelectorAll("[data-needs]")) {
    field.hidden = !(field.dataset.needs === "dates" ? app.data.dated : app.data.sourced);
  }
  form.querySelector("details").open = !matchMedia(NARROW).matches;
  form.addEventListener("input", (event) => change(valueOf(event.target)));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    change({ q: "", sort: "largest", size: "", only: "", source: "", from: "", to: "" });
  });
  document.getElementById("reset-thresholds").addEventListener("click", () => change(app.data.thresholds));
}

function valueOf(field) {
  return { [field.name]: field.type === "range" ? field.valueAsNumber : field.value };
}

// Sources with the most headlines first.
function fillSources(data, select) {
  const counts = new Uint32Array(data.rows.sources.length);
  for (const source of data.rows.source) counts[source] += 1;
  const order = [...counts.keys()].slice(1).sort((a, b) => counts[b] - counts[a]);
  select.append(
    ...order.map((source) =>
      make("option", { value: data.rows.sources[source] }, `${data.rows.sources[source]} (${number(counts[source])})`),
    ),
  );
}

export function showControls(app, form) {
  for (const field of form.elements) {
    if (!(field.name in app.state)) continue;
    if (field.type !== "range" && field.value !== app.state[field.name]) field.value = app.state[field.name];
    if (field.type === "range") showThreshold(app, field);
  }
}

function showThreshold({ state, data }, field) {
  const value = state[field.name];
  if (field.valueAsNumber !== value) field.value = value;
  const set = data.thresholds[field.name];
  field.labels[0].querySelector("output").textContent =
    exactNumber(value) + (value === set ? "" : ` (in the run: ${exactNumber(set)})`);
}
