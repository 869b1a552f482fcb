// SPDX-License-Identifier: MIT
// browser_test.mjs: the HTML report in Chromium: from a file, with nothing fetched and no error,
// every page drawn, every number that of the data.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync }
  from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";

const program = process.env.COLLET_BENCH_PROGRAM;
const output = process.env.COLLET_REPORT_OUTPUT;
const report = join(output, "report.html");
const altered = join(output, "altered.html");
const pages = ["overview", "matrix", "compare", "latency", "load", "tradeoffs", "sweeps", "pools",
               "noise", "data"];
const drawn = new Set(["compare", "latency", "tradeoffs", "sweeps", "pools", "noise"]);

const bundled = statSync(join(process.env.COLLET_REPORT_WORK, "report.js")).size > 0;
const missing = !bundled ? "npm could not install what the charts need when collet was built"
  : existsSync(process.env.COLLET_CHROMIUM ?? "") ? false : "Chromium is not installed";

function dataOf(html) {
  return JSON.parse(/id="bench-data">([^]*?)<\/script>/.exec(html)[1]);
}

function generate() {
  const { status, stderr } = spawnSync(program,
    ["report", process.env.COLLET_REPORT_FIXTURE, "-o", report], { encoding: "utf8" });
  assert.equal(status, 1, `for failed cells; it said: ${stderr}`);
  return readFileSync(report, "utf8");
}

// The same report with what the fixture cannot have: a client that was the bottleneck, verdicts of
// both kinds, load curves, and markup in every text.
function alter(html) {
  const data = dataOf(html);
  const evil = "</script><script>throw new Error('ran')</script><img src=x onerror=throw>";
  data.warnings.push(evil);
  data.environment.kernel = evil;
  const cells = data.tables[0].cells.filter((cell) => cell.state === "ok");
  for (const cell of cells) {
    cell.client_bound = true;
    cell.cpu_to_baseline.verdict = "~";
  }
  Object.assign(cells[1].cpu_to_baseline, { ratio: 0.8, verdict: "lower", indicative: true,
                                            interval: { low: 0.78, high: 0.83, coverage: 0.97 } });
  Object.assign(cells[2].cpu_to_baseline, { ratio: 1.5, verdict: "higher", indicative: true,
                                            interval: { low: 1.4, high: 1.6, coverage: 0.97 } });
  const points = (most) => [10, 20, 30, 40].map((k) => ({
    offered_per_s: k * 1e3, achieved_per_s: Math.min(k, most) * 1e3, kept_up: k < most,
    p50_us: 40 + k, p99_us: 80 + 4000 / (most + 10 - k), p999_us: null }));
  data.curves = cells.slice(0, 2).map(({ name }, i) => ({
    title: data.tables[0].title, name, slo_p99_us: 300, wake_floor_us: 30,
    points: points(35 - 4 * i) }));
  const json = JSON.stringify(data).replaceAll("<", "\\u003c");
  return html.replace(/(id="bench-data">)[^]*?(<\/script>)/, (_, a, b) => a + json + b);
}

