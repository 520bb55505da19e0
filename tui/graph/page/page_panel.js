// Search, filters, details, keyboard and address. Names come from a stranger's repository: they only become text.

const LISTED = 200;
const $ = (id) => document.getElementById(id);

function element(tag, text, properties = {}) {
  const made = Object.assign(document.createElement(tag), properties);
  made.textContent = text;
  return made;
}

class Page {
  constructor(graph) {
    this.graph = graph;
    this.hiddenTypes = new Set();
    this.hiddenKinds = new Set();
    this.shown = { type: (type) => !this.hiddenTypes.has(type), node: (node) => !this.hiddenKinds.has(graph.kind[node]) };
    this.picture = new Picture($("canvas"), graph);
    this.results = [];
    this.filters($("types"), graph.types, graph.type, this.hiddenTypes, TYPE_COLOURS);
    this.filters($("kinds"), graph.kinds, graph.kind, this.hiddenKinds, KIND_COLOURS);
    this.listen();
    this.follow();
    if (this.focus < 0 && graph.focus >= 0 && !location.hash) this.go(graph.focus);
  }

  filters(box, names, used, hidden, colours) {
    const counts = new Array(names.length).fill(0);
    for (const each of used) counts[each]++;
    names.forEach((name, number) => {
      if (!counts[number]) return;
      const label = document.createElement("label"), mark = element("span", "", { className: "dot" });
      const input = Object.assign(document.createElement("input"), { type: "checkbox", checked: true, name });
      mark.style.background = colours[name] || "gray";
      input.onchange = () => { hidden[input.checked ? "delete" : "add"](number); this.render(); };
      label.append(input, mark, `${name} ${counts[number].toLocaleString("en")}`);
      box.append(label);
    });
  }

  // The address names the symbol, so that Back works and a link can be sent.
  follow() {
    const wanted = new URLSearchParams(location.hash.slice(1)).get("symbol") || "";
    const cut = wanted.indexOf("::"), path = wanted.slice(0, cut), name = wanted.slice(cut + 2);
    const { graph } = this;
    this.focus = cut < 0 ? -1 : graph.names.findIndex((each, n) => each === name && graph.paths[graph.path[n]] === path);
    this.render();
  }

  go(node) {
    this.closeResults();
    const { graph } = this;
    const hash = node < 0 ? "" : `symbol=${encodeURIComponent(`${graph.paths[graph.path[node]]}::${graph.names[node]}`)}`;
    if (location.hash.slice(1) !== hash) location.hash = hash;
    this.focus = node;
    this.render();
  }

  render() {
    const began = performance.now(), { graph, focus } = this;
    this.picture.show(focus, this.shown);
    this.details();
    const { nodes, leftOut } = this.picture.drawn, took = (performance.now() - began).toFixed(0);
    $("status").textContent = `${graph.symbols.toLocaleString("en")} symbols, ${graph.edges.toLocaleString("en")} edges; `
      + `${nodes.length} drawn${leftOut ? `, ${leftOut} more in the list` : ""} (${took} ms)`;
    $("tip").hidden = true;
  }

  details() {
    const { graph, focus } = this, box = $("details"), list = $("neighbours");
    box.replaceChildren();
    list.replaceChildren();
    if (focus < 0) {
      box.append(element("h1", graph.title), element("p", "The most connected symbols. Search, or click one.", { className: "soft" }));
      return;
    }
    box.append(element("h1", graph.names[focus]), element("div", `${graph.kinds[graph.kind[focus]]}, ${place(graph, focus)}`, { className: "soft" }));
    if (graph.signatures[focus]) box.append(element("pre", graph.signatures[focus]));
    const groups = new Map();
    for (const each of neighbours(graph, focus, this.shown)) {
      const title = `${each.out ? "" : "← "}${graph.types[graph.type[each.edge]]}${each.out ? " →" : ""}`;
      if (!groups.has(title)) groups.set(title, []);
      groups.get(title).push(each);
    }
    for (const [title, members] of groups) {
      const items = document.createElement("ul");
      members.sort((a, b) => graph.names[a.node].localeCompare(graph.names[b.node]));
      for (const each of members.slice(0, LISTED)) items.append(this.item(each.node, graph.resolutions[graph.resolution[each.edge]]));
      if (members.length > LISTED) items.append(element("div", `and ${members.length - LISTED} more`, { className: "soft" }));
      list.append(element("h2", `${title} (${members.length})`), items);
    }
  }

