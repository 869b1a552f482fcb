// SPDX-License-Identifier: MIT
// view.ts: what a page gets, and what a page is.
import type { Data, Table } from "./data";
import type { State } from "./state";

export interface View {
  data: Data;
  state: State;
  width: number; // of the text, in px
}

export interface Page {
  id: string;
  title: string;
  absent?: (data: Data) => string | null; // why there is nothing to draw
  draw: (view: View) => Node[];
}

export function chosenTable(view: View): Table {
  const key = view.state.get("table");
  const { tables } = view.data;
  return (tables.find((one) => one.table === key) ?? tables[0]) as Table;
}

// Sessions that only look for capacities have none.
export function withoutTables(data: Data): string | null {
  return data.tables.length > 0 ? null
    : "This session has no cells with figures of their own; the page Capacity has what it found.";
}
