// SPDX-License-Identifier: MIT
// servers.ts: how a server is told from another: a colour for its backend, a symbol for its pool.
// Neither is ever the only sign: names stand beside them.
import type { Cell, Data } from "./data";
import { h } from "./dom";

const colours = 6; // --s0 to --s5; what comes later shares the last
const symbols = ["circle", "square", "triangle", "diamond", "star", "wye"] as const;
const glyphs = { circle: "○", square: "□", triangle: "△", diamond: "◇", star: "☆", wye: "Y",
                 times: "×" };

export type Symbol = (typeof symbols)[number] | "times";

export interface Signs {
  colour: (cell: Cell) => string;
  symbol: (cell: Cell) => Symbol;
  backends: string[];
  pools: string[];
}

// What the signs of `cells` mean, in a line.
export function keyOf({ colour, symbol }: Signs, cells: Cell[]): HTMLElement {
  const backends = new Map(cells.map((cell) => [cell.backend ?? "other servers", colour(cell)]));
  const pools = new Map(cells.filter((cell) => cell.pool !== null)
    .map((cell) => [cell.pool ?? "", glyphs[symbol(cell)]]));
  return h("p", { class: "key" },
           ...[...backends].map(([name, value]) =>
             h("span", {}, h("i", { style: `background: ${value}` }), name)),
           ...[...pools].map(([name, glyph]) => h("span", {}, `${glyph} ${name}`)));
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
