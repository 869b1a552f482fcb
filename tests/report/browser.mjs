// SPDX-License-Identifier: MIT
// browser.mjs: a report in Chromium, and what its pages say.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const program = process.env.COLLET_BENCH_PROGRAM;

// Of a cell, by the button that shows it: its key, and what a unit of it is.
export const metrics = {
  cpu: ["server_cpu_us_per_request", 1], machine: ["machine_cpu_us_per_request", 1],
  rate: ["requests_per_s", 1e3], p50: ["p50_us", 1], p99: ["p99_us", 1], p999: ["p999_us", 1],
  switches: ["server_switches_per_request", 1], syscalls: ["server_syscalls_per_request", 1],
  allocations: ["server_allocations_per_request", 1],
  "handoff-p50": ["handoff_p50_us", 1], "handoff-p99": ["handoff_p99_us", 1],
  rss: ["server_rss_bytes", 1024 * 1024], connection: ["bytes_per_connection", 1024],
};

const bundled = statSync(join(process.env.COLLET_REPORT_WORK, "report.js")).size > 0;
export const missing = !bundled ? "npm could not install what the charts need when collet was built"
  : existsSync(process.env.COLLET_CHROMIUM ?? "") ? false : "Chromium is not installed";

export function dataOf(html) {
  return JSON.parse(/id="bench-data">([^]*?)<\/script>/.exec(html)[1]);
}

// `code`: 1 where cells have failed.
export function generate(results, file, code) {
  const { status, stderr } = spawnSync(program, ["report", results, "-o", file],
                                       { encoding: "utf8" });
  assert.equal(status, code, stderr);
  return readFileSync(file, "utf8");
}

// The same page with other data in it.
export function withData(html, data) {
  const json = JSON.stringify(data).replaceAll("<", "\\u003c");
  return html.replace(/(id="bench-data">)[^]*?(<\/script>)/, (_, a, b) => a + json + b);
}

// As bench/show/figures.cc writes figures, and finer near nothing.
export function figure(value) {
  const size = Math.abs(value);
  if (size > 0 && size < 0.0995) return value.toPrecision(2);
  return value.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

// Headless, with a folder of its own for what it keeps.
export async function openBrowser() {
  const require = createRequire(join(process.env.COLLET_REPORT_WORK, "package.json"));
  const { chromium } = require("playwright-core");
  const profile = mkdtempSync(join(tmpdir(), "collet-report-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.COLLET_CHROMIUM,
    viewport: { width: 1100, height: 800 },
    acceptDownloads: true,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
           "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  const close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  };
  return { context, close };
}

// Gives `use` a tab, and fails if anything was said on the console or asked of a network.
export async function lookWith(browser, file, { scheme = "light", width = 1100 }, use) {
  const page = await browser.context.newPage();
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

export const rowsOf = (page, label) => page.$$eval(`[aria-label="${label}"] tbody`, (bodies) =>
  bodies.map((body) => [...body.rows].map((row) =>
    [...row.cells].map((cell) => cell.textContent.trim()))));
