// SPDX-License-Identifier: MIT
// servers.ts: how a server is told from another: a colour for its backend, a symbol for its pool.
// Neither is ever the only sign: names stand beside them.
import type { Cell, Data } from "./data";

const colours = 6; // --s0 to --s5; what comes later shares the last
const symbols = ["circle", "square", "triangle", "diamond", "star", "wye"] as const;

export type Symbol = (typeof symbols)[number] | "times";

export interface Signs {
  colour: (cell: Cell) => string;
  symbol: (cell: Cell) => Symbol;
  backends: string[];
  pools: string[];
}

export function signsOf(data: Data): Signs {
  const cells = data.tables.flatMap((table) => table.cells);
  const names = (pick: (cell: Cell) => string | null) =>
    [...new Set(cells.map(pick).filter((name) => name !== null))];
  const backends = names((cell) => cell.backend);
  const pools = names((cell) => cell.pool);
  const colour = (i: number) => `var(--s${Math.min(i, colours - 1)})`;
  return {
    backends,
    pools,
    colour: (cell) =>
      cell.backend === null ? "var(--muted)" : colour(backends.indexOf(cell.backend)),
    symbol: (cell) =>
      cell.pool === null
        ? "times"
        : (symbols[Math.min(pools.indexOf(cell.pool), symbols.length - 1)] ?? "circle"),
  };
}
