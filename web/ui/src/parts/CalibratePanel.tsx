/**
 * Calibrating the probe, with one hand: two marks of known distance, three sweeps from one to the other, a name. While it is open, Space and
 * the left pedal begin and end a sweep.
 */
import { type FormEvent, type RefObject, useLayoutEffect, useRef, useState } from "react";
import type { CalibrationView, SweepView } from "../exam/api";
import { canKeep, fitCount, useCalibration } from "../live/calibration";
import { refusalText } from "../review/refusal";
import { roundHalfAway } from "../words/numbers";
import { rememberedMarks, rememberMarks } from "../words/preferences";
import { useWords, type Words } from "../words/words";
import { KeyCap } from "./chips";
import { Panel } from "./Panels";
import { ProbeChoice, shareText } from "./ProbeChoice";
import { Icon, Shape } from "./shapes";

const LEAST_MM = 20;
const MOST_MM = 200;
const USUAL_MM = [40, 60, 80] as const;

interface Props {
  readonly exam: string;
  /** Without a scale no length can be read. */
  readonly hasScale: boolean;
  /** Begins or ends a sweep, for who presses no button. */
  readonly toggle: RefObject<(() => void) | null>;
  readonly onDepth: () => void;
  readonly onClose: () => void;
}

export function CalibratePanel({ exam, hasScale, toggle, onDepth, onClose }: Props) {
  const words = useWords();
  const { say } = words;
  const { view, refused, act } = useCalibration(exam);
  const [written, setWritten] = useState(rememberedMarks);
  const write = (text: string): void => {
    rememberMarks(text);
    setWritten(text);
  };
  const [kept, setKept] = useState(false);
  const length = Number(written.replace(",", "."));
  const wrong = !(length >= LEAST_MM && length <= MOST_MM);
  const sweeping = view !== null && view.moved !== null;
  const press = (): void => {
    setKept(false);
    if (sweeping) {
      void act({ act: "end" });
    } else if (hasScale && !wrong) {
      void act({ act: "begin", length_mm: length });
    }
  };
  // With the button and not after it: a key that is pressed as soon as the button offers a sweep must not end the one before once more.
  useLayoutEffect(() => {
    toggle.current = press;
    return () => {
      toggle.current = null;
    };
  });
  return (
    <Panel title={say("calibrate_title")} onClose={onClose}>
      {view && <ProbeChoice known={view.known} onUse={(probe) => void act({ act: "use", probe })} />}
      <p className="why">{say("calibrate_how")}</p>
      <div className="calibrate-distance">
        <label htmlFor="marks-apart">{say("calibrate_distance")}</label>
        <input
          className="text"
          id="marks-apart"
          inputMode="decimal"
          aria-invalid={wrong}
          disabled={sweeping}
          value={written}
          onChange={(event) => write(event.target.value)}
        />
        {USUAL_MM.map((mm) => (
          <button key={mm} type="button" className="button" disabled={sweeping} onClick={() => write(String(mm))}>
            {mm}
          </button>
        ))}
      </div>
      {wrong && <Trouble text={say("calibrate_wrong", { least: LEAST_MM, most: MOST_MM })} />}
      {hasScale || sweeping ? (
        <button
          type="button"
          className={sweeping ? "button line on calibrate-sweep" : "button line calibrate-sweep"}
          aria-disabled={wrong || view === null}
          data-action={sweeping ? "end-sweep" : "begin-sweep"}
          onClick={press}
        >
          <Icon name={sweeping ? "pause" : "resume"} />
          {say(sweeping ? "calibrate_end" : "calibrate_begin")} <KeyCap>{say("key_space")}</KeyCap>
        </button>
      ) : (
        <button type="button" className="button line calibrate-sweep" data-action="depth-first" onClick={onDepth}>
          <Shape status="warn" /> {say("calibrate_depth_first")}
        </button>
      )}
      <p className="note" role="status" data-moved={view?.moved ?? ""} data-moves={view?.moves ?? false}>
        {sweeping && view
          ? say(view.moves ? "calibrate_moves" : "calibrate_rests", { frames: view.moved ?? 0 })
          : view && say("calibrate_fit", { fit: fitCount(view), wanted: view.wanted })}
      </p>
      {view && (
        <Sweeps
          sweeps={view.sweeps}
          odd={view.disagree?.sweep ?? null}
          onRemove={(sweep) => void act({ act: "remove", sweep })}
        />
      )}
      {view && view.disagree !== null && (
        <Trouble
          text={say(view.disagree.sweep === null ? "calibrate_disagree" : "calibrate_disagree_one", {
            share: shareText(view.disagree.apart, words.language),
          })}
        />
      )}
      {refused && <Trouble text={refusalText(refused, words)} />}
      {view && !sweeping && canKeep(view) && (
        <Keep view={view} onKeep={async (probe, preset) => setKept(await act({ act: "keep", probe, preset }))} />
      )}
      {kept && (
        <p className="row" role="status" data-kept="true">
          <Shape status="ok" /> {say("calibrate_kept")}
        </p>
      )}
    </Panel>
  );
}

