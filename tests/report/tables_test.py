#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tables_test.py COLLET_BENCH FIXTURE OUTPUT_DIR: the report without a script says all it should,
and nothing in it can run or be fetched."""
import html.parser
import json
import pathlib
import subprocess
import sys


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = []
        self.rows = []
        self.data = ""
        self.policy = ""
        self.inside = []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        self.inside.append((tag, attributes))
        if attributes.get("http-equiv") == "Content-Security-Policy":
            self.policy = attributes["content"]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        while self.inside and self.inside.pop()[0] != tag:
            pass

    def handle_data(self, text):
        tags = [tag for tag, _ in self.inside]
        if "script" in tags:
            self.data += text
        elif "td" in tags or "th" in tags:
            self.rows[-1][-1] += text


def figure(value):
    """As bench/show/figures.cc writes it."""
    return f"{value:.{2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0}f}"


def expect(condition, words):
    if not condition:
        sys.exit(f"tables_test: {words}")


def check_rows(page, data):
    cells = [(table, cell) for table in data["tables"] for cell in table["cells"]]
    names = {cell["external"] or f"{cell['backend']} + {cell['pool']}" for _, cell in cells}
    rows = [row for row in page.rows if row and row[0] in names]
    expect(len(rows) == len(cells), f"{len(rows)} rows for {len(cells)} cells")
    for row, (_, cell) in zip(rows, cells):
        cpu = cell["server_cpu_us_per_request"]
        if cpu is None:
            expect(cell["reason"] in row[1], f"{cell['cell']} has no reason in {row}")
        else:
            expect(row[3].split()[0] == figure(cpu["median"]), f"{cell['cell']}: {row}")
    expect(any(cell["state"] == "failed" for _, cell in cells), "the fixture has a failed cell")
    expect(any(cell["state"] == "unavailable" for _, cell in cells), "and one that cannot run")


def check(program, results, path):
    ended = subprocess.run([program, "report", results, "-o", path, "--tables-only"], timeout=20,
                           check=False)
    expect(ended.returncode == 1, f"exit code {ended.returncode}, not 1 for failed cells")
    text = path.read_text(encoding="utf-8")
    page = Page()
    page.feed(text)

    scripts = [attributes for tag, attributes in page.tags if tag == "script"]
    expect(scripts == [{"type": "application/json", "id": "bench-data"}], f"scripts: {scripts}")
    expect(page.policy.startswith("default-src 'none';"), f"policy: {page.policy}")
    for tag, attributes in page.tags:
        expect(not {"src", "href", "action"} & attributes.keys(), f"<{tag}> refers to something")
    expect(text.count("<script") == 1 and text.count("</script>") == 1, "the data end a tag")

    data = json.loads(page.data)
    expect(data["schema"] == "collet-bench-report/2", data["schema"])
    check_rows(page, data)
    for warning in data["warnings"]:
        expect(warning.replace(">", "&gt;") in text, f"not on the page: {warning}")


def main():
    program, fixture, output = sys.argv[1:4]
    output = pathlib.Path(output)
    check(program, fixture, output / "tables.html")
    # The same with a server whose name is markup.
    hostile = output / "hostile"
    hostile.mkdir(exist_ok=True)
    text = (pathlib.Path(fixture) / "results.jsonl").read_text(encoding="utf-8")
    (hostile / "results.jsonl").write_text(text.replace("broken", "</script><b id='x'>&amp;"),
                                           encoding="utf-8")
    check(program, hostile, output / "hostile.html")
    print("2 passed, 0 failed")


if __name__ == "__main__":
    main()
