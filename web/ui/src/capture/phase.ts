/** What the capture is doing, in one word. */
import type { Severity } from "../api/wire";
import type { DeviceState } from "./device";
import type { LinkState } from "./link";

export type CapturePhase =
  | "unsupported"
  | "idle"
  | "asking"
  | "denied"
  | "missing"
  | "gone"
  | "connecting"
  | "capturing"
  | "lost"
  | "busy"
  | "elsewhere"
  | "refused"
  | "unfit";

/** How much each matters on the advice line; `null`: nothing to say. */
export const SEVERITY: Readonly<Record<CapturePhase, Severity | null>> = {
  unsupported: "stop",
  idle: null,
  asking: "info",
  denied: "warn",
  missing: "warn",
  gone: "stop",
  connecting: "info",
  capturing: null,
  lost: "stop",
  busy: "warn",
  elsewhere: "warn",
  refused: "stop",
  unfit: "stop",
};

export interface Signs {
  readonly supported: boolean;
  readonly device: DeviceState;
  readonly link: LinkState;
  readonly unfit: boolean;
}

/** The device's trouble comes before the socket's: without pictures there is nothing to send. */
export function phaseOf({ supported, device, link, unfit }: Signs): CapturePhase {
  if (!supported) {
    return "unsupported";
  }
  if (device !== "live") {
    return device === "none" ? "idle" : device;
  }
  return link === "capturing" && unfit ? "unfit" : link;
}

/** Whether a person may take the examination over from the page that captures. */
export function mayTakeOver(phase: CapturePhase): boolean {
  return phase === "busy" || phase === "elsewhere";
}