function Trouble({ text }: { readonly text: string }) {
  return (
    <p className="row wrong" role="alert">
      <Shape status="warn" /> {text}
    </p>
  );
}

/** Why a sweep tells nothing of the beam, in one line. */
export function unfitText({ why, figure }: NonNullable<SweepView["unfit"]>, { say, language }: Words): string {
  const shares = [
    "interrupted",
    "frames_lost",
    "too_fast",
    "too_few_frames",
    "too_slow",
    "too_few_patches",
    "turned_back",
  ];
  const said =
    figure === null ? "" : shares.includes(why) ? shareText(figure, language) : String(roundHalfAway(figure));
  return say(`sweep_${why}`, { figure: said });
}

interface SweepsProps {
  readonly sweeps: readonly SweepView[];
  /** The number of the one that differs from the others. */
  readonly odd: number | null;
  readonly onRemove: (sweep: number) => void;
}

function Sweeps({ sweeps, odd, onRemove }: SweepsProps) {
  const words = useWords();
  const { say } = words;
  return (
    <ol className="sweeps">
      {sweeps.map((sweep) => (
        <li key={sweep.number} className="row" data-sweep={sweep.unfit?.why ?? (sweep.number === odd ? "odd" : "fit")}>
          <Shape status={sweep.unfit ? "stop" : sweep.number === odd ? "warn" : "ok"} />
          <span>
            {sweep.unfit
              ? unfitText(sweep.unfit, words)
              : say(sweep.number === odd ? "calibrate_reads_odd" : "calibrate_reads", {
                  length: roundHalfAway(sweep.length_mm),
                  read: sweep.read_mm === null ? "–" : roundHalfAway(sweep.read_mm),
                })}
          </span>
          <span className="space" />
          <button
            type="button"
            className="button small square"
            aria-label={say("calibrate_remove", { number: sweep.number })}
            onClick={() => onRemove(sweep.number)}
          >
            <Icon name="dismiss" />
          </button>
        </li>
      ))}
    </ol>
  );
}

interface KeepProps {
  readonly view: CalibrationView;
  readonly onKeep: (probe: string, preset: string) => void;
}

/** The error of lengths, and whose calibration it is. */
function Keep({ view, onKeep }: KeepProps) {
  const { say, language } = useWords();
  const used = view.known.find((each) => each.used);
  const [probe, setProbe] = useState(used?.probe ?? "");
  const [preset, setPreset] = useState(used?.preset ?? "");
  const field = useRef<HTMLInputElement>(null);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (probe.trim()) {
      onKeep(probe.trim(), preset.trim());
    } else {
      field.current?.focus();
    }
  };
  return (
    <form className="stack" onSubmit={submit}>
      <p data-fitted={view.fitted?.relative_error}>
        {say("calibrate_error", { error: shareText(view.fitted?.relative_error ?? 0, language) })}
      </p>
      <div className="switches others">
        <input
          className="text"
          ref={field}
          maxLength={64}
          placeholder={say("calibrate_probe")}
          aria-label={say("calibrate_probe")}
          data-field="probe"
          value={probe}
          onChange={(event) => setProbe(event.target.value)}
        />
        <input
          className="text"
          maxLength={64}
          placeholder={say("calibrate_preset")}
          aria-label={say("calibrate_preset")}
          value={preset}
          onChange={(event) => setPreset(event.target.value)}
        />
      </div>
      <button type="submit" className="button line strong" data-action="keep-calibration">
        {probe.trim() ? say("calibrate_keep_for", { probe: probe.trim() }) : say("calibrate_keep")}
      </button>
    </form>
  );
}
