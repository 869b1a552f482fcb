// SPDX-License-Identifier: MIT
// datapage.ts: every cell in one table, downloads, and how the figures came about.
import type { Cell, Table, Times } from "../data";
import { h, p, scroll } from "../dom";
import { formatRate } from "../format";
import { bound, metrics, show, summaryOf } from "../metrics";
import { go } from "../state";
import type { Page, View } from "../view";

export const datapage: Page = { id: "data", title: "Data", draw };

interface Row {
  table: Table;
  cell: Cell;
}

interface Column {
  id: string;
  setting?: boolean; // what was measured, not what came out
  title: string;
  right: boolean;
  text: (row: Row) => string;
  value: (row: Row) => string | number | null;
}

const columns: Column[] = [
  { ...word("workload", (row) => row.table.workload), setting: true },
  { id: "c", title: "connections", right: true, setting: true,
    text: (row) => String(row.table.connections), value: (row) => row.table.connections },
  { id: "payload", title: "payload, B", right: true, setting: true,
    text: (row) => String(row.table.payload_bytes), value: (row) => row.table.payload_bytes },
  { id: "offered", title: "offered, k/s", right: true, setting: true,
    text: (row) => formatRate(row.table.rate_per_s), value: (row) => row.table.rate_per_s },
  { ...word("placement", (row) => row.table.placement), setting: true },
  word("server", (row) => row.cell.name),
  word("state", (row) => row.cell.state),
  word("vs baseline", (row) =>
    row.cell.baseline ? "baseline" : (row.cell.to_baseline?.verdict ?? "–")),
  ...metrics.map((metric): Column => ({
    id: metric.id,
    title: metric.label.replace(" per request", "/req.")
      + (metric.unit === "" ? "" : `, ${metric.unit}`),
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
    ...(["service", "response"] as const).flatMap((times) => {
      const tables = view.data.tables.filter((table) => table.times === times);
      return tables.length > 0 ? [h("h2", {}, heads[times]), cells(view, times, tables)] : [];
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
  service: "Closed loops: service times",
  response: "Open loops: response times",
};

function cells(view: View, times: Times, tables: Table[]): HTMLElement {
  const asked = view.state.get("sort") ?? "";
  const down = asked.startsWith("-");
  const by = columns.find((column) => column.id === asked.replace(/^-/, ""));
  const rows = tables.flatMap((table) => table.cells.map((cell) => ({ table, cell })));
  if (by) rows.sort((a, b) => compare(by.value(a), by.value(b)) * (down ? -1 : 1));
  // What is unknown or the same in all rows takes no column.
  const known = columns.filter((column) => rows.some((row) => column.value(row) !== null));
  const same = known.filter((column) =>
    column.setting && new Set(rows.map((row) => column.value(row))).size === 1);
  const used = known.filter((column) => !same.includes(column));
  const head = used.map((column) => {
    const mine = column === by;
    const next = mine && !down ? `-${column.id}` : column.id;
    const arrow = mine ? (down ? " ▼" : " ▲") : "";
    return h("th", { scope: "col", class: column.right ? "num" : undefined,
                     "aria-sort": mine ? (down ? "descending" : "ascending") : undefined },
             h("button", { type: "button", id: `sort-${times}-${column.id}`,
                           click: () => go(view.state, { sort: next }) }, column.title + arrow));
  });
  const body = rows.map((row) => h("tr", {}, ...used.map((column) =>
    h("td", { class: column.right ? "num" : undefined }, column.text(row)))));
  const [first] = rows;
  const words = same.map((column) => {
    const [name, unit = ""] = column.title.split(", ");
    return `${name} ${first ? column.text(first) : ""} ${unit}`.trimEnd();
  });
  return h("div", {}, words.length > 0 ? p(`The same in all rows: ${words.join("; ")}.`) : null,
           scroll(h("table", { class: "sortable" }, h("thead", {}, h("tr", {}, ...head)),
                    h("tbody", {}, ...body)), heads[times]));
}

// What is unknown comes last.
function compare(a: string | number | null, b: string | number | null): number {
  if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0);
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b));
}
