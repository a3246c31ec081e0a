import type { ReactNode } from "react";
import type { Scene } from "../live/examination";
import { type Action, BINDINGS, commands, type Has, isFor } from "../live/keys";
import { useWords } from "../words/words";
import { KeyCap } from "./chips";
import { Icon, type IconName } from "./shapes";

export type LivePanel = "calibrate" | "capture" | "depth" | "faults" | "keys" | "place";

export interface DockState {
  readonly marks: boolean;
  readonly big: boolean;
  readonly panel: LivePanel | null;
}

interface Props {
  readonly scene: Scene;
  readonly has: Has;
  readonly state: DockState;
  /** Pictures of this examination have come: before that there is nothing to finish. */
  readonly captured: boolean;
  /** What is asked of the place, where the map has no room for it. */
  readonly question: ReactNode;
  readonly onAction: (action: Action) => void;
}

export function Dock({ scene, has, state, captured, question, onAction }: Props) {
  const words = useWords();
  const { update, current, watching } = scene;
  // With a report the next action is to finish it, and there are more actions than words have room.
  const { report } = has;
  const paused = update?.state.paused ?? false;
  const button = (action: Action, rest: Omit<ButtonProps, "action" | "onAction"> = {}): ReactNode =>
    isFor(has, action) && (
      <DockButton
        action={action}
        onAction={onAction}
        {...rest}
        off={(rest.off ?? false) || (watching && commands(action))}
      />
    );
  return (
    <nav className="dock" aria-label={words.say("dock")}>
      {question}
      {button("marks", { pressed: state.marks })}
      {button("keep", { off: !update })}
      {button("side", { label: words.say(update?.state.probe?.side ?? "side"), off: !update })}
      {button("place", { pressed: state.panel === "place", opens: true, short: true })}
      {button("next", { off: current === null })}
      {button("dismiss", { off: current === null, short: report })}
      {button("undo", { off: !update || update.state.undo === 0, short: report })}
      {button("big", { pressed: state.big, short: true })}
      {button("faults", {
        pressed: state.panel === "faults",
        count: update?.state.faults.length ?? 0,
        opens: true,
        short: report,
      })}
      {button("depth", { pressed: state.panel === "depth", opens: true, short: true })}
      {button("capture", {
        pressed: state.panel === "capture",
        opens: true,
        // In its open panel the next action is to begin.
        ...(captured || state.panel === "capture" || watching ? { short: report } : { next: true }),
      })}
      {button("keys", { pressed: state.panel === "keys", short: true, opens: true })}
      <span className="space" />
      {button("pause", { short: true, off: !update, ...(paused && { label: words.say("resume"), icon: "resume" }) })}
      {button("sweep", report ? { short: true } : { next: true })}
      {button("finish", { next: captured })}
    </nav>
  );
}

interface ButtonProps {
  readonly action: Action;
  readonly onAction: (action: Action) => void;
  readonly label?: string;
  readonly icon?: IconName;
  /** A switch that is on or off. */
  readonly pressed?: boolean;
  /** Nothing to act on: quiet, but it keeps its place. */
  readonly off?: boolean;
  /** Icon and key only, where there is no room for the word. */
  readonly short?: boolean;
  /** The one next action. */
  readonly next?: boolean;
  readonly count?: number;
  /** It opens a panel rather than switching. */
  readonly opens?: boolean;
}

function DockButton({
  action,
  onAction,
  label,
  icon,
  pressed,
  off = false,
  short = false,
  next = false,
  count = 0,
  opens = false,
}: ButtonProps) {
  const words = useWords();
  const binding = BINDINGS.find((each) => each.action === action);
  if (!binding) {
    return null;
  }
  const word = label ?? words.say(binding.word);
  const cap = binding.key === " " ? words.say("key_space") : binding.key.toUpperCase();
  const state = pressed === undefined ? {} : opens ? { "aria-expanded": pressed } : { "aria-pressed": pressed };
  return (
    <button
      type="button"
      className={`button ${next && !off ? "next" : ""} ${pressed ? "on" : ""} ${short ? "short" : ""}`}
      aria-disabled={off}
      title={short ? word : undefined}
      data-action={action}
      onClick={() => !off && onAction(action)}
      {...state}
    >
      {!next && <Icon name={icon ?? binding.icon} />}
      <span className="word">{word}</span>
      {count > 0 && <span className="number">{count}</span>}
      <KeyCap>{cap}</KeyCap>
    </button>
  );
}
