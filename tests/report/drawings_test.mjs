// SPDX-License-Identifier: MIT
// drawings_test.mjs: what the pages of the report draw and count is what the data say, in Chromium.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";

import { alter } from "./altered.mjs";
import { dataOf, figure, generate, lookWith, metrics, missing, openBrowser, rowsOf, withData }
  from "./browser.mjs";
import { assertOnAScale, dotsOf } from "./drawn.mjs";

const report = join(process.env.COLLET_REPORT_OUTPUT, "drawings.html");
const altered = join(process.env.COLLET_REPORT_OUTPUT, "more-drawings.html");

// Of a ratio, in per cent.
function change(ratio) {
  const percent = 100 * (ratio - 1);
  const text = Math.abs(percent).toFixed(Math.abs(percent) < 99.95 ? 1 : 0);
  return (percent < 0 ? "−" : "+") + text;
}

const xs = (dots) => dots.map((dot) => dot.x);
const ys = (dots) => dots.map((dot) => dot.y);

describe("drawings of a report", { skip: missing }, () => {
  let browser;
  let data;
  let richer; // data

  before(async () => {
    const html = generate(process.env.COLLET_REPORT_FIXTURE, report, 1);
    data = dataOf(html);
    richer = alter(dataOf(html));
    writeFileSync(altered, withData(html, richer));
    browser = await openBrowser();
  });

  after(() => browser?.close());

  const look = (...what) => lookWith(browser, ...what);

  for (const [file, of] of [[report, () => data], [altered, () => richer]]) {
    test(`the overview of ${basename(file)} counts what its tables say`, () =>
         look(file, {}, async (page, show) => {
      await show({ page: "overview" });
      const { tables, warnings } = of();
      assert.deepEqual(await page.locator(".warnings li").allInnerTexts(), warnings);
      const rows = (await rowsOf(page, "verdicts"))[0];
      assert.equal(rows.length, tables.length);
      for (const [i, { figure: key, cells, dead_band, verdicts }] of tables.entries()) {
        const baseline = cells.find((cell) => cell.baseline);
        const scale = Object.values(metrics).find(([one]) => one === key)[1];
        assert.equal(rows[i][2], baseline.name);
        const value = baseline[key] ? ` ${figure(baseline[key].median / scale)} ` : " –";
        assert.ok(rows[i][3].includes(value), rows[i][3]);
        assert.deepEqual(rows[i].slice(4), [`±${(100 * dead_band).toFixed(1)}`,
          ...[verdicts.lower, verdicts.same, verdicts.higher].map(String)]);
      }
      const gaps = tables.flatMap(({ cells }) => cells.filter((cell) => cell.state !== "ok"));
      const shown = (await rowsOf(page, "cells without figures"))[0] ?? [];
      assert.deepEqual(shown.map((row) => [row[0], row[2], row[3]]),
                       gaps.map((cell) => [cell.name, cell.state, (cell.reason ?? "").trim()]));
    }));

    test(`the ratios of ${basename(file)} are drawn where they belong, and told`, () =>
         look(file, {}, async (page, show) => {
      for (const { table, cells } of of().tables) {
        await show({ page: "compare", table });
        const compared = cells.filter((cell) => cell.to_baseline && cell.state === "ok");
        const told = compared.map(({ baseline, to_baseline: { verdict, ratio, interval } }) =>
          (verdict === "none" || (!baseline && verdict !== "~") ? change(ratio) : "~")
            + (interval ? ` [${change(interval.low)}, ${change(interval.high)}]` : ""));
        const figures = page.locator("figure");
        const words = await figures.locator("svg [aria-label=text] text").allTextContents();
        assert.deepEqual(words.filter((text) => /^[~+−]/.test(text)), told);
        const ratios = compared.map((cell) => cell.to_baseline.ratio);
        const dots = await dotsOf(figures);
        assert.equal(dots.length, ratios.length);
        if (new Set(ratios).size > 1) assertOnAScale(xs(dots), ratios, Math.log, 1);
      }
    }));

    test(`the trade-offs of ${basename(file)} are drawn where they belong, and the front named`,
         () => look(file, {}, async (page, show) => {
      for (const { table, cells } of of().tables) {
        const both = cells.filter((cell) => cell.requests_per_core_s && cell.p99_us);
        if (both.length < 2) continue;
        await show({ page: "tradeoffs", table });
        const dots = await dotsOf(page.locator("figure"));
        const drawn = [...both].sort((a, b) => Number(b.pareto) - Number(a.pareto));
        assertOnAScale(xs(dots), drawn.map((cell) => cell.requests_per_core_s.median), Math.log, 1);
        assertOnAScale(ys(dots), drawn.map((cell) => cell.p99_us.median), Math.log, -1);
        const front = both.filter((cell) => cell.pareto).map((cell) => cell.name);
        const note = await page.locator("#content .note").first().textContent();
        assert.ok(note.endsWith(`: ${front.join(", ")}.`), note);
      }
    }));
  }

  test("sweeps are drawn where they belong, pool by pool", async () => {
    await look(altered, {}, async (page, show) => {
      await show({ page: "sweeps", metric: "connection" });
      const tables = richer.tables.filter((one) => one.workload === "idle");
      const points = tables.flatMap(({ connections, cells }) => cells.filter((cell) =>
        cell.bytes_per_connection?.median > 0).map((cell) =>
        ({ at: connections, pool: cell.pool, bytes: cell.bytes_per_connection.median })));
      const pools = [...new Set(points.map((point) => point.pool))];
      const drawn = pools.flatMap((pool) => points.filter((point) => point.pool === pool));
      const sweep = page.locator("figure").filter({ hasText: /^idle by connections/ });
      const dots = await dotsOf(sweep.first());
      assertOnAScale(ys(dots), drawn.map((point) => point.bytes), Math.log, -1);
      for (const pool of pools) {
        const its = dots.filter((_, i) => drawn[i].pool === pool);
        assertOnAScale(xs(its), drawn.filter((point) => point.pool === pool)
          .map((point) => point.at), Math.log, 1);
      }
    });
  });

  test("noise is drawn where it belongs, and flags are counted", async () => {
    await look(altered, {}, async (page, show) => {
      await show({ page: "noise" });
      const drawing = (title) => dotsOf(page.locator("figure").filter({ hasText: title }));
      const twins = richer.tables.flatMap((table) => table.twins.map(({ ratio }) => ratio));
      assertOnAScale(xs(await drawing(/^The baseline against itself/)), twins, Math.log, 1);
      const same = (value) => value;
      for (const [title, pick, scale] of [
        [/^In the order of the runs/, (run) => run.to_median, Math.log],
        [/^How late the client sent/, (run) => run.figures?.send_lag_p99_us, same],
        [/^Little's law/, (run) => run.figures?.littles_law_gap, same],
      ]) {
        const runs = richer.runs.map((run, i) => ({ at: i + 1, value: pick(run) ?? null }))
          .filter(({ value }) => value !== null);
        const dots = await drawing(title);
        assertOnAScale(ys(dots), runs.map(({ value }) => value), scale, -1);
        assertOnAScale(xs(dots), runs.map(({ at }) => at), same, 1);
      }
      const counts = new Map();
      for (const flag of richer.runs.flatMap((run) => run.flags)) {
        counts.set(flag, (counts.get(flag) ?? 0) + 1);
      }
      const shown = (await rowsOf(page, "flags"))[0].map(([flag, runs]) => [flag, Number(runs)]);
      assert.deepEqual(new Map(shown), counts);
    });
  });
});
