/** What opens above the dock, beside the picture and never over it. */
import { type ReactNode, useEffect, useState } from "react";
import type { Command, Fault } from "../api/wire";
import type { Scene } from "../live/examination";
import { BINDINGS, type Has, isFor } from "../live/keys";
import { canBe, capOf, type Pedal, type Pedals } from "../live/pedals";
import { useWords } from "../words/words";
import { KeyCap } from "./chips";

interface PanelProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** The frame of what opens above the dock. */
export function Panel({ title, onClose, children }: PanelProps) {
  const words = useWords();
  return (
    <section className="popover" aria-label={title}>
      <div className="head">
        <h2>{title}</h2>
        <span className="space" />
        <button type="button" className="button small" onClick={onClose}>
          {words.say("close")} <KeyCap>Esc</KeyCap>
        </button>
      </div>
      {children}
    </section>
  );
}

interface FaultsProps {
  readonly scene: Scene;
  readonly onCommand: (command: Command) => void;
  readonly onClose: () => void;
}

/** The demonstration's own switches: what can go wrong with a picture, on request. */
export function FaultsPanel({ scene, onCommand, onClose }: FaultsProps) {
  const words = useWords();
  const { update, hello } = scene;
  if (!update || !hello) {
    return null;
  }
  const { faults, show_truth } = update.state;
  const toggle = (fault: Fault): void => onCommand({ command: "set_fault", fault, on: !faults.includes(fault) });
  return (
    <Panel title={words.say("faults_title")} onClose={onClose}>
      <div className="switches">
        {hello.source.faults.map((fault) => (
          <Switch key={fault} on={faults.includes(fault)} name={fault} onToggle={() => toggle(fault)}>
            {words.say(`fault_${fault}`)}
          </Switch>
        ))}
      </div>
      <div className="switches others">
        {hello.source.has_truth && (
          <Switch
            on={show_truth}
            name="truth"
            cap="T"
            onToggle={() => onCommand({ command: "show_truth", on: !show_truth })}
          >
            {words.say("show_truth")}
          </Switch>
        )}
        {hello.source.can_renew && (
          <button
            type="button"
            className="button"
            data-action="new-breast"
            onClick={() => onCommand({ command: "new_breast" })}
          >
            {words.say("new_breast")}
          </button>
        )}
      </div>
    </Panel>
  );
}

interface SwitchProps {
  readonly on: boolean;
  readonly name: string;
  readonly cap?: string;
  readonly onToggle: () => void;
  readonly children: string;
}

function Switch({ on, name, cap, onToggle, children }: SwitchProps) {
  return (
    <button
      type="button"
      className={on ? "button on" : "button"}
      aria-pressed={on}
      data-switch={name}
      onClick={onToggle}
    >
      <span className="knob" aria-hidden="true" />
      <span className="word">{children}</span>
      {cap && <KeyCap>{cap}</KeyCap>}
    </button>
  );
}

interface KeysProps {
  readonly has: Has;
  readonly singleKeys: boolean;
  readonly onSingleKeys: (act: boolean) => void;
  readonly pedals: Pedals;
  readonly onPedals: (pedals: Pedals) => void;
  readonly onClose: () => void;
}

export function KeysPanel({ has, singleKeys, onSingleKeys, pedals, onPedals, onClose }: KeysProps) {
  const words = useWords();
  return (
    <Panel title={words.say("keys_title")} onClose={onClose}>
      <dl className="key-list">
        {BINDINGS.filter(({ action }) => isFor(has, action)).map(({ action, key, word }) => (
          <div key={action}>
            <dt>
              <KeyCap>{key === " " ? words.say("key_space") : key.toUpperCase()}</KeyCap>
            </dt>
            <dd>{words.say(word)}</dd>
          </div>
        ))}
        <div>
          <dt>
            <KeyCap>1–9</KeyCap>
          </dt>
          <dd>{words.say("choose_lesion")}</dd>
        </div>
      </dl>
      <FootSwitch {...{ pedals, onPedals }} />
      <label className="check">
        <input type="checkbox" checked={singleKeys} onChange={(event) => onSingleKeys(event.target.checked)} />
        <span>
          {words.say("single_keys")}
          <small>{words.say("single_keys_why")}</small>
        </span>
      </label>
    </Panel>
  );
}

const PEDALS = ["left", "right"] as const;

/** Which keys the pedals send: a press on a pedal's key waits for the pedal, Escape leaves it as it was. */
function FootSwitch({ pedals, onPedals }: Pick<KeysProps, "pedals" | "onPedals">) {
  const { say } = useWords();
  const [learns, setLearns] = useState<Pedal | null>(null);
  const [refused, setRefused] = useState(false);
  useEffect(() => {
    if (!learns) {
      return;
    }
    const onKeyDown = (event: KeyboardEvent): void => {
      // Before anybody else hears of it.
      event.preventDefault();
      event.stopImmediatePropagation();
      if (event.key === "Escape") {
        setLearns(null);
      } else if (canBe(event.key, pedals[learns === "left" ? "right" : "left"])) {
        onPedals({ ...pedals, [learns]: event.key });
        setLearns(null);
      } else {
        setRefused(true);
      }
    };
    window.addEventListener("keydown", onKeyDown, { capture: true });
    return () => window.removeEventListener("keydown", onKeyDown, { capture: true });
  }, [learns, pedals, onPedals]);
  return (
    <div className="foot-switch">
      <p>{say("key_pedals")}</p>
      {PEDALS.map((pedal) => (
        <button
          key={pedal}
          type="button"
          className="button small"
          data-pedal={pedal}
          aria-pressed={learns === pedal}
          onClick={() => {
            setRefused(false);
            setLearns(learns === pedal ? null : pedal);
          }}
        >
          {say(`pedal_${pedal}`)} {learns === pedal ? say("press_pedal") : <KeyCap>{capOf(pedals[pedal])}</KeyCap>}
        </button>
      ))}
      <p className="note" aria-live="polite">
        {learns && refused ? say("pedal_taken") : say("teach_pedals")}
      </p>
    </div>
  );
}
