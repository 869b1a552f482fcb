// SPDX-License-Identifier: MIT
// state.ts: what is shown, kept in the address after its #, so that a view can be sent to someone.

export class State {
  private readonly values: URLSearchParams;

  constructor(hash: string) {
    this.values = new URLSearchParams(hash.replace(/^#/, ""));
  }

  get(key: string): string | null {
    return this.values.get(key);
  }

  // Several names under one key. They may hold whatever people call their servers.
  list(key: string): string[] {
    const text = this.get(key) ?? "";
    return text === "" ? [] : text.split(",").map(decode);
  }

  // The address of the same view but for `changes`; null takes a key away.
  with(changes: Record<string, string | string[] | null>): string {
    const next = new URLSearchParams(this.values);
    for (const [key, value] of Object.entries(changes)) {
      const text = Array.isArray(value) ? value.map(encodeURIComponent).join(",") : value;
      if (text === null || text === "") next.delete(key);
      else next.set(key, text);
    }
    return "#" + next.toString();
  }
}

export function go(state: State, changes: Record<string, string | string[] | null>): void {
  location.hash = state.with(changes);
}

// An address that someone typed must not end the page.
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