// As bench/show/figures.cc writes figures, and finer near nothing.
function figure(value) {
  const size = Math.abs(value);
  if (size > 0 && size < 0.0995) return value.toPrecision(2);
  return value.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

describe("report in a browser", { skip: missing }, () => {
  let browser;
  let profile;
  let html;
  let data;

  before(async () => {
    html = generate();
    data = dataOf(html);
    writeFileSync(altered, alter(html));
    mkdirSync(join(output, "screenshots"), { recursive: true });
    const require = createRequire(join(process.env.COLLET_REPORT_WORK, "package.json"));
    const { chromium } = require("playwright-core");
    profile = mkdtempSync(join(tmpdir(), "collet-report-"));
    browser = await chromium.launchPersistentContext(profile, {
      executablePath: process.env.COLLET_CHROMIUM,
      viewport: { width: 1100, height: 800 },
      acceptDownloads: true,
      args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    });
  });

  after(async () => {
    await browser?.close();
    if (profile) rmSync(profile, { recursive: true, force: true });
  });

  // Gives `use` a tab, and fails if anything was said on the console or asked of a network.
  async function look(file, { scheme = "light", width = 1100 }, use) {
    const page = await browser.newPage();
    const complaints = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith("file:") && !url.startsWith("blob:")) complaints.push(url);
    });
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height: 800 });
    const show = async (hash) => {
      await page.goto(pathToFileURL(file).href + "#" + new URLSearchParams(hash));
      await page.waitForFunction((id) => document.querySelector(`nav [aria-current]`)?.id
        === `page-${id}`, hash.page);
    };
    await use(page, show);
    await page.close();
    assert.deepEqual(complaints, []);
  }

  test("refers to nothing outside of itself", () => {
    const [style] = /<style>[^]*<\/style>/.exec(html);
    assert.ok(!/(src|href|action)\s*=\s*["']?\s*(https?:)?\/\//i.test(html), "an address");
    assert.ok(!/@import|url\(/.test(style), "an address in the style");
    assert.ok(/Content-Security-Policy" content="default-src 'none'; script-src/.test(html));
    assert.equal(html.match(/<script[ >]/g).length, 2, "the data and the script");
    assert.equal(html.match(/<\/script/g).length, 2, "and nothing ends them early");
  });

  for (const [scheme, width] of [["light", 1100], ["dark", 1100], ["light", 400]]) {
    test(`draws every page, ${scheme}, ${width} px`, async () => {
      await look(report, { scheme, width }, async (page, show) => {
        for (const id of pages) {
          await show({ page: id });
          const counts = await page.evaluate(() => ({
            svgs: document.querySelectorAll("figure svg").length,
            tables: document.querySelectorAll("table").length,
            words: document.getElementById("content").innerText.length,
            width: document.documentElement.scrollWidth,
          }));
          assert.ok(counts.words > 40, `${id} says something`);
          assert.ok(counts.width <= width, `${id} is ${counts.width} px wide`);
          if (drawn.has(id)) assert.ok(counts.svgs > 0, `${id} has a drawing`);
          else if (id !== "load") assert.ok(counts.tables > 0, `${id} has a table`);
          await page.screenshot({ path: join(output, "screenshots", `${id}-${scheme}-${width}.png`),
                                  fullPage: true });
        }
      });
    });
  }

  test("the matrix shows the numbers of the data, and why others are missing", async () => {
    const metrics = { cpu: ["server_cpu_us_per_request", 1], rate: ["requests_per_s", 1e3],
                      p50: ["service_time_p50_us", 1], p99: ["service_time_p99_us", 1],
                      p999: ["service_time_p999_us", 1], rss: ["server_rss_bytes", 1024 * 1024],
                      switches: ["server_switches_per_request", 1] };
    await look(report, {}, async (page, show) => {
      for (const table of data.tables) {
        for (const [metric, [key, scale]] of Object.entries(metrics)) {
          await show({ page: "matrix", table: table.table, metric });
          const cells = await page.$$eval(".matrix button", (buttons) => buttons.map((button) => {
            const value = button.querySelector(".value");
            return { cell: button.dataset.cell, text: value?.textContent ?? button.textContent,
                     value: value ? Number(value.dataset.value) : null };
          }));
          assert.equal(cells.length, table.cells.length, `${table.table} ${metric}`);
          for (const shown of cells) {
            const cell = table.cells.find((one) => one.cell === shown.cell);
            assert.equal(shown.value, cell[key]?.median ?? null, `${shown.cell} ${metric}`);
            if (cell[key]) assert.equal(shown.text, figure(cell[key].median / scale));
            else assert.ok(shown.text.includes(cell.reason ?? "too few"), shown.text);
          }
        }
      }
    });
  });

  test("times of closed and of open loops have different names", async () => {
    await look(report, {}, async (page, show) => {
      for (const { table, mode } of data.tables) {
        await show({ page: "latency", table });
        const text = await page.innerText("figure");
        assert.match(text, mode === "open" ? /response time/ : /service time/);
        assert.doesNotMatch(text, mode === "open" ? /service time/ : /response time/);
      }
      await show({ page: "data" });
      assert.equal(await page.locator("table.sortable").count(), 2);
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
      await page.click("#sort-closed-cpu");
      await page.waitForSelector("[aria-sort=ascending]");
      const column = 7;
      const values = await page.$$eval("table.sortable", ([table], at) =>
        [...table.tBodies[0].rows].map((row) => Number(row.cells[at].textContent))
          .filter((value) => !Number.isNaN(value)), column);
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

  test("bounds, verdicts and load curves are shown; markup in texts stays text", async () => {
    await look(altered, {}, async (page, show) => {
      await show({ page: "overview" });
      assert.match(await page.innerText(".warnings"), /<img src=x/);
      await show({ page: "matrix", metric: "rate" });
      assert.match(await page.innerText(".matrix .value >> nth=0"), /^≥/);
      await show({ page: "matrix" });
      assert.equal(await page.locator(".matrix td.lower").count(), 1);
      assert.equal(await page.locator(".matrix td.higher").count(), 1);
      assert.match(await page.innerText(".matrix td.lower"), /▼ −20\.0 %/);
      await show({ page: "load" });
      assert.ok(await page.locator("figure svg").count() > 0);
      await page.screenshot({ path: join(output, "screenshots", "load-with-curves.png"),
                              fullPage: true });
    });
  });
});
