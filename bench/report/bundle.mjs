// SPDX-License-Identifier: MIT
// bundle.mjs: node bundle.mjs OUTPUT: src/main.ts and all it needs as one script. Run where
// node_modules and src are.
import { build } from "esbuild";

await build({
  entryPoints: ["src/main.ts"],
  outfile: process.argv[2],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  preserveSymlinks: true,
  logLevel: "warning",
});
