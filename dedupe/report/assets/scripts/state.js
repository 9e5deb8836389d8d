// The state of the page, kept in its address so that it can be shared: #check&q=ferry&story=0.4

export const VIEWS = ["stories", "check", "pictures", "run"];
const TEXTS = { q: "", sort: "largest", size: "", only: "", source: "", from: "", to: "" };

// `thresholds`: of the run; `floor`: the lowest possible.
export function initialState({ thresholds }) {
  return { view: VIEWS[0], ...TEXTS, ...thresholds };
}

export function readAddress(hash, { thresholds, floor }) {
  const [view, ...rest] = hash.replace(/^#/, "").split("&");
  const values = new URLSearchParams(rest.join("&"));
  const state = initialState({ thresholds });
  if (VIEWS.includes(view)) state.view = view;
  for (const name of Object.keys(TEXTS)) state[name] = values.get(name) ?? state[name];
  for (const level of Object.keys(thresholds)) {
    const value = Number.parseFloat(values.get(level));
    if (value >= floor && value <= 1) state[level] = value;
  }
  return state;
}

export function writeAddress(state, data) {
  const initial = initialState(data);
  const values = new URLSearchParams();
  for (const name of Object.keys(initial)) {
    if (name !== "view" && state[name] !== initial[name]) values.set(name, state[name]);
  }
  return `#${[state.view, values.toString()].filter(Boolean).join("&")}`;
}

export function thresholdsOf(state, { thresholds }) {
  return Object.fromEntries(Object.keys(thresholds).map((level) => [level, state[level]]));
}
