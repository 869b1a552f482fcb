// SPDX-License-Identifier: MIT
// datapage.ts: every cell in one table, downloads, and how the figures came about.
import type { Cell, Table } from "../data";
import { h, p, scroll } from "../dom";
import { bound, metrics, show, summaryOf, type Mode } from "../metrics";
import { go } from "../state";
import type { Page, View } from "../view";

export const datapage: Page = { id: "data", title: "Data", draw };

interface Row {
  table: Table;
  cell: Cell;
}

interface Column {
  id: string;
  title: string;
  right: boolean;
  text: (row: Row) => string;
  value: (row: Row) => string | number | null;
}

const columns: Column[] = [
  word("workload", (row) => row.table.workload),
  { id: "c", title: "connections", right: true, text: (row) => String(row.table.connections),
    value: (row) => row.table.connections },
  { id: "payload", title: "payload, B", right: true,
    text: (row) => String(row.table.payload_bytes), value: (row) => row.table.payload_bytes },
  word("placement", (row) => row.table.placement),
  word("server", (row) => row.cell.name),
  word("state", (row) => row.cell.state),
  word("vs baseline", (row) =>
    row.cell.baseline ? "baseline" : (row.cell.cpu_to_baseline?.verdict ?? "–")),
  ...metrics.map((metric): Column => ({
    id: metric.id,
    title: metric.unit === "" ? metric.label : `${metric.label}, ${metric.unit}`,
    right: true,
    text: ({ cell }) => {
      const summary = summaryOf(metric, cell);
      return summary === null ? "–" : bound(metric, cell) + show(metric, summary.median);
    },
    value: ({ cell }) => summaryOf(metric, cell)?.median ?? null,
  })),
  { id: "noisy", title: "noisy runs", right: true, text: (row) => String(row.cell.runs_noisy),
    value: (row) => row.cell.runs_noisy },
];

function word(title: string, text: (row: Row) => string): Column {
  return { id: title.replace(" ", "-"), title, right: false, text, value: text };
}

function draw(view: View): Node[] {
  const { csv, session, method } = view.data;
  const json = () => document.getElementById("bench-data")?.textContent ?? "";
  const name = `collet-bench-${session.id}`;
  return [
    h("div", { class: "controls" },
      download("cells as CSV", `${name}.csv`, "text/csv", () => csv),
      download("all as JSON", `${name}.json`, "application/json", json)),
    p("Medians over runs. Choose a head to sort by it; once more turns the order round."),
    ...(["closed", "open"] as const).flatMap((mode) => {
      const tables = view.data.tables.filter((table) => table.mode === mode);
      return tables.length > 0 ? [h("h2", {}, heads[mode]), cells(view, mode, tables)] : [];
    }),
    h("h2", {}, "Method"),
    h("dl", { class: "method" },
      ...method.flatMap(({ title, text }) => [h("dt", {}, title), h("dd", {}, text)])),
    p("The runs themselves are in ", h("code", {}, session.results), "."),
  ];
}

function download(text: string, name: string, type: string, content: () => string): HTMLElement {
  const click = () => {
    const url = URL.createObjectURL(new Blob([content()], { type }));
    const link = h("a", { href: url, download: name }) as HTMLAnchorElement;
    link.click();
    URL.revokeObjectURL(url);
  };
  return h("button", { type: "button", id: `download-${name.split(".").pop()}`, click }, text);
}

const heads = {
  closed: "Closed loops: service times",
  open: "Open loops: response times",
};

function cells(view: View, mode: Mode, tables: Table[]): HTMLElement {
  const asked = view.state.get("sort") ?? "";
  const down = asked.startsWith("-");
  const by = columns.find((column) => column.id === asked.replace(/^-/, ""));
  const rows = tables.flatMap((table) => table.cells.map((cell) => ({ table, cell })));
  if (by) rows.sort((a, b) => compare(by.value(a), by.value(b)) * (down ? -1 : 1));
  const head = columns.map((column) => {
    const mine = column === by;
    const next = mine && !down ? `-${column.id}` : column.id;
    const arrow = mine ? (down ? " ▼" : " ▲") : "";
    return h("th", { scope: "col", class: column.right ? "num" : undefined,
                     "aria-sort": mine ? (down ? "descending" : "ascending") : undefined },
             h("button", { type: "button", id: `sort-${mode}-${column.id}`,
                           click: () => go(view.state, { sort: next }) }, column.title + arrow));
  });
  const body = rows.map((row) => h("tr", {}, ...columns.map((column) =>
    h("td", { class: column.right ? "num" : undefined }, column.text(row)))));
  return scroll(h("table", { class: "sortable" }, h("thead", {}, h("tr", {}, ...head)),
                  h("tbody", {}, ...body)), heads[mode]);
}

// What is unknown comes last.
function compare(a: string | number | null, b: string | number | null): number {
  if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0);
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b));
}
