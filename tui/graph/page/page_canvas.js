// Lay out one neighbourhood and draw it. Users of a symbol stand left of it, what it uses right. Knows no panel.

const ROWS = 22, SIDE_LIMIT = 44, ROW_PX = 26, FIRST_COLUMN_PX = 300, COLUMN_PX = 270, OVERVIEW_LIMIT = 60;
const LABEL_CHARS = 34;
const KIND_COLOURS = { module: "#7a8794", class: "#d98a1f", interface: "#c2a112", function: "#2f86d6", method: "#3aa7a3",
  field: "#8f78d2", constant: "#b06fb5", test: "#4c9f4a" };
const TYPE_COLOURS = { PARENT_OF: "#8a8a86", IMPORTS: "#7a8794", CALLS: "#2f86d6", REFERENCES: "#8f78d2", INHERITS: "#d98a1f",
  OVERRIDES: "#c25f1e", INSTANTIATES: "#3aa7a3", TESTS: "#4c9f4a", DOCUMENTS: "#b06fb5", CHANGED_WITH: "#b3486a", TOUCHED_BY: "#b3486a" };

// {nodes: [{node, x, y, side}], edges: [edge], left out: number}
function layout(graph, focus, shown) {
  if (focus < 0) {
    const nodes = mostConnected(graph, OVERVIEW_LIMIT, shown.node).map((node, n) => ({
      node, side: 1, x: (Math.floor(n / 15) - 2) * COLUMN_PX + 40, y: (n % 15 - 7) * ROW_PX }));
    return { nodes, edges: [], leftOut: 0 };
  }
  const sides = { in: new Map(), out: new Map() };
  for (const each of neighbours(graph, focus, shown)) {
    const side = each.out ? sides.out : sides.in;
    if (!sides.in.has(each.node) && !side.has(each.node)) side.set(each.node, graph.type[each.edge]);
  }
  const nodes = [{ node: focus, x: 0, y: 0, side: 0 }];
  let leftOut = 0;
  for (const [members, side] of [[sides.in, -1], [sides.out, 1]]) {
    const all = [...members.keys()].sort((a, b) => degree(graph, b) - degree(graph, a) || a - b);
    const kept = all.slice(0, SIDE_LIMIT).sort((a, b) => members.get(a) - members.get(b)
      || graph.names[a].localeCompare(graph.names[b]) || a - b);
    leftOut += all.length - kept.length;
    kept.forEach((node, n) => {
      const column = Math.floor(n / ROWS), inColumn = Math.min(ROWS, kept.length - column * ROWS);
      nodes.push({ node, side, x: side * (FIRST_COLUMN_PX + column * COLUMN_PX), y: (n % ROWS - (inColumn - 1) / 2) * ROW_PX });
    });
  }
  const drawn = new Set(nodes.map((each) => each.node));
  const edges = [];
  for (const { node } of nodes) {
    for (const edge of edgesAt(graph.leaving, node)) {
      if (drawn.has(graph.target[edge]) && shown.type(graph.type[edge])) edges.push(edge);
    }
  }
  return { nodes, edges, leftOut };
}

class Picture {
  constructor(canvas, graph) {
    this.canvas = canvas;
    this.graph = graph;
    this.drawn = { nodes: [], edges: [], leftOut: 0 };
    this.hovered = -1;
    this.view = { x: 0, y: 0, scale: 1 };
    new ResizeObserver(() => this.fit()).observe(canvas);
  }

  show(focus, shown) {
    this.focus = focus;
    this.drawn = layout(this.graph, focus, shown);
    this.at = new Map(this.drawn.nodes.map((each) => [each.node, each]));
    this.hovered = -1;
    this.fit();
  }

  // Show all of it, at its own size if there is room.
  fit() {
    const { width, height } = this.canvas.getBoundingClientRect();
    const xs = this.drawn.nodes.map((each) => each.x), ys = this.drawn.nodes.map((each) => each.y);
    const left = Math.min(0, ...xs) - (xs.some((x) => x < 0) && this.focus >= 0 ? 290 : 30);
    const right = Math.max(0, ...xs) + 270;
    const top = Math.min(0, ...ys) - 40, bottom = Math.max(0, ...ys) + 40;
    const scale = Math.min(1.3, width / (right - left), height / (bottom - top)) || 1;
    this.view = { scale, x: width / 2 - scale * (left + right) / 2, y: height / 2 - scale * (top + bottom) / 2 };
    this.draw();
  }

