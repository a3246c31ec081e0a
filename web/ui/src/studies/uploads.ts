/** Files that are being added: each goes by itself, has its own result, and can be tried again. */
import type { Outcome } from "./stow";

/** Files that go at once: while the node syncs one, the next is on its way. */
const AT_ONCE = 3;

export type UploadState = { readonly kind: "waiting" } | { readonly kind: "sending"; readonly share: number } | Outcome;

export interface Upload<F = File> {
  readonly id: number;
  readonly name: string;
  readonly file: F;
  readonly state: UploadState;
}

export type Send<F> = (file: F, onShare: (share: number) => void) => Promise<Outcome>;

/** The queue; `send` takes one file to the node. */
export class Uploads<F = File> {
  #all: readonly Upload<F>[] = [];
  #count = 0;
  readonly #listeners = new Set<() => void>();

  constructor(
    private readonly send: Send<F>,
    /** Told when something was kept. */
    private readonly onKept: () => void = () => {},
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getAll = (): readonly Upload<F>[] => this.#all;

  add(files: readonly { readonly name: string; readonly file: F }[]): void {
    const waiting = files.map((each) => ({ ...each, id: this.#count++, state: { kind: "waiting" } as const }));
    this.#set([...this.#all, ...waiting]);
    this.#go();
  }

  /** Whatever failed goes again. */
  retry(): void {
    this.#set(this.#all.map((one) => (one.state.kind === "failed" ? { ...one, state: { kind: "waiting" } } : one)));
    this.#go();
  }

  /** Forgets what is kept. */
  clear(): void {
    this.#set(this.#all.filter(({ state }) => state.kind !== "kept"));
  }

  #set(all: readonly Upload<F>[]): void {
    this.#all = all;
    for (const listener of this.#listeners) {
      listener();
    }
  }

  #put(id: number, state: UploadState): void {
    this.#set(this.#all.map((one) => (one.id === id ? { ...one, state } : one)));
  }

  #go(): void {
    const going = this.#all.filter(({ state }) => state.kind === "sending").length;
    for (const { id, file } of this.#all.filter(({ state }) => state.kind === "waiting").slice(0, AT_ONCE - going)) {
      this.#put(id, { kind: "sending", share: 0 });
      void this.#one(id, file);
    }
  }

  async #one(id: number, file: F): Promise<void> {
    const outcome = await this.send(file, (share) => this.#put(id, { kind: "sending", share }));
    this.#put(id, outcome);
    if (outcome.kind !== "failed") {
      this.onKept();
    }
    this.#go();
  }
}

export interface Sum {
  readonly all: number;
  readonly done: number;
  readonly failed: number;
}

export function sumOf(uploads: readonly Upload<unknown>[]): Sum {
  const failed = uploads.filter(({ state }) => state.kind === "failed").length;
  const open = uploads.filter(({ state }) => state.kind === "waiting" || state.kind === "sending").length;
  return { all: uploads.length, done: uploads.length - open, failed };
}

interface Found {
  readonly name: string;
  readonly file: File;
}

/** What was dropped, with what lies in its folders. The browser forgets `items` when the event is over: it is called in it. */
export async function filesIn(items: DataTransferItemList): Promise<readonly Found[]> {
  const found = await Promise.all(
    [...items].map((item) => {
      const entry = item.webkitGetAsEntry();
      // What comes from another program than a file manager may be a file without a place.
      const file = entry ? null : item.getAsFile();
      return entry ? filesOf(entry) : file ? [{ name: file.name, file }] : [];
    }),
  );
  return found.flat();
}

async function filesOf(entry: FileSystemEntry): Promise<readonly Found[]> {
  if (entry instanceof FileSystemFileEntry) {
    const file = await new Promise<File | null>((resolve) => entry.file(resolve, () => resolve(null)));
    return file ? [{ name: entry.fullPath.replace(/^\//, ""), file }] : [];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const inside: FileSystemEntry[] = [];
  // A reader gives a hundred at a time, and none at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (some.length === 0) {
      break;
    }
    inside.push(...some);
  }
  const found = await Promise.all(inside.map(filesOf));
  return found.flat();
}
