/**
 * How deep the picture reaches, for a machine whose scale the program cannot read. It holds until the picture's size changes, or the ruler
 * beside it goes.
 */
import { type FormEvent, useEffect, useRef, useState } from "react";
import type { Command, LiveUpdate } from "../api/wire";
import { useWords } from "../words/words";
import { KeyCap } from "./chips";
import { Panel } from "./Panels";
import { Icon, Shape } from "./shapes";

/** What linear probes are set to most. */
const USUAL_MM = [30, 35, 40, 45, 50, 60] as const;
const LEAST_MM = 10;
const MOST_MM = 200;

interface Props {
  readonly update: LiveUpdate | null;
  readonly onCommand: (command: Command) => void;
  /** The other thing that lengths need; `null` where the probe needs none. */
  readonly onCalibrate: (() => void) | null;
  readonly onClose: () => void;
}

export function DepthPanel({ update, onCommand, onCalibrate, onClose }: Props) {
  const { say } = useWords();
  const [written, setWritten] = useState("");
  const [wrong, setWrong] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  // Figures are typed at once, but for a finger, over whose buttons a keyboard would open; whatever had the focus gets it back.
  useEffect(() => {
    const before = document.activeElement;
    if (!window.matchMedia("(pointer: coarse)").matches) {
      field.current?.focus();
    }
    return () => {
      if (before instanceof HTMLElement && before.isConnected) {
        before.focus();
      }
    };
  }, []);
  const entered = update?.scale_source === "entered";
  const enter = (depth_mm: number | null): void => {
    onCommand({ command: "set_depth", depth_mm });
    onClose();
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const depth = Number(written.replace(",", "."));
    if (depth >= LEAST_MM && depth <= MOST_MM) {
      enter(depth);
    } else {
      setWrong(true);
    }
  };
  return (
    <Panel title={say("depth_title")} onClose={onClose}>
      <p className="why">{say("depth_why")}</p>
      <div className="switches">
        {USUAL_MM.map((depth) => (
          <button key={depth} type="button" className="button" onClick={() => enter(depth)}>
            {depth} mm
          </button>
        ))}
      </div>
      <form className="switches others" onSubmit={submit}>
        <input
          className="text"
          ref={field}
          inputMode="decimal"
          aria-label={say("depth_other")}
          aria-invalid={wrong}
          aria-describedby={wrong ? "depth-wrong" : undefined}
          placeholder={say("depth_other")}
          value={written}
          onChange={(event) => setWritten(event.target.value)}
        />
        <button type="submit" className="button">
          {say("depth_enter")}
        </button>
        {wrong && (
          <p id="depth-wrong" className="row wrong" role="alert">
            <Shape status="warn" /> {say("depth_wrong", { least: LEAST_MM, most: MOST_MM })}
          </p>
        )}
        {entered && (
          <button type="button" className="button" onClick={() => enter(null)}>
            {say("depth_forget")}
          </button>
        )}
      </form>
      {onCalibrate && (
        <button type="button" className="button small line" data-action="calibrate" onClick={onCalibrate}>
          <Icon name="calibrate" /> {say("calibrate_title")} <KeyCap>L</KeyCap>
        </button>
      )}
    </Panel>
  );
}
