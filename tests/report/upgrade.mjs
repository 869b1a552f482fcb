// SPDX-License-Identifier: MIT
// upgrade.mjs: to be removed at the merge: fills in what the report's data of schema 2 do not have
// yet. What they have stays as it is.

const cellKeys = ["server_syscalls_per_request", "server_allocations_per_request",
                  "bytes_per_connection", "machine_cpu_us_per_request", "merged"];

export function upgrade(data) {
  for (const cell of data.tables.flatMap((table) => table.cells)) {
    for (const key of cellKeys) cell[key] ??= null;
  }
  for (const run of data.runs) {
    run.series ??= null;
    if (run.figures === null) continue;
    for (const key of [...cellKeys, "send_lag_p99_us", "littles_law_gap", "client_cores"]) {
      if (key !== "merged") run.figures[key] ??= null;
    }
  }
  for (const curve of data.curves) {
    curve.table_group ??= curve.title;
    for (const point of curve.points) point.offered_per_s ??= point.rate_per_s;
  }
  data.capacities ??= [];
  return data;
}
