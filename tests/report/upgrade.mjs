// SPDX-License-Identifier: MIT
// upgrade.mjs: to be removed at the merge: the report's data as they were before schema 2, with
// what they lack. Data of schema 2 stay as they are.

const renamed = { service_time_p50_us: "p50_us", service_time_p99_us: "p99_us",
                  service_time_p999_us: "p999_us", cpu_to_baseline: "to_baseline" };

export function upgrade(data) {
  if (data.schema !== "collet-bench-report/1") return data;
  data.schema = "collet-bench-report/2";
  for (const table of data.tables) {
    table.figure ??= "server_cpu_us_per_request";
    table.times ??= table.mode === "open" ? "response" : "service";
    table.rate_per_s ??= null;
    for (const cell of table.cells) {
      for (const [before, now] of Object.entries(renamed)) {
        cell[now] ??= cell[before];
        delete cell[before];
      }
      for (const key of ["server_syscalls_per_request", "server_allocations_per_request",
                         "bytes_per_connection", "merged"]) {
        cell[key] ??= null;
      }
    }
  }
  for (const run of data.runs) {
    run.series ??= null;
    if (run.figures === null) continue;
    for (const key of ["syscalls_per_request", "allocations_per_request", "bytes_per_connection",
                       "send_lag_p99_us", "littles_law_gap", "client_cores"]) {
      run.figures[key] ??= null;
    }
  }
  data.capacities ??= [];
  return data;
}