  zoom(factor, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    const scale = Math.max(0.15, Math.min(4, this.view.scale * factor)), by = scale / this.view.scale;
    this.view = { scale, x: x - (x - this.view.x) * by, y: y - (y - this.view.y) * by };
    this.draw();
  }

  move(x, y) {
    this.view.x += x;
    this.view.y += y;
    this.draw();
  }

  // The node whose dot or label is at a point of the canvas, or -1.
  nodeAt(x, y) {
    const at = { x: (x - this.view.x) / this.view.scale, y: (y - this.view.y) / this.view.scale };
    for (const each of this.drawn.nodes) {
      const along = (at.x - each.x) * (each.side || 1);
      const reach = each.side ? 230 : 120;
      if (Math.abs(at.y - each.y) < ROW_PX / 2 && along > (each.side ? -12 : -reach) && along < reach) return each.node;
    }
    return -1;
  }

  draw() {
    const ratio = devicePixelRatio || 1, { width, height } = this.canvas.getBoundingClientRect();
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    const pen = this.canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
    this.colours = { text: style.getPropertyValue("--text"), soft: style.getPropertyValue("--soft"),
      back: style.getPropertyValue("--back"), focus: style.getPropertyValue("--focus") };
    pen.setTransform(ratio * this.view.scale, 0, 0, ratio * this.view.scale, ratio * this.view.x, ratio * this.view.y);
    const near = this.hovered >= 0 ? this.hovered : this.focus;
    for (const ownEdges of [false, true]) {
      for (const edge of this.edgesToDraw()) {
        const own = this.graph.source[edge] === near || this.graph.target[edge] === near;
        if (own === ownEdges) this.drawEdge(pen, edge, own);
      }
    }
    for (const each of this.drawn.nodes) this.drawNode(pen, each);
  }

  // The overview draws only the edges of what the pointer is on.
  edgesToDraw() {
    if (this.focus >= 0 || this.hovered < 0) return this.drawn.edges;
    const { graph } = this;
    return [...edgesAt(graph.leaving, this.hovered), ...edgesAt(graph.entering, this.hovered)]
      .filter((edge) => this.at.has(graph.source[edge]) && this.at.has(graph.target[edge]));
  }

  drawEdge(pen, edge, own) {
    const { graph } = this, from = this.at.get(graph.source[edge]), to = this.at.get(graph.target[edge]);
    if (from === to) return;
    pen.globalAlpha = own ? 0.8 : 0.12;
    pen.strokeStyle = pen.fillStyle = TYPE_COLOURS[graph.types[graph.type[edge]]] || this.colours.soft;
    pen.lineWidth = own ? 1.5 : 1;
    pen.setLineDash(graph.resolutions[graph.resolution[edge]] === "exact" ? [] : [5, 3]);
    const bend = (to.x - from.x) / 2 || 60;
    pen.beginPath();
    pen.moveTo(from.x, from.y);
    pen.bezierCurveTo(from.x + bend, from.y, to.x - bend, to.y, to.x, to.y);
    pen.stroke();
    pen.setLineDash([]);
    if (own) {
      const back = Math.sign(bend) || 1;
      pen.beginPath();
      pen.moveTo(to.x - back * 7, to.y);
      pen.lineTo(to.x - back * 15, to.y - 4);
      pen.lineTo(to.x - back * 15, to.y + 4);
      pen.fill();
    }
    pen.globalAlpha = 1;
  }

  drawNode(pen, { node, x, y, side }) {
    const { graph, colours } = this, here = node === this.focus || node === this.hovered;
    pen.beginPath();
    pen.arc(x, y, side ? 5.5 : 9, 0, 2 * Math.PI);
    pen.fillStyle = KIND_COLOURS[graph.kinds[graph.kind[node]]] || colours.soft;
    pen.fill();
    if (here) { pen.strokeStyle = colours.focus; pen.lineWidth = 2; pen.stroke(); }
    const name = shortName(graph, node), label = name.length > LABEL_CHARS ? name.slice(0, LABEL_CHARS - 1) + "…" : name;
    pen.font = `${here ? "600 " : ""}${side ? 13 : 15}px system-ui, sans-serif`;
    pen.textAlign = side ? (side < 0 ? "right" : "left") : "center";
    pen.textBaseline = "middle";
    const labelX = x + side * 11, labelY = side ? y : y - 20;
    pen.lineWidth = 4;
    pen.strokeStyle = colours.back;
    pen.strokeText(label, labelX, labelY);
    pen.fillStyle = colours.text;
    pen.fillText(label, labelX, labelY);
  }
}
