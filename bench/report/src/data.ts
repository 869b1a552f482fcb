// SPDX-License-Identifier: MIT
// data.ts: what collet-bench wrote into the page, as types; bench/show/report_data.h has the words.

export interface Interval {
  low: number;
  high: number;
  coverage: number;
}

export interface Summary {
  n: number;
  median: number;
  min: number;
  max: number;
  interval: Interval | null;
}

export type Verdict = "none" | "~" | "lower" | "higher";

export interface Comparison {
  n: number;
  ratio: number;
  interval: Interval | null;
  p: number;
  adjusted_p: number;
  verdict: Verdict;
  indicative: boolean;
}

export type FigureKey =
  | "server_cpu_us_per_request"
  | "machine_cpu_us_per_request"
  | "requests_per_s"
  | "p50_us"
  | "p99_us"
  | "p999_us"
  | "server_switches_per_request"
  | "server_syscalls_per_request"
  | "server_allocations_per_request"
  | "handoff_p50_us"
  | "handoff_p99_us"
  | "server_rss_bytes"
  | "bytes_per_connection";

// Response times count from when a request was due, service times from when it was sent.
export type Times = "service" | "response";

export type CellState = "ok" | "failed" | "unavailable" | "not run";

// The histogram of all runs of a cell as one; intervals are over runs.
export interface Merged {
  requests: number;
  percentiles: { percent: number; us: number; low: number; high: number }[];
  curve: [percent: number, us: number][];
  service_curve: [percent: number, us: number][] | null; // of open loops, where `curve` is response
}

export interface Cell extends Record<FigureKey, Summary | null> {
  cell: string; // key
  name: string; // epoll/inline, or that of an external server
  backend: string | null;
  backend_name: string | null;
  pool: string | null;
  pool_name: string | null;
  external: string | null;
  baseline: boolean;
  state: CellState;
  reason: string | null;
  runs_failed: number;
  runs_noisy: number;
  runs_repeated: number;
  client_bound: boolean;
  client_late: boolean; // under an open loop the client did not send when requests were due
  overloaded: boolean; // under an open loop the server did not keep up
  to_baseline: Comparison | null; // of the table's figure
  syscalls: Record<string, number> | null; // for each request, by name; null if not counted
  backend_calls: Record<string, number> | null; // likewise, of a backend in the decorator count
  uncounted: string | null; // why something could not be counted
  merged: Merged | null;
  requests_per_core_s: { median: number; low: number | null; high: number | null } | null;
  pareto: boolean;
}

export interface Table {
  table: string; // key
  title: string;
  about: string;
  workload: string;
  connections: number;
  payload_bytes: number;
  pipeline: number;
  placement: string;
  mode: "closed" | "open";
  figure: FigureKey; // what verdicts, twins and to_median are about
  times: Times;
  rate_per_s: number | null; // that the requests came at; null: as fast as answers allow
  work_ns: number;
  block_ns: number;
  dead_band: number;
  dead_band_blocks: number;
  verdicts: { lower: number; higher: number; same: number; none: number; indicative: boolean };
  twins: { block: number; ratio: number }[];
  cells: Cell[];
}

export interface RunFigures extends Record<FigureKey, number | null> {
  p90_us: number | null;
  max_us: number | null;
  send_lag_p99_us: number | null; // from when a request was due to when it was sent
  littles_law_gap: number | null; // of concurrency and rate times mean time, as a share
  client_cores: number | null;
  foreign_cores: number;
  stolen_cores: number;
}

// Requests answered in each bucket of the window.
export interface Series {
  bucket_ms: number;
  answered: number[];
}

export interface Run {
  table: number | null; // of a search, whose runs have different rates
  cell: string;
  name: string;
  block: number;
  order: number;
  twin: boolean;
  attempt: number;
  started_utc: string;
  ok: boolean;
  reason: string | null;
  flags: string[];
  noisy: boolean;
  to_median: number | null;
  figures: RunFigures | null;
  series: Series | null;
}

export interface CurvePoint {
  rate_per_s: number;
  achieved_per_s: number;
  kept_up: boolean;
  client_late: boolean;
  p50_us: number | null;
  p99_us: number | null;
  p999_us: number | null;
  p99_low_us: number | null;
  p99_high_us: number | null;
  runs: number;
}

// Of one cell under open loops of one shape at several rates, by rate.
export interface Curve {
  title: string;
  name: string;
  backend_name: string | null;
  pool_name: string | null;
  wake_floor_us: number | null;
  points: CurvePoint[];
}

export interface Probe {
  rate_per_s: number;
  achieved_per_s: number | null;
  percentile_us: number | null;
  holds: boolean;
  why_not: string | null;
  confirms: boolean;
}

// The highest rate that held the limit and the lowest that did not.
export interface Bracket {
  name: string;
  backend_name: string | null;
  pool_name: string | null;
  state: CellState;
  reason: string | null;
  holds_per_s: number | null;
  fails_per_s: number | null;
  confirmations: number;
  server_cpu_us_per_request: number | null;
  percentile_us: number | null;
  cpu_at_common_rate: number | null; // µs a request, at a rate that all of the top hold
  to_baseline: Comparison | null; // of that
  client_limited: boolean; // the client could send no more: the server may hold a higher rate
  top: boolean;
  probes: Probe[];
}

export interface Capacity {
  title: string;
  percent: number;
  limit_us: number;
  common_rate_per_s: number | null;
  dead_band: number | null; // of the comparison there
  advice: string | null;
  brackets: Bracket[];
}

export interface PoolFigure {
  key: string;
  title: string;
  unit: string;
  higher_is_better: boolean;
  dead_band: number | null;
}

export interface PoolRow {
  pool: string; // spec
  baseline: boolean;
  state: "ok" | "failed" | "unavailable" | "inapplicable" | "not run";
  reason: string | null;
  figures: Record<string, Summary | null>;
  to_baseline: Record<string, Comparison | null>; // of the baseline: its second visit
}

export interface PoolBenchmark {
  name: string;
  title: string;
  about: string;
  figures: PoolFigure[];
  rows: PoolRow[];
}

// Thread pools by themselves, without a server.
export interface PoolMeasurements {
  workers: number;
  producers: number;
  cpus: number;
  blocks: number;
  baseline: string;
  not_a_result: string | null;
  method: string[];
  benchmarks: PoolBenchmark[];
}

export interface Data {
  schema: string;
  session: {
    id: string;
    started_utc: string;
    command_line: string;
    profile: string | null;
    seed: number;
    blocks: number;
    duration_ns: number;
    warmup_ns: number;
    max_repeats: number;
    loops: number;
    workers: number;
    client_threads: number;
    runs: number;
    runs_missing: number;
    not_a_result: string | null;
    results: string;
  };
  environment: Record<string, string | number | null>;
  programs: { name: string; path: string; sha256: string | null }[];
  warnings: string[];
  method: { title: string; text: string }[];
  commands: string[];
  tables: Table[];
  runs: Run[];
  curves: Curve[];
  capacities: Capacity[];
  pools: PoolMeasurements | null;
  csv: string;
}

export function readData(): Data {
  return JSON.parse(document.getElementById("bench-data")?.textContent ?? "") as Data;
}
