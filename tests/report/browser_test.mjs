// SPDX-License-Identifier: MIT
// browser_test.mjs: the HTML report in Chromium: from a file, with nothing fetched and no error,
// every page drawn, every number that of the data.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";

import { alter, poison } from "./altered.mjs";
import { dataOf, figure, generate, lookWith, metrics, missing, openBrowser, rowsOf, withData }
  from "./browser.mjs";

const output = process.env.COLLET_REPORT_OUTPUT;
const report = join(output, "report.html");
const altered = join(output, "altered.html");
const searched = join(output, "searched.html");
const poisoned = join(output, "poisoned.html");
const screenshots = join(output, "screenshots");
const pages = ["overview", "matrix", "compare", "latency", "load", "capacity", "tradeoffs",
               "sweeps", "pools", "noise", "data"];
const drawn = new Set(["compare", "latency", "tradeoffs", "sweeps", "pools", "noise"]);
const drawnOfMore = new Set([...drawn, "load", "capacity"]);

describe("report in a browser", { skip: missing }, () => {
  let browser;
  let html;
  let data;
  let richer; // data

  before(async () => {
    html = generate(process.env.COLLET_REPORT_FIXTURE, report, 1);
    data = dataOf(html);
    richer = alter(dataOf(html));
    writeFileSync(altered, withData(html, richer));
    writeFileSync(poisoned, withData(html, poison(richer)));
    mkdirSync(screenshots, { recursive: true });
    browser = await openBrowser();
  });

  after(() => browser?.close());

  const look = (...what) => lookWith(browser, ...what);

  test("refers to nothing outside of itself", () => {
    const [style] = /<style>[^]*<\/style>/.exec(html);
    assert.ok(!/(src|href|action)\s*=\s*["']?\s*(https?:)?\/\//i.test(html), "an address");
    assert.ok(!/@import|url\(/.test(style), "an address in the style");
    assert.ok(/Content-Security-Policy" content="default-src 'none'; script-src/.test(html));
    assert.equal(html.match(/<script[ >]/g).length, 2, "the data and the script");
    assert.equal(html.match(/<\/script/g).length, 2, "and nothing ends them early");
  });

  const looks = [["light", 1100], ["dark", 1100], ["light", 400], ["dark", 400]];
  for (const [file, name, needed] of [[report, "", drawn], [altered, "more-", drawnOfMore]]) {
    for (const [scheme, width] of looks) {
      test(`draws every page, ${name}${scheme}, ${width} px`, async () => {
        await look(file, { scheme, width }, async (page, show) => {
          for (const id of pages) {
            await show({ page: id });
            const counts = await page.evaluate(() => ({
              svgs: document.querySelectorAll("figure svg").length,
              words: document.getElementById("content").innerText.length,
              width: document.documentElement.scrollWidth,
              broken: document.getElementById("content").innerHTML
                .match(/NaN|undefined|Infinity|\[object/)?.[0],
            }));
            assert.ok(counts.words > 40, `${id} says something`);
            assert.ok(counts.width <= width, `${id} is ${counts.width} px wide`);
            assert.equal(counts.broken, undefined, id);
            if (needed.has(id)) assert.ok(counts.svgs > 0, `${id} has a drawing`);
            const picture = `${name}${id}-${scheme}-${width}.png`;
            await page.screenshot({ path: join(screenshots, picture), fullPage: true });
          }
        });
      });
    }
  }

  for (const [file, of] of [[report, () => data], [altered, () => richer]]) {
    test(`the matrix shows the numbers of ${basename(file)}, and why others are missing`,
         () => look(file, {}, async (page, show) => {
      for (const table of of().tables) {
        for (const [metric, [key, scale]] of Object.entries(metrics)) {
          await show({ page: "matrix", table: table.table, metric });
          const button = page.locator(`#metric-${metric}`);
          if (table.cells.every((cell) => cell[key] === null)) {
            assert.equal(await button.getAttribute("aria-disabled"), "true", metric);
            assert.ok((await button.getAttribute("title")).length > 10);
            await button.press("Enter");
            assert.equal(await button.getAttribute("aria-pressed"), "false", metric);
            continue;
          }
          assert.equal(await button.getAttribute("aria-pressed"), "true", metric);
          const cells = await page.$$eval(".matrix button", (buttons) => buttons.map((one) => {
            const value = one.querySelector(".value");
            return { cell: one.dataset.cell, text: value?.textContent ?? one.textContent,
                     value: value ? Number(value.dataset.value) : null };
          }));
          assert.equal(cells.length, table.cells.length, `${table.table} ${metric}`);
          for (const shown of cells) {
            const cell = table.cells.find((one) => one.cell === shown.cell);
            assert.equal(shown.value, cell[key]?.median ?? null, `${shown.cell} ${metric}`);
            if (cell[key]) {
              assert.equal(shown.text.replace("≥", ""), figure(cell[key].median / scale));
            } else {
              assert.ok(shown.text.includes(cell.reason ?? "") && /[a-z]{3}/.test(shown.text));
            }
          }
        }
      }
    }));
  }

  test("percentiles, capacities and curves are those of the data", async () => {
    await look(altered, {}, async (page, show) => {
      const [table] = richer.tables;
      await show({ page: "latency", table: table.table });
      const merged = table.cells.filter((cell) => cell.merged);
      const rows = (await rowsOf(page, "percentiles"))[0];
      assert.deepEqual(rows.map((row) => row.filter((text) => text !== "–")),
        merged.map(({ name, merged }) =>
          [name, String(merged.requests), ...merged.percentiles.map(({ us, low, high }) =>
            `${figure(us)} ${figure(low)}–${figure(high)}`)]));

      await show({ page: "capacity", open: "probes-0" });
      const shown = new Map((await rowsOf(page, "capacities"))[0].map((row) => [row[0], row]));
      const [{ brackets, advice }] = richer.capacities;
      assert.equal(await page.innerText(".advice"), advice);
      assert.equal(shown.size, brackets.length);
      for (const one of brackets) {
        const [, range, because, top] = shown.get(one.name);
        assert.equal(because, one.probes.find((probe) => probe.rate_per_s === one.fails_per_s)
          ?.why_not ?? "");
        for (const rate of [one.holds_per_s, one.fails_per_s]) {
          if (rate !== null) assert.ok(range.includes(figure(rate / 1e3)), range);
        }
        if (one.reason) assert.ok(range.includes(one.reason), range);
        assert.equal(top !== "", one.top);
      }
      const probes = brackets.flatMap(({ name, probes }) =>
        probes.map((probe) => [name, figure(probe.rate_per_s / 1e3)]));
      assert.deepEqual((await rowsOf(page, "probes"))[0].map((row) => row.slice(0, 2)), probes);

      await show({ page: "load", open: "points-0" });
      assert.deepEqual((await rowsOf(page, "points"))[0].map((row) => row.slice(0, 6)),
        richer.curves.flatMap(({ name, points }) => points.map((point) =>
          [name, figure(point.rate_per_s / 1e3), figure(point.achieved_per_s / 1e3),
           [point.kept_up ? "yes" : "no", ...(point.client_late ? ["client late"] : [])]
             .join(", "), figure(point.p50_us), figure(point.p99_us)])));
    });
  });

  test("a cell's detail has all of its figures, and the course of its runs", async () => {
    await look(altered, {}, async (page, show) => {
      const { table, cells: [, cell] } = richer.tables.find((one) => one.rate_per_s !== null);
      await show({ page: "matrix", table, cell: cell.cell, open: "runs" });
      const runs = richer.runs.filter((run) => run.cell === cell.cell);
      assert.equal(await page.locator(".series figure svg").count(), runs.length);
      const shown = (await rowsOf(page, "figures"))[0].map((row) => row[1]);
      assert.deepEqual(shown, Object.values(metrics).flatMap(([key, scale]) =>
        cell[key] ? [figure(cell[key].median / scale)] : []));
      const rows = (await rowsOf(page, "runs"))[0];
      assert.deepEqual(rows.map((row) => row[2]),
                       runs.map((run) => figure(run.figures.server_cpu_us_per_request)));
      assert.deepEqual(rows.map((row) => row.at(-1)), runs.map((run) => run.flags.join(", ")));
    });
  });

  test("paper shows what was chosen, and what is folded", async () => {
    await look(altered, {}, async (page, show) => {
      await show({ page: "capacity", theme: "dark" });
      await page.emulateMedia({ media: "print" });
      await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
      assert.ok(await page.locator("[aria-label=probes]").first().isVisible());
      assert.equal(await page.locator("nav").isVisible(), false);
      await show({ page: "latency", theme: "dark", hide: "epoll%2Finline" });
      assert.equal(await page.locator(".picker label >> nth=0").isVisible(), false);
      assert.equal(await page.locator(".picker label >> nth=1").isVisible(), true);
      assert.equal(await page.locator("#choose-table").isVisible(), true);
    });
  });

  test("times of closed and of open loops have different names", async () => {
    await look(report, {}, async (page, show) => {
      for (const { table, times } of data.tables) {
        await show({ page: "latency", table });
        const text = await page.innerText("figure");
        assert.match(text, times === "response" ? /response time/ : /service time/);
        assert.doesNotMatch(text, times === "response" ? /service time/ : /response time/);
      }
      await show({ page: "data" });
      assert.equal(await page.locator("table.sortable").count(), 2);
    });
    await look(altered, {}, async (page, show) => {
      const open = richer.tables.find((table) => table.rate_per_s !== null);
      await show({ page: "latency", table: open.table });
      const titles = await page.locator("figcaption strong").allInnerTexts();
      assert.deepEqual(titles.map((title) => title.match(/response|service/)?.[0]),
                       ["response", "service"]);
    });
  });

  test("verdicts are about the figure of the table", async () => {
    await look(altered, {}, async (page, show) => {
      for (const [figure, words] of [["p99_us", "response time p99"],
                                     ["bytes_per_connection", "memory per connection"]]) {
        const { table } = richer.tables.find((one) => one.figure === figure);
        await show({ page: "compare", table });
        assert.match(await page.innerText("figcaption strong"), new RegExp(`^${words} against`));
        await show({ page: "matrix", table });
        assert.ok(await page.locator(".matrix td.lower").count() > 0);
        await show({ page: "matrix", table, metric: "cpu" });
        assert.equal(await page.locator(".matrix td.lower").count(), 0);
      }
    });
  });

  test("what is hidden, chosen and opened is in the address, by keyboard too", async () => {
    await look(altered, {}, async (page, show) => {
      await show({ page: "load" });
      const lines = () => page.locator("figure [aria-label=line] path").count();
      const all = await lines();
      await page.locator(".picker input").nth(1).focus();
      await page.keyboard.press("Space");
      await page.waitForFunction((count) =>
        document.querySelectorAll("figure [aria-label=line] path").length === count, all - 1);
      assert.match(page.url(), /hide=/);
      assert.equal(await page.evaluate(() => document.activeElement.checked), false, "the focus");
      await page.locator("#percentile-p999").press("Enter");
      await page.waitForSelector("#percentile-p999[aria-pressed=true]");
      await page.locator("#fold-points-0").press("Enter");
      await page.waitForSelector("details[open]");

      const content = () => page.locator("#content").innerHTML();
      const before = await content();
      const address = page.url();
      await page.goto("about:blank");
      await page.goto(address);
      assert.equal(await content(), before);
      await page.locator("#show--none").click();
      await page.waitForFunction(() => !document.querySelector(".picker input:checked"));
      assert.equal(await lines(), 0);
    });
  });

  test("a choice leaves the page where it was", async () => {
    await look(altered, { width: 400 }, async (page, show) => {
      await show({ page: "capacity" });
      await page.locator("#fold-probes-1").scrollIntoViewIfNeeded();
      const before = await page.evaluate(() => scrollY);
      assert.ok(before > 0);
      await page.locator("#fold-probes-1").click();
      await page.waitForSelector("details[open]");
      assert.equal(await page.evaluate(() => scrollY), before);
    });
  });

  test("a search, which has no tables, has all pages and its advice", async () => {
    const found = dataOf(generate(process.env.COLLET_REPORT_GOAL, searched, 0)).capacities[0];
    await look(searched, {}, async (page, show) => {
      for (const id of pages) {
        await show({ page: id });
        assert.ok((await page.innerText("#content")).length > 20, id);
      }
      await show({ page: "capacity" });
      assert.equal(await page.innerText(".advice"), found.advice);
      for (const [name, range] of (await rowsOf(page, "capacities"))[0]) {
        const { holds_per_s } = found.brackets.find((bracket) => bracket.name === name);
        assert.ok(range.includes(figure(holds_per_s / 1e3)), range);
      }
      await page.screenshot({ path: join(screenshots, "searched.png"), fullPage: true });
    });
  });

  test("a cell is opened by the keyboard, and the address keeps it", async () => {
    await look(report, {}, async (page, show) => {
      await show({ page: "matrix" });
      const button = page.locator(".matrix button").first();
      await button.focus();
      await page.keyboard.press("Enter");
      await page.waitForSelector("#detail svg");
      assert.match(page.url(), /cell=/);
      assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-pressed")),
                   "true", "the focus stays");
      await page.reload();
      assert.equal(await page.locator("#detail").count(), 1);
    });
  });

  test("colours change at a press, and back", async () => {
    await look(report, { scheme: "dark" }, async (page, show) => {
      await show({ page: "overview" });
      const back = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const dark = await back();
      await page.click("#theme");
      await page.waitForFunction(() => document.documentElement.dataset.theme === "light");
      const light = await back();
      assert.notEqual(light, dark);
      await page.click("#theme");
      await page.waitForFunction(() => document.documentElement.dataset.theme === "dark");
      assert.equal(await back(), dark);
    });
  });

  test("the table of cells is sorted, and the data can be taken away", async () => {
    await look(report, {}, async (page, show) => {
      await show({ page: "data" });
      await page.click("#sort-service-cpu");
      await page.waitForSelector("[aria-sort=ascending]");
      const values = await page.$$eval("table.sortable", ([table]) => {
        const at = table.querySelector("[aria-sort]").cellIndex;
        return [...table.tBodies[0].rows].map((row) => Number(row.cells[at].textContent))
          .filter((value) => !Number.isNaN(value));
      });
      assert.ok(values.length > 5);
      assert.deepEqual(values, [...values].sort((a, b) => a - b));
      for (const [id, expected] of [["csv", data.csv], ["json", JSON.stringify(data)]]) {
        const [download] = await Promise.all([page.waitForEvent("download"),
                                              page.click(`#download-${id}`)]);
        const text = readFileSync(await download.path(), "utf8");
        assert.equal(id === "json" ? JSON.stringify(JSON.parse(text)) : text, expected);
      }
    });
  });

  test("pools by themselves are drawn and stand in tables, gaps with a reason", async () => {
    await look(report, {}, async (page, show) => {
      await show({ page: "pools" });
      for (const benchmark of data.pools.benchmarks) {
        const section = page.locator(`#pools-${benchmark.name}`);
        assert.equal(await section.locator("figure svg").count(), 1, benchmark.name);
        await section.locator("summary").click();
        const rows = await section.locator("tbody tr").allInnerTexts();
        for (const [i, row] of benchmark.rows.entries()) {
          const values = Object.values(row.figures).map((one) => (one ? figure(one.median) : "–"));
          const expected = row.state === "ok" ? values : [row.reason];
          for (const text of expected) assert.ok(rows[i].includes(text), `${rows[i]}: ${text}`);
        }
      }
      assert.match(await page.innerText("#pools-ping-pong"), /inline \(inapplicable: /);
    });
  });

  test("bounds and verdicts have signs", async () => {
    await look(altered, {}, async (page, show) => {
      await show({ page: "matrix", metric: "rate" });
      assert.match(await page.locator(".matrix .value").allInnerTexts().then(String), /≥/);
      await show({ page: "matrix" });
      assert.match(await page.innerText(".matrix td.lower >> nth=0"), /▼ −20\.0 %/);
      assert.match(await page.innerText(".matrix td.higher >> nth=0"), /▲ \+50\.0 %/);
    });
  });

  test("markup in texts stays text", async () => {
    await look(poisoned, {}, async (page, show) => {
      for (const id of pages) {
        await show({ page: id });
        assert.equal(await page.locator("img, #content script").count(), 0, id);
        assert.match(await page.innerText("#content"), /<img src=x/, id);
      }
      await show({ page: "matrix" });
      await page.locator(".matrix button").first().click();
      await page.waitForSelector("#detail");
      assert.equal(await page.locator("img").count(), 0);
    });
  });
});
