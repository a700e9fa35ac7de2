"use strict";
// Live console: takes escaped fragments and chart rows from the stream and changes only what differs.
// Fragments are parsed into an inert document; nodes are copied from it, markup is never assigned.

const STALE_AFTER_MS = 6000; // three times the server's heartbeat
const CHART_SECONDS = 300;
const SMOOTH_SECONDS = 10; // a canary gets few payments a second, so each point is the share of the last ten
const FEWEST_PAYMENTS = 10; // below that a share says nothing
const LABEL_LANES = 4; // lines of words beside the marks of the chart
const parser = new DOMParser();

// --- fragments ---------------------------------------------------------------------------------------------

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null;
}

function sameKind(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);
}

function syncAttributes(live, wanted) {
  for (const { name } of [...live.attributes]) {
    // What the reader did stays: a time's title, and what was unfolded.
    if (!wanted.hasAttribute(name) && name !== "title" && name !== "open") live.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (name !== "open" && live.getAttribute(name) !== value) live.setAttribute(name, value);
  }
}

function syncChildren(live, wanted) {
  const keyed = new Map();
  for (const child of live.childNodes) {
    const key = keyOf(child);
    if (key !== null) keyed.set(key, child);
  }
  let place = live.firstChild;
  for (const child of wanted.childNodes) {
    const match = keyed.get(keyOf(child));
    if (match && match !== place && sameKind(match, child)) live.insertBefore(match, place);
    const candidate = match && sameKind(match, child) ? match : place;
    if (candidate && sameKind(candidate, child)) {
      syncNode(candidate, child);
      place = candidate.nextSibling;
    } else {
      live.insertBefore(document.importNode(child, true), place);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function syncNode(live, wanted) {
  if (live.isEqualNode(wanted)) return; // the browser compares faster than a script
  if (live.nodeType === Node.ELEMENT_NODE) {
    syncAttributes(live, wanted);
    syncChildren(live, wanted);
  } else if (live.nodeValue !== wanted.nodeValue) {
    live.nodeValue = wanted.nodeValue;
  }
}

function showPanels(panels) {
  for (const [name, html] of Object.entries(panels)) {
    const live = document.getElementById(`panel-${name}`);
    if (live) syncChildren(live, parser.parseFromString(html, "text/html").body);
  }
}

// Lists of which the server sends only the rows that are new or have changed, and the order of all.
function showLists(lists) {
  for (const [name, { keys, rows }] of Object.entries(lists)) {
    const list = document.querySelector(`#panel-${name} > ol`);
    if (!list) continue;
    const known = new Map([...list.children].map((row) => [keyOf(row), row]));
    const news = new Map([...parser.parseFromString(rows, "text/html").body.children].map((row) => [keyOf(row), row]));
    let place = list.firstElementChild;
    for (const key of keys) {
      let row = known.get(key);
      if (!row) row = document.importNode(news.get(key), true);
      else if (news.has(key)) syncNode(row, news.get(key));
      if (row === place) place = place.nextElementSibling;
      else list.insertBefore(row, place);
    }
    while (place) {
      const next = place.nextElementSibling;
      place.remove();
      place = next;
    }
  }
}

// --- chart -------------------------------------------------------------------------------------------------

const seconds = { blue: new Map(), green: new Map() }; // second -> [not failed, all]
let marks = [];
let plot = null;
let nowSeconds = 0;

function takeRows(chart) {
  if (chart.reset) for (const rows of Object.values(seconds)) rows.clear();
  for (const [second, environment, good, all] of chart.rows) {
    if (seconds[environment]) seconds[environment].set(second, [good, all]);
  }
  marks = chart.marks;
}

function shares(rows, first, last) {
  const points = [];
  let good = 0;
  let all = 0;
  for (let second = first - SMOOTH_SECONDS + 1; second <= last; second += 1) {
    const come = rows.get(second) || [0, 0];
    const gone = second > first ? rows.get(second - SMOOTH_SECONDS) || [0, 0] : [0, 0];
    good += come[0] - gone[0];
    all += come[1] - gone[1];
    if (second >= first) points.push(all >= FEWEST_PAYMENTS ? (100 * good) / all : null); // a gap, never 0
  }
  return points;
}

function chartData() {
  const last = nowSeconds;
  const first = last - CHART_SECONDS + 1;
  for (const rows of Object.values(seconds)) {
    for (const second of rows.keys()) if (second < first - SMOOTH_SECONDS) rows.delete(second);
  }
  const times = Array.from({ length: CHART_SECONDS }, (_, index) => first + index);
  return [times, shares(seconds.blue, first, last), shares(seconds.green, first, last)];
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function drawMarks(chart) {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.lineWidth = devicePixelRatio;
  const taken = []; // where the label of each line of text ends
  for (const mark of [...marks].sort((a, b) => a.at_ms - b.at_ms)) {
    const x = Math.round(chart.valToPos(mark.at_ms / 1000, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const action = mark.kind === "action";
    ctx.strokeStyle = ctx.fillStyle = colour(action ? "--action" : "--faint");
    ctx.setLineDash(action ? [] : [4, 4]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const right = x > bbox.left + bbox.width * 0.7;
    ctx.textAlign = right ? "right" : "left";
    const wide = ctx.measureText(mark.label).width;
    const begin = right ? x - wide : x;
    let lane = taken.findIndex((end) => end < begin);
    if (lane < 0) lane = taken.length;
    if (lane >= LABEL_LANES) continue; // the line stays; a heap of words says nothing
    taken[lane] = begin + wide + 12 * devicePixelRatio;
    const y = bbox.top + bbox.height - (10 + 13 * lane) * devicePixelRatio;
    ctx.fillText(mark.label, x + (right ? -5 : 5) * devicePixelRatio, y);
  }
  ctx.restore();
}

function lowest(_, least) {
  return [least === null ? 90 : Math.max(0, Math.min(98, Math.floor(least) - 1)), 100.3];
}

function makeChart() {
  const box = document.getElementById("chart");
  if (!box || typeof uPlot === "undefined") return;
  if (plot) plot.destroy();
  box.replaceChildren();
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  const line = { width: 2, spanGaps: false, points: { show: false } };
  plot = new uPlot({
    width: box.clientWidth,
    height: box.clientHeight,
    tzDate: (at) => uPlot.tzDate(new Date(at * 1e3), "Etc/UTC"),
    padding: [6, 36, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: lowest } },
    axes: [
      { ...axis, space: 70, size: 26, values: (_, ticks) => ticks.map((at) => new Date(at * 1e3).toISOString().slice(11, 19)) },
      { ...axis, size: 46, values: (_, ticks) => ticks.map((value) => `${value} %`) },
    ],
    series: [
      {},
      { ...line, label: "blue", stroke: colour("--blue") },
      { ...line, label: "green", stroke: colour("--green"), dash: [7, 3] },
    ],
    hooks: { draw: [drawMarks] },
  }, chartData(), box);
}

const REDRAWN_AFTER_MS = 250; // a line is read no faster, and drawing it is the dearest part of an update
let drawnAt = 0;
let drawing = 0;

function draw() {
  drawing = 0;
  drawnAt = performance.now();
  if (plot) plot.setData(chartData());
  else makeChart();
}

function drawSoon() {
  if (!drawing) drawing = setTimeout(draw, Math.max(0, REDRAWN_AFTER_MS - (performance.now() - drawnAt)));
}

// --- live --------------------------------------------------------------------------------------------------

let lastMessageAt = 0;

function setLive(state, text) {
  const badge = document.getElementById("live");
  if (!badge || badge.dataset.state === state) return; // a document that is being left has none
  badge.dataset.state = state;
  badge.textContent = text;
  document.documentElement.classList.toggle("stale", state === "stale");
}

function onMessage(event) {
  const update = JSON.parse(event.data);
  lastMessageAt = performance.now();
  setLive("live", "Live");
  showPanels(update.panels);
  showLists(update.lists);
  const changed = [...Object.keys(update.panels), ...Object.keys(update.lists)];
  document.dispatchEvent(new CustomEvent("console:update", { detail: changed }));
  if (!document.getElementById("chart")) return;
  const second = Math.floor(update.now_ms / 1000);
  if (update.chart) takeRows(update.chart);
  if (update.chart || second !== nowSeconds) {
    nowSeconds = second;
    drawSoon();
  }
}

let stream = null;

function connect() {
  if (stream) stream.close();
  const { live, of } = document.body.dataset;
  stream = new EventSource(`/console/stream?${new URLSearchParams({ page: live, of })}`);
  stream.onmessage = onMessage;
}

async function watch() {
  if (performance.now() - lastMessageAt <= STALE_AFTER_MS) return;
  setLive("stale", "Stale: no contact with the daemon");
  if (stream.readyState !== EventSource.CLOSED) return;
  // The browser gives up for good after an HTTP error; a session that ended needs a person, the rest another try.
  const answer = await fetch("/api/v1/status").catch(() => null);
  if (answer && answer.status === 401) location.assign("/console/login");
  else connect();
}

function localTime(event) {
  const time = event.target.closest && event.target.closest("time");
  if (time) time.title = new Date(time.dateTime).toLocaleString(undefined, { timeZoneName: "short" });
}

const here = document.querySelector(".sections [aria-current]");
if (here) here.parentElement.parentElement.parentElement.scrollLeft = here.offsetLeft - innerWidth / 3; // on a phone

lastMessageAt = performance.now();
connect();
setInterval(watch, 1000);
document.addEventListener("mouseover", localTime);
const chartBox = document.getElementById("chart");
if (chartBox) {
  new ResizeObserver(() => {
    if (plot) plot.setSize({ width: chartBox.clientWidth, height: chartBox.clientHeight });
  }).observe(chartBox);
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot && makeChart());
