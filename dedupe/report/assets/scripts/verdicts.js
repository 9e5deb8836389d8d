// The reader's verdicts on pairs, to be saved as corrections for the next run.

import { make } from "./elements.js";
import { titleOf } from "./titles.js";
import { count } from "./format.js";

const FILE = "corrections.jsonl";
const CHOICES = { "": "none", wording: "one wording", story: "one story, two wordings", different: "different stories" };
const verdicts = new Map(); // by pair
const bar = make("p", { className: "verdicts", hidden: true });
let saved = true;

export function verdictChoice(app, pair) {
  const options = Object.entries(CHOICES).map(([value, name]) => make("option", { value }, name));
  const select = make("select", { "data-pair": pair }, options);
  select.value = verdicts.get(pair) ?? "";
  select.addEventListener("change", () => decide(app, pair, select.value));
  return make("label", { className: "verdict" }, "Your verdict: ", select);
}

// A pair may be on several cards; all show the same verdict.
function decide(app, pair, verdict) {
  if (verdict) verdicts.set(pair, verdict);
  else verdicts.delete(pair);
  for (const select of document.querySelectorAll(`select[data-pair="${pair}"]`)) select.value = verdict;
  saved = !verdicts.size;
  verdictBar(app);
}

// The bar that saves the verdicts; hidden until there are any.
export function verdictBar(app) {
  const button = make("button", { type: "button" }, `Save ${count(verdicts.size, "verdict")}`);
  button.addEventListener("click", () => save(app));
  bar.hidden = !verdicts.size;
  const use = app.data.lasting ? `index correct INDEX ${FILE}` : `--corrections ${FILE}`;
  bar.replaceChildren(button, app.data.lasting ? " for the index: " : " for the next run: ", make("code", {}, use));
  return bar;
}

function save({ data }) {
  const title = (node) => titleOf(data, data.firstRow[node]);
  const lines = [...verdicts].map(([pair, verdict]) =>
    JSON.stringify({ title_a: title(data.pairs.i[pair]), title_b: title(data.pairs.j[pair]), verdict }),
  );
  const href = URL.createObjectURL(new Blob([`${lines.join("\n")}\n`], { type: "application/jsonl" }));
  make("a", { href, download: FILE }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1000);
  saved = true;
}

addEventListener("beforeunload", (event) => {
  if (!saved) event.preventDefault();
});
