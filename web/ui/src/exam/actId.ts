/** What this page calls one of its acts, so that the program knows it again when it comes twice. */

const BYTES = 16;

/** Drawn by lot: no two acts of any page have the same one. It is there on pages without TLS too, where `crypto.randomUUID` is not. */
export function newActId(): string {
  const drawn = crypto.getRandomValues(new Uint8Array(BYTES));
  return Array.from(drawn, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
