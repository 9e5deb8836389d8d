// Numbers, times and titles as text.

const NUMBER = new Intl.NumberFormat("en");
const UTC = { timeZone: "UTC", day: "numeric", month: "short" };
const DAY = new Intl.DateTimeFormat("en-GB", { ...UTC, year: "numeric" });
const CLOCK = { hour: "2-digit", minute: "2-digit" };
const MINUTE = new Intl.DateTimeFormat("en-GB", { ...UTC, ...CLOCK });
const MINUTE_OF_YEAR = new Intl.DateTimeFormat("en-GB", { ...UTC, year: "numeric", ...CLOCK });
let years = false; // whether times show their year

// Show years if these times, in seconds, are not all in one.
export function showYearsOf(times) {
  const seen = new Set();
  for (const time of times) if (!Number.isNaN(time)) seen.add(new Date(time * 1000).getUTCFullYear());
  years = seen.size > 1;
}

export function number(value) {
  return NUMBER.format(value);
}

export function count(value, singular, plural = `${singular}s`) {
  return `${number(value)} ${value === 1 ? singular : plural}`;
}

export function twoDigits(value) {
  return value.toFixed(2);
}

// A threshold: two digits, more only if it has them.
export function exactNumber(value) {
  return value.toFixed(4).replace(/0{1,2}$/, "");
}

export function minute(seconds) {
  return Number.isNaN(seconds) ? "" : (years ? MINUTE_OF_YEAR : MINUTE).format(seconds * 1000);
}

export function day(seconds) {
  return DAY.format(seconds * 1000);
}

// With its year only if that is not clear.
export function shortDay(seconds) {
  return years ? day(seconds) : day(seconds).replace(/ \d{4}$/, "");
}

export function span(first, last) {
  if (Number.isNaN(first)) return "";
  if (first === last) return minute(first);
  return day(first) === day(last) ? `${minute(first)}–${minute(last).slice(-5)}` : `${minute(first)} – ${minute(last)}`;
}

export function shortened(text, length) {
  const letters = Array.from(text);
  return letters.length <= length
    ? text
    : `${letters
        .slice(0, length - 1)
        .join("")
        .trimEnd()}…`;
}

export function groupNoun({ data }, number = 2) {
  const [singular, plural] = data.level === "story" ? ["story", "stories"] : ["wording", "wordings"];
  return number === 1 ? singular : plural;
}
