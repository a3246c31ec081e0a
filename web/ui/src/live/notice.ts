/** What is said for a few seconds of a key that was pressed. */
import type { Fillings, WordKey } from "../words/words";

export interface Notice {
  readonly says: WordKey;
  /** What can be done about it. */
  readonly does?: WordKey;
  readonly fillings?: Fillings;
}
