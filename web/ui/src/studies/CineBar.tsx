import { Icon } from "../parts/shapes";
import { roundHalfAway } from "../words/numbers";
import { useWords } from "../words/words";
import { type Cine, type CineState, rateOf, SPEEDS } from "./cine";

interface Props {
  readonly cine: Cine;
  readonly state: CineState;
  readonly loaded: number;
  readonly missing: number;
  readonly told: () => void;
}

const TIMES = { vector: "times_vector", constant: "times_constant", assumed: "times_assumed" } as const;

/** Plays, pauses, steps and scrubs; says at which rate and how it is known. */
export function CineBar({ cine, state, loaded, missing, told }: Props) {
  const { say } = useWords();
  const { frame, playing, speed } = state;
  const act = (what: () => void) => () => {
    what();
    told();
  };
  const rate = roundHalfAway(rateOf(cine.times), 1);
  const of = say("cine_of", { frame: frame + 1, count: cine.count });
  return (
    <section className="cine" aria-label={say("cine_player")} data-loaded={loaded}>
      <button
        type="button"
        className="button square"
        aria-label={say(playing ? "cine_pause" : "cine_play")}
        data-action="play"
        data-playing={playing}
        onClick={act(() => cine.setPlaying(!playing))}
      >
        <Icon name={playing ? "pause" : "resume"} />
      </button>
      <button
        type="button"
        className="button square"
        aria-label={say("cine_before")}
        onClick={act(() => cine.step(-1))}
      >
        <Icon name="back" />
      </button>
      <button type="button" className="button square" aria-label={say("cine_next")} onClick={act(() => cine.step(1))}>
        <Icon name="next" />
      </button>
      <input
        type="range"
        className="scrub"
        aria-label={say("cine_scrub")}
        aria-valuetext={of}
        min={0}
        max={cine.count - 1}
        step={1}
        value={frame}
        onChange={(event) => {
          cine.goTo(event.target.valueAsNumber);
          told();
        }}
      />
      <span className="cine-says">
        <span className="mid">{of}</span>
        <small data-times={cine.times.source}>
          {say(TIMES[cine.times.source], { rate })}
          {missing > 0 && ` · ${say("cine_missing", { count: missing })}`}
          {loaded > 0 && loaded + missing < cine.count && ` · ${say("cine_loaded", { count: loaded })}`}
        </small>
      </span>
      <label className="chip">
        <span className="hidden">{say("cine_speed")}</span>
        <select
          value={speed}
          onChange={(event) => {
            cine.setSpeed(Number(event.target.value));
            told();
          }}
        >
          {SPEEDS.map((each) => (
            <option key={each} value={each}>
              × {each}
            </option>
          ))}
        </select>
      </label>
    </section>
  );
}
