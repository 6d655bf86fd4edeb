// Progressive only: every page works without this file. Runs under CSP script-src 'self'.
const root = document.documentElement;
root.classList.add("js");

// One polite line for screen readers.
const status = document.createElement("div");
status.className = "vh";
status.setAttribute("role", "status");
document.body.append(status);

// <button data-copy-from="id">: copies that element's text; without permission selects it instead.
document.addEventListener("click", async (event) => {
  for (const menu of document.querySelectorAll(".menu-pop[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const button = event.target.closest("[data-copy-from]");
  const source = button && document.getElementById(button.dataset.copyFrom);
  if (!source || button.classList.contains("copied")) return;
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    getSelection().selectAllChildren(source);
    return;
  }
  const label = button.getAttribute("aria-label");
  const word = button.querySelector("span");
  const text = word && word.textContent;
  const use = button.querySelector("use");
  const icon = use && use.getAttribute("href");
  const show = (name, words, href) => {
    if (label) button.setAttribute("aria-label", name);
    if (word) word.textContent = words;
    if (use) use.setAttribute("href", href);
  };
  button.classList.add("copied");
  show("Copied", "Copied", icon && icon.replace(/#.*/, "#check"));
  status.textContent = "Copied";
  setTimeout(() => {
    button.classList.remove("copied");
    show(label, text, icon);
    status.textContent = "";
  }, 1500);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const menu = document.querySelector(".menu-pop[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.matches("input, textarea, select")) {
    const search = document.querySelector("input[type=search]");
    if (search) {
      event.preventDefault();
      search.focus();
    }
  }
});

// <span data-until="2026-11-21T01:35:12Z">14 min</span>: counts down, then loads the page again.
// A time already past when first seen never reloads, so a wrong clock cannot make a loop.
const ahead = new Set();
const tick = () => {
  for (const place of document.querySelectorAll("[data-until]")) {
    const until = place.dataset.until;
    const left = Math.max(0, Math.ceil((Date.parse(until) - Date.now()) / 1000));
    if (!(left >= 0)) continue;
    const words = left >= 7200 ? Math.floor(left / 3600) + " h" : left >= 60 ? Math.floor(left / 60) + " min" : left + " s";
    if (place.textContent !== words) place.textContent = words;
    if (left > 0) ahead.add(until);
    else if (ahead.delete(until)) location.reload();
  }
};
tick();
setInterval(tick, 1000);

// Makes old look like fresh, touching only what differs: focus, selection, open details,
// running animations and live regions survive.
const morph = (old, fresh) => {
  if (old.nodeName !== fresh.nodeName || old.id !== fresh.id) return old.replaceWith(fresh);
  if (old.nodeType !== 1) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  const before = [...old.childNodes];
  const after = [...fresh.childNodes];
  after.forEach((node, i) => (before[i] ? morph(before[i], node) : old.append(node)));
  before.slice(after.length).forEach((node) => node.remove());
};

// <div id="run" data-live="/…/events">: on "change" the page is fetched and this element brought up
// to date; on "end", and when the page has moved, the browser loads it again and follows.
const live = (region) => {
  let source;
  let busy = false;
  let again = false;
  const update = async () => {
    again = busy;
    if (busy) return;
    busy = true;
    try {
      do {
        again = false;
        // "manual": the next page may count views, so only the reload may ask for it
        const answer = await fetch(location.href, { redirect: "manual", headers: { accept: "text/html" } });
        if (answer.type === "opaqueredirect") return location.reload();
        if (!answer.ok) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById(region.id);
        if (!fresh) return location.reload();
        document.title = page.title;
        morph(region, fresh);
        tick();
        if (!region.dataset.live) source.close();
      } while (again);
    } catch {
      // The connection is gone: the event source opens again and asks then.
    } finally {
      busy = false;
    }
  };
  const open = () => {
    source = new EventSource(region.dataset.live);
    source.onopen = update; // what changed before or between connections
    source.addEventListener("change", update);
    source.addEventListener("end", () => {
      source.close();
      setTimeout(() => location.reload(), 1000 - performance.now());
    });
    source.onerror = () => {
      if (source.readyState === 2) setTimeout(() => region.dataset.live && open(), 5000), update();
    };
  };
  open();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && region.dataset.live && open());
};
document.querySelectorAll("[data-live]").forEach(live);

document.querySelector(".error-summary")?.focus();