  item(node, resolution = "exact") {
    const { graph } = this, made = document.createElement("li"), mark = element("span", "", { className: "dot" });
    mark.style.background = KIND_COLOURS[graph.kinds[graph.kind[node]]] || "gray";
    const sure = resolution === "exact" ? "" : `, ${resolution}`;
    made.append(mark, graph.names[node], element("span", `  ${place(graph, node)}${sure}`, { className: "soft" }));
    made.title = graph.signatures[node] || graph.names[node];
    made.tabIndex = 0;
    made.onclick = () => this.go(node);
    made.onkeydown = (event) => { if (event.key === "Enter") this.go(node); };
    return made;
  }

  search() {
    this.results = find(this.graph, $("search").value, this.shown.node);
    this.chosen = 0;
    $("results").replaceChildren(...this.results.map((node) => this.item(node)));
    $("results").hidden = !$("search").value.trim();
    if (!this.results.length) $("results").append(element("div", "Nothing of that name.", { className: "soft" }));
    this.choose(0);
  }

  choose(step) {
    const items = [...$("results").querySelectorAll("li")];
    this.chosen = Math.max(0, Math.min(items.length - 1, this.chosen + step));
    items.forEach((item, n) => item.setAttribute("aria-selected", String(n === this.chosen)));
    items[this.chosen]?.scrollIntoView({ block: "nearest" });
  }

  closeResults() {
    $("results").hidden = true;
    $("search").value = "";
    $("search").blur();
  }

  listen() {
    $("search").oninput = () => this.search();
    $("home").onclick = () => this.go(-1);
    $("theme").onclick = () => this.changeTheme();
    window.onhashchange = () => this.follow();
    matchMedia("(prefers-color-scheme: dark)").onchange = () => this.picture.draw();
    document.onkeydown = (event) => this.key(event);
    this.pointer($("canvas"));
  }

  changeTheme() {
    const root = document.documentElement, dark = root.dataset.theme
      ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    this.picture.draw();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = document.activeElement === $("search");
    const keys = typing
      ? { Escape: () => this.closeResults(), ArrowDown: () => this.choose(1), ArrowUp: () => this.choose(-1),
          Enter: () => { if (this.results.length) this.go(this.results[this.chosen]); } }
      : { "/": () => $("search").focus(), h: () => this.go(-1), t: () => this.changeTheme(), Backspace: () => history.back(),
          "+": () => this.picture.zoom(1.25), "=": () => this.picture.zoom(1.25), "-": () => this.picture.zoom(0.8),
          0: () => this.picture.fit(), Escape: () => { $("tip").hidden = true; } };
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  }

  pointer(canvas) {
    let held = null;
    canvas.onpointerdown = (event) => { held = { x: event.offsetX, y: event.offsetY, moved: false }; };
    canvas.onpointerleave = () => { $("tip").hidden = true; };
    canvas.onpointermove = (event) => {
      if (held && event.buttons) {
        held.moved ||= Math.hypot(event.offsetX - held.x, event.offsetY - held.y) > 4;
        if (held.moved) { this.picture.move(event.movementX, event.movementY); return; }
      }
      this.hover(event);
    };
    canvas.onpointerup = (event) => {
      const node = held && !held.moved ? this.picture.nodeAt(event.offsetX, event.offsetY) : -1;
      held = null;
      if (node >= 0) this.go(node);
    };
    canvas.onwheel = (event) => {
      event.preventDefault();
      this.picture.zoom(Math.exp(-event.deltaY / 500), event.offsetX, event.offsetY);
    };
  }

  hover(event) {
    const { graph } = this, node = this.picture.nodeAt(event.offsetX, event.offsetY), tip = $("tip");
    if (node !== this.picture.hovered) { this.picture.hovered = node; this.picture.draw(); }
    tip.hidden = node < 0;
    if (node < 0) return;
    tip.replaceChildren(element("div", graph.names[node]),
      element("div", `${graph.kinds[graph.kind[node]]}, ${place(graph, node)}`, { className: "soft" }));
    if (graph.signatures[node]) tip.append(element("pre", graph.signatures[node]));
    tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8)}px`;
  }
}

readGraph($("data").textContent).then(
  (graph) => { window.page = new Page(graph); },
  (error) => { $("status").textContent = `Cannot read the graph: ${error}. A browser of 2023 or later is needed.`; },
);
