// SPDX-License-Identifier: MIT
// main.ts: takes the place of the tables that are in the page without a script.
import { readData, type Data } from "./data";
import { add, h, p } from "./dom";
import { capacity } from "./pages/capacity";
import { compare } from "./pages/compare";
import { datapage } from "./pages/datapage";
import { latency } from "./pages/latency";
import { load } from "./pages/load";
import { matrix } from "./pages/matrix";
import { noise } from "./pages/noise";
import { overview } from "./pages/overview";
import { pools } from "./pages/pools";
import { sweeps } from "./pages/sweeps";
import { tradeoffs } from "./pages/tradeoffs";
import { go, State } from "./state";
import type { Page, View } from "./view";

const allPages: Page[] = [overview, matrix, compare, latency, load, capacity, tradeoffs, sweeps,
                          pools, noise, datapage];

const data = readData();
// Of thread pools by themselves there is one page.
const pages = data.tables.length + data.capacities.length > 0 ? allPages : [pools];
const main = document.getElementById("report") as HTMLElement;

function header(state: State, page: Page): HTMLElement {
  const links = pages.map((one) =>
    h("a", { href: state.with({ page: one.id, cell: null }), id: `page-${one.id}`,
             "aria-current": one === page ? "page" : undefined,
             class: one.absent?.(data) ? "absent" : undefined }, one.title));
  return h("header", {},
           h("div", { class: "masthead" }, h("h1", {}, "collet-bench"),
             h("span", { class: "note" }, subtitle(data)), themeSwitch(state)),
           h("nav", { "aria-label": "pages" }, ...links));
}

function subtitle({ session, environment }: Data): string {
  const parts = [session.started_utc.replace("T", " ").replace("Z", " UTC"),
                 environment["cpu_model"], session.profile && `profile ${session.profile}`];
  return parts.filter((part) => part).join(" · ");
}

// As the system has it, unless the address says otherwise.
function themeSwitch(state: State): HTMLElement {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = state.get("theme") ?? (dark ? "dark" : "light");
  const other = now === "dark" ? "light" : "dark";
  return h("button", { type: "button", id: "theme", click: () => go(state, { theme: other }) },
           `${other} colours`);
}

let drawnPage: Page | null = null;

function draw(): void {
  const state = new State(location.hash);
  const page = pages.find((one) => one.id === state.get("page")) ?? (pages[0] as Page);
  const theme = state.get("theme");
  if (theme) document.documentElement.dataset["theme"] = theme;
  else delete document.documentElement.dataset["theme"];
  const focused = document.activeElement?.id ?? "";
  const putBack = page === drawnPage ? rememberPlaces() : null;
  drawnPage = page;

  const content = h("div", { class: "content", id: "content" });
  main.replaceChildren(header(state, page), content);
  const view: View = { data, state, width: Math.max(280, content.clientWidth) };
  const why = page.absent?.(data) ?? null;
  add(content, why === null ? page.draw(view) : [p(why)]);
  content.prepend(h("h2", { class: "for-print" }, page.title));
  document.title = `${page.title} – collet-bench ${data.session.started_utc}`;
  if (focused !== "") document.getElementById(focused)?.focus({ preventScroll: true });
  putBack?.();
}

// What remembers how far the page and what is in it were scrolled, and puts it back.
function rememberPlaces(): () => void {
  const top = scrollY;
  const regions = () => document.querySelectorAll<HTMLElement>(".scroll");
  const left = new Map([...regions()].map((one) => [one.ariaLabel, one.scrollLeft]));
  return () => {
    for (const one of regions()) one.scrollLeft = left.get(one.ariaLabel) ?? 0;
    scrollTo({ top, behavior: "instant" });
  };
}

addEventListener("hashchange", draw);
let drawnAt = innerWidth;
addEventListener("resize", () => {
  if (innerWidth !== drawnAt) draw();
  drawnAt = innerWidth;
});
// Paper cannot be opened.
addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll("details")) one.open = true;
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
draw();
