"use strict";
(() => {
  const root = document.documentElement;
  const one = (selector, inside = document) => inside.querySelector(selector);
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  root.classList.add("on");

  // The theme that was chosen, for as long as the browser keeps it.
  const theme = one("#theme");
  const stored = (value) => {
    try {
      if (value === undefined) return localStorage.getItem("guard-theme");
      localStorage.setItem("guard-theme", value);
    } catch { /* a file may have no storage */ }
    return null;
  };
  const paint = (value) => {
    if (value === "light" || value === "dark") root.dataset.theme = value;
    else delete root.dataset.theme;
  };
  theme.value = ["light", "dark"].includes(stored()) ? stored() : "auto";
  paint(theme.value);
  theme.addEventListener("change", () => { paint(theme.value); stored(theme.value); });

  // The filters: of findings, and of the revisions that have them.
  const form = one(".filters"), search = one("#search"), rule = one("#rule"), fresh = one("#new");
  const boxes = all("[name=severity]"), shown = one("#shown");
  const cards = all(".card[data-item]"), revisions = all(".rev[data-item]");
  const texts = new Map();
  const textOf = (item) => {
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item);
  };
  const wanted = () => ({
    words: search.value.toLowerCase().split(/\s+/).filter(Boolean),
    severities: boxes.filter((box) => box.checked).map((box) => box.value),
    rule: rule.value,
    fresh: Boolean(fresh && fresh.checked),
  });
  const fits = (item, want, narrow) => {
    if (want.fresh && !("new" in item.dataset)) return false;
    if (narrow) {
      const has = item.dataset.severity.split(" ");
      if (!want.severities.some((severity) => has.includes(severity))) return false;
      if (want.rule && !item.dataset.rule.split(" ").includes(want.rule)) return false;
    }
    return want.words.every((word) => textOf(item).includes(word));
  };
  const filter = () => {
    const want = wanted();
    const byFinding = want.severities.length < boxes.length || Boolean(want.rule);
    const active = byFinding || want.fresh || want.words.length > 0;
    for (const card of cards) card.hidden = !fits(card, want, true);
    for (const item of revisions) item.hidden = active && !fits(item, want, byFinding);
    for (const graph of all(".graph")) {
      graph.classList.toggle("narrowed", active);
      graph.classList.toggle("all", active || "opened" in graph.dataset);
      const rest = all(".rev:not([hidden])", graph).length;
      graph.hidden = !rest;
      one(".empty", graph.parentElement).hidden = rest > 0;
      const more = one(".more", graph.parentElement);
      if (more) more.hidden = active || "opened" in graph.dataset;
    }
    for (const group of all("[data-group]")) {
      const kept = all(".card:not([hidden])", group).length;
      group.hidden = !kept;
      one(".number", group).textContent = kept;
      if (active && kept && kept <= 20) group.open = true;
    }
    const left = cards.filter((card) => !card.hidden).length;
    const empty = one("#findings > .empty");
    if (cards.length) empty.hidden = left > 0;
    const kept = revisions.filter((item) => !item.hidden).length;
    shown.textContent = !active ? "" :
      `${left} of ${cards.length} findings, ${kept} of ${revisions.length} revisions`;
  };
  let waiting = 0;
  search.addEventListener("input", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(filter);
  });
  form.addEventListener("change", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  filter(); // the browser may have kept what was typed before

  // All older revisions, all details, a command for the clipboard.
  for (const button of all("[data-more]")) button.addEventListener("click", () => {
    const graph = one(".graph", button.closest(".history"));
    const first = one(".tail", graph);
    graph.dataset.opened = "";
    filter();
    const target = first && (one("summary", first) || first);
    if (target) { target.tabIndex = target.matches("summary") ? 0 : -1; target.focus(); }
  });
  for (const button of all("[data-toggle]")) button.addEventListener("click", () => {
    const open = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(open));
    button.textContent = open ? "Close all" : "Open all";
    for (const item of all("details", one(`#${button.dataset.toggle}`))) item.open = open;
  });
  for (const button of all(".copy")) button.addEventListener("click", async () => {
    const code = one("code", button.parentElement);
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
  });

  // A link to a finding or a revision shows it, whatever is folded or filtered.
  const follow = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const item = target && target.closest("[data-item]");
    if (!item) return;
    if (item.hidden) { form.reset(); filter(); }
    const graph = item.closest(".graph");
    if (graph && item.matches(".tail") && !("opened" in graph.dataset)) {
      graph.dataset.opened = "";
      filter();
    }
    const group = item.closest("[data-group]");
    if (group) group.open = true;
    if (target.matches("details")) target.open = true;
    target.scrollIntoView({ block: "start" });
    const summary = one("summary", target);
    if (summary) summary.focus({ preventScroll: true });
  };
  addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && link.getAttribute("href") === location.hash) follow();
  });
  follow();

  // What is wider than its place is scrolled with keys too.
  const reach = (inside) => {
    for (const wide of all("pre, .scroll", inside)) {
      if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
      else wide.removeAttribute("tabindex");
    }
  };
  document.addEventListener("toggle", (event) => reach(event.target), true);

  // Keys, where nobody is typing.
  const seen = (item) => item.checkVisibility ? item.checkVisibility() : item.offsetParent;
  const stops = () => all("[data-item]:not([hidden]), [data-group]:not([hidden])")
    .map((item) => one("summary", item))
    .filter((summary) => summary && seen(summary));
  const step = (by) => {
    const list = stops();
    const here = list.indexOf(document.activeElement.closest("summary"));
    const next = list[here < 0 ? (by > 0 ? 0 : list.length - 1) : here + by];
    if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      form.reset();
      if (document.activeElement === search) search.blur();
      return;
    }
    if (event.target.matches("input, select, textarea")) return;
    if (event.key === "/") { event.preventDefault(); search.focus(); }
    if (event.key === "j") step(1);
    if (event.key === "k") step(-1);
  });
})();
