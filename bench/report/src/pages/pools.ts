// SPDX-License-Identifier: MIT
// pools.ts: what handing requests to a pool does, with each backend.
import { dot, ruleY } from "@observablehq/plot";
import { chart, nameMargin } from "../chart";
import { tableChoice } from "../controls";
import type { Cell, Data, Table } from "../data";
import { h, p } from "../dom";
import { findMetric, inUnit, primary, show, summaryOf, titleOf, type Metric } from "../metrics";
import { signsOf } from "../servers";
import { chosenTable, type Page, type View } from "../view";
import { poolBenchmarks } from "./poolbenchmarks";

export const pools: Page = { id: "pools", title: "Pools", absent, draw };

function absent(data: Data): string | null {
  return data.pools === null ? absentWithServers(data) : null;
}

function absentWithServers(data: Data): string | null {
  const names = new Set(data.tables.flatMap((table) => table.cells.map((cell) => cell.pool)));
  names.delete(null);
  return names.size > 1 ? null : "Only one pool was measured: `--pool inline,mutex` names more.";
}

function draw(view: View): Node[] {
  const { data } = view;
  const byThemselves = data.pools === null ? [] : poolBenchmarks(view, data.pools);
  return [...(absentWithServers(data) === null ? withServers(view) : []), ...byThemselves];
}

function withServers(view: View): Node[] {
  const table = chosenTable(view);
  return [
    h("div", { class: "controls" }, tableChoice(view)),
    p("The pool inline runs the handler in the event loop: the distance to it is what handing over "
      + "costs. What a pool gains by working in parallel shows only where server threads have more "
      + "than one CPU."),
    drawing(view, table, primary),
    drawing(view, table, findMetric("switches")),
  ];
}

interface Row {
  cell: Cell;
  value: number;
  low: number;
  high: number;
}

function drawing(view: View, table: Table, metric: Metric): HTMLElement {
  const signs = signsOf(view.data);
  const rows = table.cells.flatMap((cell): Row[] => {
    const summary = cell.pool === null ? null : summaryOf(metric, cell);
    if (summary === null) return [];
    const { low, high } = summary.interval ?? { low: summary.median, high: summary.median };
    return [{ cell, value: inUnit(metric, summary.median), low: inUnit(metric, low),
              high: inUnit(metric, high) }];
  });
  const ink = (row: Row) => signs.colour(row.cell);
  const backend = (row: Row) => row.cell.backend;
  const pool = (row: Row) => row.cell.pool;
  const title = titleOf(metric, table);
  return chart(view, `By pool: ${title}.`, "Medians over runs with intervals.", {
    height: 60 + signs.backends.length * (24 * signs.pools.length + 16),
    marginLeft: nameMargin(view, signs.pools),
    marginRight: nameMargin(view, signs.backends),
    x: { label: title, grid: true, zero: true, nice: true },
    y: { domain: signs.pools, label: null, tickSize: 0 },
    fy: { domain: signs.backends, label: null, padding: 0.12 },
    marks: [
      ruleY(rows, { fy: backend, y: pool, x1: "low", x2: "high", stroke: ink, strokeWidth: 2 }),
      dot(rows, { fy: backend, y: pool, x: "value", r: 4.5, stroke: ink, strokeWidth: 1.5,
                  fill: "var(--page)", tip: true,
                  symbol: (row: Row) => signs.symbol(row.cell),
                  title: (row: Row) => `${row.cell.name}: ${show(metric, row.value * metric.scale)}`
                }),
    ],
  });
}
