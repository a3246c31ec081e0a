/**
 * The examination as this page sees it: the program's last answer, and nothing of its own but which lesion is current.
 * Each frame is drawn outside React by the painter; React gets a scene a few times a second.
 */

import { replaceEqualDeep } from "@tanstack/query-core";
import { socketLost } from "../access/session";
import type { Picture } from "../api/message";
import type { Command, DeviceLost, ErrorCode, Hello, LiveUpdate } from "../api/wire";
import type { WordKey } from "../words/words";
import type { Pressed } from "./again";
import { type Carried, carriedHere, carriedOf, carry } from "./carried";
import { type ConcernKey, concernsOf, foremost, oldestFirst } from "./concerns";
import { type Called, Connection } from "./connection";
import { type Current, following, NOBODY, nextCurrent } from "./current";
import { Losses, TOLERATED } from "./losses";
import type { Notice } from "./notice";
import { type Phase, phaseOf } from "./phase";
import { isPlayed } from "./source";
import { keepStood, type Stood, stoodHere } from "./stood";

/** What React shows. */
export interface Scene {
  readonly phase: Phase;
  readonly hello: Hello | null;
  /** What has not changed since the scene before is the same object. */
  readonly update: LiveUpdate | null;
  /** The track of the current lesion. */
  readonly current: number | null;
  /** Whole seconds since the last picture, while it is old. */
  readonly oldFor: number;
  /** Another page gives the commands. */
  readonly watching: boolean;
  /** The program has answered nothing to the last attempts to watch. */
  readonly refused: boolean;
  /** Key presses that wait for the program to come back. */
  readonly waiting: number;
  /** Key presses beyond those, which are gone. */
  readonly forgotten: number;
  /** Keys were pressed that nobody followed, because another page gives the commands by now. */
  readonly notFollowed: boolean;
  /** The share of frames lost in the last ten seconds, where it is worth saying. */
  readonly lost: number | null;
  /** Why the device gives no pictures, where the program has said it. */
  readonly deviceLost: DeviceLost | null;
  /** What was done, or could not be, for a few seconds. */
  readonly notice: Notice | null;
  /** What the advice line is about; `null` when all is well. */
  readonly concern: ConcernKey | null;
}

/** Draws the frames. */
export interface Painter {
  /** Draws a picture and the marks that came with it; without marks where those would be too old. */
  draw(picture: Picture, current: number | null, withMarks: boolean): void;
  /** Takes the marks away, because nobody knows what lies under the probe now. */
  clearMarks(): void;
}

/** React is told this often at most. */
const TELL_EVERY_MS = 125;
/** Marks older than this are not drawn. */
const MARKS_LIMIT_MS = 200;
const NOTICE_MS = 4000;
const TICK_MS = 100;
/** A single attempt may fail while the program starts. */
const REFUSED_AFTER = 2;

export class Examination {
  private readonly connection: Connection;
  private readonly listeners = new Set<() => void>();
  private readonly losses = new Losses();
  private painter: Painter | null = null;
  private hello: Hello | null = null;
  private connected = false;
  private chosen: Current = NOBODY;
  /** The newest picture that is not drawn yet, how often its frame came, and when it came. */
  private pending: { readonly picture: Picture; readonly times: number; readonly came: number } | null = null;
  private drawn: { readonly picture: Picture; readonly at: number } | null = null;
  private marksAreOn = false;
  private lost: number | null = null;
  private forgotten = 0;
  private notFollowed = false;
  /** How this page stood to the examination when it saw it last. */
  private stood: Stood | null;
  /** Keys of the page before this one, until it is seen that the examination is the same. */
  private carried: Carried | null = carriedHere();
  private deviceLost: DeviceLost | null = null;
  private notice: { readonly notice: Notice; readonly until: number } | null = null;
  /** All that there is to say, the oldest first. */
  private standing: readonly ConcernKey[] = [];
  private toldAt = 0;
  private ticker = 0;
  /** What React knows of the frame drawn last. */
  private told: LiveUpdate | null = null;
  private scene: Scene;

