// Elements. Text is added as text, never as markup.

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

// Text of the input inside our own: characters that change the text direction affect nothing after it.
export function isolated(...text) {
  return make("bdi", {}, ...text);
}

// Parts separated by dots; a part may be an element, and empty ones are dropped.
export function joined(parts) {
  return parts.filter(Boolean).flatMap((part, k) => (k ? [" · ", part] : [part]));
}

// A link for a web address, else the text alone.
export function webLink(address, text, className = "") {
  if (!/^https?:\/\//i.test(address ?? "")) return make("span", { className }, text);
  return make("a", { className, href: address.trim(), rel: "noopener noreferrer", target: "_blank" }, text);
}

// A <details> whose content is built when it is first opened.
export function disclosure(summary, content, properties = {}) {
  const details = make("details", properties, make("summary", {}, summary));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(...[content()].flat());
  });
  return details;
}

// Fill a list in batches of `size`; a button at its end adds the next one, by itself once it is nearly visible if `eager`.
export function inBatches(list, items, draw, { size, what, eager = false }) {
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
