// SPDX-License-Identifier: MIT
// servers.ts: how a server is told from another: a colour for its backend, a symbol and a kind of
// line for its pool. None is ever the only sign: names stand beside them.
import type { Data } from "./data";
import { h } from "./dom";

const colours = 8; // --s0 to --s7; what comes later shares the last
const symbols = ["circle", "square", "triangle", "diamond", "star", "wye"] as const;
const dashes = ["none", "7 3", "2 3", "9 3 2 3", "1 4", "12 4"];
const glyphs = { circle: "○", square: "□", triangle: "△", diamond: "◇", star: "☆", wye: "Y",
                 times: "×" };

export type Symbol = (typeof symbols)[number] | "times";

// A cell, or what stands for one elsewhere in the data.
export interface Pair {
  name: string;
  backend_name: string | null;
  pool_name: string | null;
}

export interface Signs {
  colour: (pair: Pair) => string;
  symbol: (pair: Pair) => Symbol;
  glyph: (pair: Pair) => string;
  dash: (pair: Pair) => string;
  backend: (pair: Pair) => string | null; // with its options
  pool: (pair: Pair) => string | null;
  backends: string[];
  pools: string[];
}

// What the signs of `pairs` mean, in a line.
export function keyOf({ colour, glyph, backend, pool }: Signs, pairs: Pair[]): HTMLElement {
  const backends = new Map(pairs.map((pair) => [backend(pair) ?? "other servers", colour(pair)]));
  const pools = new Map(pairs.filter((pair) => pool(pair) !== null)
    .map((pair) => [pool(pair) ?? "", glyph(pair)]));
  return h("p", { class: "key" },
           ...[...backends].map(([name, value]) =>
             h("span", {}, h("i", { style: `background: ${value}` }), name)),
           ...[...pools].map(([name, sign]) => h("span", {}, `${sign} ${name}`)));
}

interface Known {
  backend: string | null;
  pool: string | null;
}

// Cells know a backend with its options, which others do not; they are found by name.
function knownOf(data: Data): Map<string, Known> {
  const known = new Map<string, Known>();
  for (const { name, backend, pool } of data.tables.flatMap((table) => table.cells)) {
    known.set(name, { backend, pool });
  }
  const others: Pair[] = [...data.curves, ...data.capacities.flatMap(({ brackets }) => brackets)];
  for (const { name, backend_name, pool_name } of others) {
    if (!known.has(name)) known.set(name, { backend: backend_name, pool: pool_name });
  }
  return known;
}

export function signsOf(data: Data): Signs {
  const known = knownOf(data);
  const unique = (pick: (one: Known) => string | null) =>
    [...new Set([...known.values()].map(pick).filter((name) => name !== null))];
  const backends = unique((one) => one.backend);
  const pools = unique((one) => one.pool);
  const externals = [...known].flatMap(([name, one]) => (one.backend === null ? [name] : []));
  const backendOf = (pair: Pair) => known.get(pair.name)?.backend ?? null;
  const poolOf = (pair: Pair) => known.get(pair.name)?.pool ?? null;
  const symbol = (pair: Pair): Symbol => {
    const pool = poolOf(pair);
    return pool === null ? "times"
      : (symbols[Math.min(pools.indexOf(pool), symbols.length - 1)] ?? "circle");
  };
  return {
    backends,
    pools,
    backend: backendOf,
    pool: poolOf,
    colour: (pair) => {
      const backend = backendOf(pair);
      return backend === null ? "var(--muted)"
        : `var(--s${Math.min(backends.indexOf(backend), colours - 1)})`;
    },
    symbol,
    glyph: (pair) => glyphs[symbol(pair)],
    dash: (pair) => {
      const pool = poolOf(pair);
      const at = pool === null ? externals.indexOf(pair.name) : pools.indexOf(pool);
      return dashes[Math.max(0, at) % dashes.length] ?? "none";
    },
  };
}
