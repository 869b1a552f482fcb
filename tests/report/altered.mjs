// SPDX-License-Identifier: MIT
// altered.mjs: a report's data with what a short session of few servers cannot have: many cells,
// open loops at several rates, capacities, idle crowds, verdicts of each kind. All of it invented.

const backends = ["epoll", "asio", "poll", "uring"];
const pools = ["inline", "mutex", "tbb"];

// The same numbers each time.
function makeRandom() {
  let state = 7;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

const random = makeRandom();

function summary(median, spread = 0.04) {
  const [low, high] = [median * (1 - spread), median * (1 + spread)];
  return { n: 6, median, min: low, max: high, interval: { low, high, coverage: 0.96875 } };
}

// The time within which a share of requests is answered: a body, and a tail from 5 % on.
function timeAt(base, tail) {
  return (percent) => {
    const left = (100 - percent) / 100;
    const waited = left < 0.05 ? tail * ((0.05 / left) ** 0.45 - 1) : 0;
    return base * (1 + 0.12 * Math.log(1 / left)) + waited;
  };
}

function curveOf(time) {
  const points = [];
  for (let exponent = 0; exponent <= 4.2; exponent += 0.1) {
    const percent = 100 * (1 - 10 ** -exponent);
    points.push([percent, time(percent)]);
  }
  return points;
}

function merged(base, tail, open) {
  const time = timeAt(base, tail);
  const percentiles = [50, 90, 99, 99.9, 99.99].map((percent) => {
    const us = time(percent);
    const spread = percent > 99 ? 0.2 : 0.03;
    return { percent, us, low: us * (1 - spread), high: us * (1 + spread) };
  });
  return { requests: 1234567, percentiles, curve: curveOf(time),
           service_curve: open ? curveOf(timeAt(base * 0.7, tail * 0.3)) : null };
}

const told = [
  { ratio: 0.8, verdict: "lower", interval: { low: 0.78, high: 0.83, coverage: 0.97 } },
  { ratio: 1.5, verdict: "higher", interval: { low: 1.4, high: 1.6, coverage: 0.97 } },
  { ratio: 1.01, verdict: "~", interval: { low: 0.98, high: 1.03, coverage: 0.97 } },
];

// All pairs of the backends and pools above, with figures around those of `like`.
function cellsLike(like, table, { open = false } = {}) {
  return backends.flatMap((backend, i) => pools.map((pool, k) => {
    const name = `${backend}/${pool}`;
    const baseline = i === 0 && k === 0;
    const factor = 1 + 0.15 * i + 0.3 * k + 0.1 * random();
    const scaled = (key) => like[key] && summary(like[key].median * factor);
    const verdict = told[(i + k) % 3];
    return {
      ...like, cell: `${table} ${name}`, name, backend, pool, backend_name: backend,
      pool_name: pool, baseline, external: null, client_bound: i === 3,
      server_cpu_us_per_request: scaled("server_cpu_us_per_request"),
      requests_per_s: summary(like.requests_per_s.median / factor),
      p50_us: summary(30 * factor), p99_us: summary(200 * factor),
      p999_us: k === 2 ? null : summary(800 * factor, 0.2),
      server_syscalls_per_request: summary(2 + 0.3 * k, 0.001),
      server_allocations_per_request: summary(0.01 * (i + 1), 0.01),
      handoff_p50_us: k === 0 ? null : summary(4 * factor, 0.1),
      handoff_p99_us: k === 0 ? null : summary(30 * factor, 0.1),
      to_baseline: { n: 6, p: 0.03, adjusted_p: 0.09, indicative: false,
                     ...(baseline ? { ratio: 1, verdict: "~", interval: null } : verdict) },
      merged: merged(25 * factor, 60 * factor, open),
      requests_per_core_s: { median: 3e5 / factor, low: 2.9e5 / factor, high: 3.1e5 / factor },
      pareto: baseline || (i === 1 && k === 0),
    };
  }));
}

function seriesOf(falls) {
  const answered = Array.from({ length: 30 }, (_, i) =>
    Math.round(7000 + 400 * random() - (falls ? 150 * i : 0)));
  return { bucket_ms: 100, answered };
}

function runsOf(data, table, cells, like) {
  return cells.flatMap((cell) => [0, 1, 2, 3, 4, 5].map((block) => {
    const unsteady = block === 4;
    return {
      ...like, table, cell: cell.cell, name: cell.name, block, order: block, ok: true,
      reason: null, to_median: 1 + 0.1 * (random() - 0.5), noisy: block === 2,
      flags: [...(block === 2 ? ["noisy_foreign"] : []), ...(unsteady ? ["not_steady"] : [])],
      series: seriesOf(unsteady),
      figures: { ...like.figures, server_syscalls_per_request: 2,
                 server_allocations_per_request: 0.01,
                 send_lag_p99_us: data.tables[table].mode === "open" ? 10 + 40 * random() : null,
                 littles_law_gap: 0.02 * random(), client_cores: 0.5 + 0.2 * random() },
    };
  }));
}

const shape = "echo, 64 connections, 64 B, split";

function addOpenTables(data, like) {
  for (const rate of [20e3, 60e3]) {
    const key = `echo c=64 p=64 split r=${rate}`;
    const cells = cellsLike(like, key, { open: true });
    data.tables.push({ ...data.tables[0], table: key, title: `${shape}, ${rate / 1e3} k/s, n=6`,
                       mode: "open", times: "response", figure: "p99_us", rate_per_s: rate,
                       cells });
  }
}

function addIdleTables(data, like) {
  for (const connections of [100, 1000, 10000]) {
    const key = `idle c=${connections} split`;
    const cells = cellsLike(like, key).map((cell, i) => ({
      ...cell, merged: null, p50_us: null, p99_us: null, p999_us: null,
      bytes_per_connection: summary(1024 * (2 + 0.2 * i + 100 / connections)) }));
    data.tables.push({ ...data.tables[0], table: key, workload: "idle", connections,
                       title: `idle, ${connections} connections, n=6`, mode: "open",
                       times: "response", figure: "bytes_per_connection", cells });
  }
}

function addCurves(data) {
  data.curves = data.tables[0].cells.filter((cell) => cell.external === null).map((cell, i) => {
    const most = 100 - 5 * i;
    const points = [10, 20, 40, 60, 70, 80, 90, 100, 110].map((k) => {
      const near = Math.max(2, most + 4 - Math.min(k, most));
      const p99 = 90 + 3 * i + 2500 / near;
      return { rate_per_s: k * 1e3, runs: 6, kept_up: k <= most,
               achieved_per_s: Math.min(k, most) * 1e3, client_late: k === 60 && i === 2,
               p50_us: 35 + i + 200 / near, p99_us: p99, p99_low_us: p99 * 0.9,
               p99_high_us: p99 * 1.15, p999_us: k < 20 ? null : p99 * 3 };
    });
    return { title: shape, name: cell.name,
             backend_name: cell.backend_name, pool_name: cell.pool_name, wake_floor_us: 28,
             points };
  });
}

function bracketOf(curve, i) {
  const holds = (88 - 5 * i) * 1e3;
  const probe = (rate, holds, confirms = false) => ({
    rate_per_s: rate, achieved_per_s: holds ? rate : rate * 0.97, holds, confirms,
    percentile_us: holds ? 250 : 900, why_not: holds ? null : "p99 is above the limit" });
  return {
    name: curve.name, backend_name: curve.backend_name, pool_name: curve.pool_name, state: "ok",
    reason: null, holds_per_s: holds, fails_per_s: i === 4 ? null : holds * 1.03,
    confirmations: 3, cpu_at_common_rate: i < 2 ? 4 + i : null,
    server_cpu_us_per_request: 4 + i / 3, percentile_us: 250 + i, top: i < 2,
    probes: [probe(holds / 2, true), probe(holds * 1.5, false), probe(holds, true),
             probe(holds * 1.03, false), probe(holds, true, true)],
  };
}

function addCapacities(data) {
  const brackets = data.curves.map(bracketOf);
  const nothing = { holds_per_s: null, fails_per_s: null, confirmations: 0, top: false, probes: [],
                    server_cpu_us_per_request: null, percentile_us: null };
  Object.assign(brackets[10], nothing, { fails_per_s: 5e3 });
  brackets.push({ ...brackets[0], ...nothing, name: "broken", backend_name: null, pool_name: null,
                  state: "failed", reason: "the server ended before it could listen" });
  data.capacities = [
    { title: shape, percent: 99, limit_us: 300, common_rate_per_s: 80e3, brackets,
      advice: "epoll/inline and epoll/mutex serve most requests within this limit and cannot be "
        + "told apart; epoll/inline takes less CPU time for each." },
    { title: shape, percent: 99.9, limit_us: 2000, common_rate_per_s: null, advice: null,
      brackets: brackets.slice(0, 3) },
  ];
}

export function alter(data) {
  // What was measured under open loops makes room for what is invented.
  const closed = data.tables.filter(({ mode }) => mode === "closed");
  const places = new Map(closed.map((one, i) => [data.tables.indexOf(one), i]));
  const [table] = closed;
  data.tables = [...closed];
  const like = table.cells.find((cell) => cell.state === "ok");
  const run = data.runs.find((one) => one.ok && one.cell === like.cell);
  data.runs = data.runs.flatMap((one) =>
    places.get(one.table) > 0 ? [{ ...one, table: places.get(one.table) }] : []);
  addOpenTables(data, like);
  addIdleTables(data, like);
  const others = table.cells.filter((cell) => cell.external !== null);
  table.cells = [...cellsLike(like, table.table), ...others];
  data.tables.forEach((one, i) => {
    if (i === 0 || i >= closed.length) data.runs.push(...runsOf(data, i, one.cells.filter((cell) =>
      cell.external === null), run));
  });
  addCurves(data);
  addCapacities(data);
  return data;
}

const evil = "</script><script>throw new Error('ran')</script><img src=x onerror=throw>";

// Words that the pages take for what they are; all other text may come from a user.
const fixed = new Set(["schema", "state", "verdict", "mode", "figure", "times", "started_utc"]);

// The same data with markup in every text.
export function poison(value, key = "") {
  if (typeof value === "string") return fixed.has(key) ? value : value + evil;
  if (Array.isArray(value)) return value.map((one) => poison(one, key));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, poison(one, name)]));
}
