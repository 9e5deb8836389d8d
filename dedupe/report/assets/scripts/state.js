// What the reader has asked for, kept in the address so that it can be sent on: #check&q=ferry&story=0.4

export const VIEWS = ["stories", "check", "pictures", "run"];
const TEXTS = { q: "", sort: "largest", size: "", only: "", source: "", from: "", to: "" };

// `thresholds`: those of the run; `floor`: the least there can be.
export function initialState({ thresholds }) {
  return { view: VIEWS[0], ...TEXTS, ...thresholds };
}

export function readAddress(hash, { thresholds, floor }) {
  const [view, ...rest] = hash.replace(/^#/, "").split("&");
  const given = new URLSearchParams(rest.join("&"));
  const state = initialState({ thresholds });
  if (VIEWS.includes(view)) state.view = view;
  for (const name of Object.keys(TEXTS)) state[name] = given.get(name) ?? state[name];
  for (const level of Object.keys(thresholds)) {
    const value = Number.parseFloat(given.get(level));
    if (value >= floor && value <= 1) state[level] = value;
  }
  return state;
}

export function writeAddress(state, settings) {
  const usual = initialState(settings);
  const given = new URLSearchParams();
  for (const name of Object.keys(usual)) {
    if (name !== "view" && state[name] !== usual[name]) given.set(name, state[name]);
  }
  return `#${[state.view, given.toString()].filter(Boolean).join("&")}`;
}

export function thresholdsOf(state, settings) {
  return Object.fromEntries(Object.keys(settings.thresholds).map((level) => [level, state[level]]));
}
