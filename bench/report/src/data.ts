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
  | "requests_per_s"
  | "service_time_p50_us"
  | "service_time_p99_us"
  | "service_time_p999_us"
  | "server_switches_per_request"
  | "server_rss_bytes";

export interface Cell extends Record<FigureKey, Summary | null> {
  cell: string; // key
  name: string; // epoll/inline, or that of an external server
  backend: string | null;
  backend_name: string | null;
  pool: string | null;
  pool_name: string | null;
  external: string | null;
  baseline: boolean;
  state: "ok" | "failed" | "unavailable" | "not run";
  reason: string | null;
  runs_failed: number;
  runs_noisy: number;
  runs_repeated: number;
  client_bound: boolean;
  cpu_to_baseline: Comparison | null;
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
  work_ns: number;
  block_ns: number;
  dead_band: number;
  dead_band_blocks: number;
  verdicts: { lower: number; higher: number; same: number; none: number; indicative: boolean };
  twins: { block: number; ratio: number }[];
  cells: Cell[];
}

export interface RunFigures {
  server_cpu_us_per_request: number;
  requests_per_s: number;
  p50_us: number | null;
  p90_us: number | null;
  p99_us: number | null;
  p999_us: number | null;
  max_us: number | null;
  switches_per_request: number;
  rss_bytes: number;
  foreign_cores: number;
  stolen_cores: number;
}

export interface Run {
  table: number;
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
}

// Of one cell under an open loop. A point that did not keep up ends the curve.
export interface Curve {
  title: string;
  name: string;
  slo_p99_us: number | null;
  wake_floor_us: number | null;
  points: {
    offered_per_s: number;
    achieved_per_s: number;
    kept_up: boolean;
    p50_us: number;
    p99_us: number;
    p999_us: number | null;
  }[];
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
  pools: PoolMeasurements | null;
  csv: string;
}

export function readData(): Data {
  return JSON.parse(document.getElementById("bench-data")?.textContent ?? "") as Data;
}