  constructor(private readonly url: string) {
    this.stood = stoodHere(new URL(url).searchParams.get("exam"));
    this.connection = new Connection(() => this.address(), {
      onHello: (hello, unsent) => this.greet(hello, unsent),
      onPicture: (picture) => this.take(picture),
      onError: (code) => this.refuse(code),
      onLost: () => this.lose(),
      onDevice: (lost) => {
        this.deviceLost = lost;
        this.tell();
      },
      onForgotten: () => {
        this.forgotten += 1;
      },
    });
    this.scene = this.look();
  }

  open(): void {
    this.connection.open();
    this.ticker = window.setInterval(() => this.tick(), TICK_MS);
  }

  close(): void {
    clearInterval(this.ticker);
    this.connection.close();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getScene = (): Scene => this.scene;

  setPainter(painter: Painter | null): void {
    this.painter = painter;
    this.repaint();
  }

  /** Draws the last picture again, after the stage changed. */
  repaint(): void {
    if (this.drawn && this.painter) {
      this.painter.draw(this.drawn.picture, this.chosen.track, this.marksAreOn);
    }
  }

  send(command: Command): void {
    this.notFollowed = false;
    if (!this.connected && this.stood === "watching" && command.command !== "take_over") {
      // It would be the first to be heard when the program is back, before whoever gives the commands.
      this.say("error_watching");
      return;
    }
    if (command.command === "keep_plane" && !this.connected) {
      // Sent later it would keep another picture.
      this.say("not_kept");
      return;
    }
    this.connection.send(command);
    this.tell();
  }

  /** Makes a lesion the current one. */
  choose(track: number): void {
    const letters = this.drawn?.picture.update.tracks.filter((view) => view.letter !== null).length ?? 0;
    this.chosen = { track, byPerson: true, letters };
    this.repaint();
    this.tell();
  }

  chooseNext(): void {
    const next = following(this.chosen.track, this.drawn?.picture.update.tracks ?? []);
    if (next !== null) {
      this.choose(next);
    }
  }

  /** What a person did to the report was not taken, for the reason of this word. */
  notTaken(why: WordKey): void {
    this.note({ says: "act_not_taken", does: why });
  }

  /** Answers whether a lesion is an earlier one again, or leads to that question, and says so. */
  press({ command, current, notice }: Pressed): void {
    if (command) {
      this.send(command);
    }
    this.choose(current);
    this.note(notice);
  }

  /** Where the program was killed, it goes back to whoever gave the commands, whichever page comes first. */
  private address(): string {
    const address = new URL(this.url);
    if (this.stood) {
      address.searchParams.set("was", this.stood);
    }
    return address.href;
  }

  private refuse(code: ErrorCode): void {
    // The line says that another window gives the commands as long as it does, and this beside it.
    this.notFollowed ||= code === "watching";
    this.say(`error_${code}`);
  }

  private stand({ state: { exam }, drives }: LiveUpdate): void {
    const stands = drives ? "commanding" : "watching";
    if (stands !== this.stood || exam !== this.drawn?.picture.update.state.exam) {
      this.stood = stands;
      keepStood(exam, stands);
    }
  }

  private greet(hello: Hello, unsent: readonly Called[]): boolean {
    if (this.hello && this.hello.run !== hello.run) {
      // Another run of the program may bring another page; its lesions are not ours, nor are keys that were pressed for them.
      carry(carriedOf(unsent, this.drawn?.picture.update.state.exam ?? null, this.forgotten));
      // Nothing that this socket says from now on is the next page's.
      this.connection.close();
      window.location.reload();
      return false;
    }
    this.hello = hello;
    // It is said again where it still holds.
    this.deviceLost = null;
    this.connected = true;
    this.losses.forget();
    if (this.forgotten > 0 || this.carried?.lost) {
      this.forgotten = 0;
      this.say("not_sent");
    }
    this.tell();
    return true;
  }

  private take(picture: Picture): void {
    const { pending } = this;
    const sameFrame = pending?.picture.update.frame === picture.update.frame;
    if (!pending) {
      requestAnimationFrame(() => this.show());
    }
    // The program waits for a word on each sending of a frame; an earlier frame is settled by a later one.
    this.pending = { picture, times: pending && sameFrame ? pending.times + 1 : 1, came: performance.now() };
  }

  private show(): void {
    const { pending } = this;
    if (!pending) {
      return;
    }
    this.pending = null;
    const { picture, times, came } = pending;
    const { update } = picture;
    const now = performance.now();
    if (update.state.sweep !== this.drawn?.picture.update.state.sweep) {
      this.chosen = NOBODY;
      this.losses.forget();
    }
    this.chosen = nextCurrent(this.chosen, update.tracks);
    this.marksAreOn = now - came <= MARKS_LIMIT_MS || update.state.paused;
    this.stand(update);
    this.drawn = { picture, at: now };
    this.hand(update.state.exam);
    this.painter?.draw(picture, this.chosen.track, this.marksAreOn);
    for (let time = 0; time < times; time += 1) {
      this.connection.drawn(update.frame);
    }
    const { dropped_source, dropped_client } = update.stats;
    this.lost = this.losses.take({ at: now, frame: update.frame, dropped: dropped_source + dropped_client });
    if (now - this.toldAt >= TELL_EVERY_MS) {
      this.tell();
    }
  }

  /** Hands over what the page before this one left, to its own examination only. */
  private hand(exam: string): void {
    const { carried } = this;
    if (!carried) {
      return;
    }
    this.carried = null;
    if (carried.exam === exam) {
      for (const called of carried.commands) {
        this.connection.sendAgain(called);
      }
    } else if (carried.commands.length > 0) {
      this.say("not_sent");
    }
  }

  private lose(): void {
    this.connected = false;
    socketLost();
    this.hideMarks();
    this.tell();
  }

  private hideMarks(): void {
    if (this.marksAreOn) {
      this.marksAreOn = false;
      this.painter?.clearMarks();
    }
  }

  private say(says: WordKey): void {
    this.note({ says });
  }

  private note(notice: Notice): void {
    this.notice = { notice, until: performance.now() + NOTICE_MS };
    this.tell();
  }

  /** Ages what is shown while no frame comes. */
  private tick(): void {
    const now = performance.now();
    if (this.drawn && !this.drawn.picture.update.state.paused && now - this.drawn.at > MARKS_LIMIT_MS) {
      this.hideMarks();
    }
    if (now - this.toldAt >= TELL_EVERY_MS * 2) {
      this.tell();
    }
  }

  private tell(): void {
    this.toldAt = performance.now();
    if (this.notice && this.toldAt > this.notice.until) {
      this.notice = null;
    }
    const scene = this.look();
    if (!same(scene, this.scene)) {
      this.scene = scene;
      for (const listener of this.listeners) {
        listener();
      }
    }
  }

  private look(): Scene {
    const update = this.drawn ? replaceEqualDeep(this.told, this.drawn.picture.update) : null;
    this.told = update;
    const age = this.drawn ? performance.now() - this.drawn.at : 0;
    const plays = isPlayed(this.hello?.source);
    const phase = phaseOf({ connected: this.connected, greetedOnce: this.hello !== null, update, plays, age });
    const old = phase === "lost" || phase === "waiting";
    const facts = {
      phase,
      hello: this.hello,
      update,
      watching: this.connected && update !== null && !update.drives,
      lost: this.lost !== null && this.lost > TOLERATED ? this.lost : null,
      notice: this.notice?.notice ?? null,
      deviceLost: this.deviceLost,
    };
    const concerns = concernsOf(facts);
    this.standing = oldestFirst(this.standing, concerns);
    return {
      ...facts,
      current: this.chosen.track,
      oldFor: old ? Math.floor(age / 1000) : 0,
      refused: !this.connected && this.connection.failures >= REFUSED_AFTER,
      waiting: this.connection.waiting,
      forgotten: this.forgotten,
      notFollowed: this.notFollowed,
      concern: foremost(concerns, this.standing),
    };
  }
}

function same(a: Scene, b: Scene): boolean {
  return (Object.keys(a) as (keyof Scene)[]).every((key) => a[key] === b[key]);
}
