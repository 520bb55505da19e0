"use strict";
// The graph as it was packed: strings, arrays of numbers, and who is next to whom. Knows nothing of the screen.

const MAX_RESULTS = 40;

async function readGraph(text) {
  const packed = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true);
  const graph = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  let at = 4 + length;
  const take = (type, count) => {
    const numbers = new type(buffer, at, count);
    at += (numbers.byteLength + 3) & ~3;
    return numbers;
  };
  const { symbols, edges } = graph;
  graph.path = take(Uint32Array, symbols);
  graph.line = take(Uint32Array, symbols);
  graph.source = take(Uint32Array, edges);
  graph.target = take(Uint32Array, edges);
  graph.kind = take(Uint8Array, symbols);
  graph.type = take(Uint8Array, edges);
  graph.resolution = take(Uint8Array, edges);
  graph.leaving = byEnd(graph.source, symbols);
  graph.entering = byEnd(graph.target, symbols);
  graph.search = graph.names.map((name, n) => `${name}\n${graph.paths[graph.path[n]]}`.toLowerCase());
  return graph;
}

// Edges sorted by one end: those of node n are order[start[n]] … order[start[n + 1] - 1].
function byEnd(ends, count) {
  const start = new Uint32Array(count + 1);
  for (const end of ends) start[end + 1]++;
  for (let n = 0; n < count; n++) start[n + 1] += start[n];
  const next = start.slice(), order = new Uint32Array(ends.length);
  ends.forEach((end, edge) => { order[next[end]++] = edge; });
  return { start, order };
}

function edgesAt(index, node) {
  return index.order.subarray(index.start[node], index.start[node + 1]);
}

function degree(graph, node) {
  return edgesAt(graph.leaving, node).length + edgesAt(graph.entering, node).length;
}

function shortName(graph, node) {
  return graph.names[node].split(".").slice(-2).join(".");
}

function place(graph, node) {
  return `${graph.paths[graph.path[node]]}:${graph.line[node]}`;
}

// Nodes whose name or path holds the words; first those whose own name is the last word, as in `class method`.
function find(graph, text, shown) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const found = [], wanted = words[words.length - 1];
  for (let node = 0; node < graph.symbols; node++) {
    if (!shown(node) || !words.every((word) => graph.search[node].includes(word))) continue;
    const name = graph.names[node].toLowerCase(), last = name.slice(name.lastIndexOf(".") + 1);
    const rank = name === wanted ? 0 : last === wanted ? 1 : last.startsWith(wanted) ? 2 : last.includes(wanted) ? 3 : 4;
    found.push([rank, -degree(graph, node), node]);
  }
  found.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  return found.slice(0, MAX_RESULTS).map((each) => each[2]);
}

// What a node is next to: {node, edge, out}, once for each neighbour, direction and type.
function neighbours(graph, node, shown) {
  const found = [];
  for (const [index, ends, out] of [[graph.leaving, graph.target, true], [graph.entering, graph.source, false]]) {
    for (const edge of edgesAt(index, node)) {
      const other = ends[edge];
      if (other !== node && shown.type(graph.type[edge]) && shown.node(other)) found.push({ node: other, edge, out });
    }
  }
  return found;
}

function mostConnected(graph, count, shown) {
  const nodes = [];
  for (let node = 0; node < graph.symbols; node++) if (shown(node)) nodes.push(node);
  return nodes.sort((a, b) => degree(graph, b) - degree(graph, a) || a - b).slice(0, count);
}
