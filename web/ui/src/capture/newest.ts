/** Between the device and the socket: so many pictures under way, the newest next, the rest counted. */

export interface Closable {
  close(): void;
}

/** Copies and sends an item under its number; false where it could not be sent. */
export type Transmit<T> = (item: T, sequence: number) => Promise<boolean>;

export class Newest<T extends Closable> {
  private waiting: { readonly item: T; readonly sequence: number } | null = null;
  private sequence = 0;
  private underWay = 0;
  private most = 0;
  private transmitting = false;
  /** Answers to what was sent before a loss do not count after it. */
  private connection = 0;
  private missed = 0;

  constructor(private readonly transmit: Transmit<T>) {}

  /** How many items were replaced before they could be sent. */
  get passedOver(): number {
    return this.missed;
  }

  /** From now on so many may be under way. */
  open(most: number): void {
    this.connection += 1;
    this.most = most;
    this.underWay = 0;
    void this.pump();
  }

  /** Nothing can be sent until it is opened again; the newest item waits. */
  shut(): void {
    this.connection += 1;
    this.most = 0;
    this.underWay = 0;
  }

  /** Gives an item; one that still waits is closed and counted. */
  offer(item: T): void {
    if (this.waiting) {
      this.waiting.item.close();
      this.missed += 1;
    }
    this.waiting = { item, sequence: this.sequence };
    this.sequence += 1;
    void this.pump();
  }

  /** The other side has answered one. */
  answered(): void {
    this.underWay = Math.max(0, this.underWay - 1);
    void this.pump();
  }

  /** Lets go of what waits. */
  clear(): void {
    this.waiting?.item.close();
    this.waiting = null;
  }

  /** One at a time, so that numbers leave in their order. */
  private async pump(): Promise<void> {
    while (this.waiting && !this.transmitting && this.underWay < this.most) {
      const { item, sequence } = this.waiting;
      const { connection } = this;
      this.waiting = null;
      this.transmitting = true;
      this.underWay += 1;
      const sent = await this.transmit(item, sequence).catch(() => false);
      item.close();
      this.transmitting = false;
      if (!sent && connection === this.connection) {
        this.underWay = Math.max(0, this.underWay - 1);
      }
    }
  }
}
