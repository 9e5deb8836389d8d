// Elements. Text goes in as text, never as markup.

// `properties` are those of the element; `data-` and `aria-` names, `role` and `scope` become attributes.
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (/^(data-|aria-|role$|scope$)/.test(name)) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

// Text of the input in a line of ours: letters that turn the direction of writing turn nothing after it.
export function isolated(...text) {
  return make("bdi", {}, ...text);
}

// Facts in one line, [] where there are none; a fact may be an element.
export function listed(facts) {
  return facts.filter(Boolean).flatMap((fact, k) => (k ? [" · ", fact] : [fact]));
}

// A link where the address is one of the web, else the text alone.
export function webLink(address, text, className = "") {
  if (!/^https?:\/\//i.test(address ?? "")) return make("span", { className }, text);
  return make("a", { className, href: address.trim(), rel: "noopener noreferrer", target: "_blank" }, text);
}

// A <details> whose content is made when it is first opened.
export function unfolding(summary, content, properties = {}) {
  const details = make("details", properties, make("summary", {}, summary));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(...[content()].flat());
  });
  return details;
}

// Fill a list in parts of `size`; a button at its end brings the next, by itself once it comes near where `eager`.
export function inParts(list, items, draw, { size, what, eager = false }) {
  let done = 0;
  const button = make("button", { type: "button", className: "next" });
  const next = () => {
    const focused = document.activeElement === button;
    const part = items.slice(done, done + size).map(draw);
    done += part.length;
    list.append(...part);
    button.textContent = `Show ${Math.min(size, items.length - done)} of ${items.length - done} more ${what}`;
    if (done >= items.length) button.remove();
    if (focused) part[0]?.querySelector("summary, a, button")?.focus();
  };
  button.addEventListener("click", next);
  next();
  if (done >= items.length) return [list];
  if (eager) whenNear(button, next);
  return [list, button];
}

const NEAR = "1200px"; // below the lower edge of the window

function whenNear(element, act) {
  const watcher = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      act();
      watcher.unobserve(element);
      if (element.isConnected) watcher.observe(element); // it may still be near
    },
    { rootMargin: `0px 0px ${NEAR}` },
  );
  watcher.observe(element);
}

export function onceVisible(element, act) {
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watcher.disconnect();
    act();
  });
  watcher.observe(element);
}
