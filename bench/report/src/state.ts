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

  // The address of the same view but for `changes`; null takes a key away.
  with(changes: Record<string, string | null>): string {
    const next = new URLSearchParams(this.values);
    for (const [key, value] of Object.entries(changes)) {
      if (value === null) next.delete(key);
      else next.set(key, value);
    }
    return "#" + next.toString();
  }
}

export function go(state: State, changes: Record<string, string | null>): void {
  location.hash = state.with(changes);
}
