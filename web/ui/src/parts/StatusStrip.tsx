import type { ReactNode } from "react";
import type { LiveUpdate } from "../api/wire";
import type { Scene } from "../live/examination";
import { NONE, roundHalfAway } from "../words/numbers";
import { useWords, type WordKey } from "../words/words";
import { droppedPlanes } from "./advice";
import { Shape } from "./shapes";

export function StatusStrip({ scene }: { readonly scene: Scene }) {
  const words = useWords();
  const { hello, update, phase } = scene;
  const live = phase === "scanning" || phase === "frozen";
  const failed = live && update?.model_failed === true;
  const stats = update?.stats;
  const dropped = droppedPlanes(update, words.say);
  const latency = live ? (stats?.drawn_ms ?? stats?.latency_ms) : undefined;
  const engine = hello?.model && `${hello.model.engine} ${hello.model.precision}`;
  const why = engine ? `${words.say("engine")} ${engine}` : (hello?.no_model ?? undefined);
  const whole = (value: number | undefined): string => (value === undefined ? NONE : String(roundHalfAway(value)));
  return (
    <footer className="status">
      <Item>
        <b data-fps={stats?.fps ?? 0}>{live && stats?.fps ? stats.fps.toFixed(1) : NONE}</b> {words.say("fps")}
      </Item>
      <Item why={words.say("latency_why")}>
        {words.say("latency")} <b>{whole(latency?.p50)}</b> / <b>{whole(latency?.p99)}</b> ms <i>p50 / p99</i>
      </Item>
      <Item why={words.say("dropped_why")} warn={scene.lost !== null}>
        {words.say("dropped")} <b>{stats?.dropped_source ?? NONE}</b> / <b>{stats?.dropped_client ?? NONE}</b>
      </Item>
      {/* Where there is no room for it, the model says it where it is pointed at. */}
      <Item className="engine">
        {words.say("engine")} <b>{engine ?? NONE}</b>
      </Item>
      <Item {...(why === undefined ? {} : { why })} stop={failed}>
        {words.say("model")}{" "}
        <b>
          {failed
            ? words.say("model_failed_short")
            : hello?.model
              ? `${hello.model.name} ${hello.model.version}`
              : words.say("no_model_short")}
        </b>
      </Item>
      {phase !== "lost" && update && !update.state.saved && (
        <Item stop={true} {...(update.state.not_saved_why ? { why: update.state.not_saved_why } : {})}>
          {words.say("not_saved")} <b>{words.say(`not_saved_${update.state.not_saved ?? "refused"}_short`)}</b>
        </Item>
      )}
      {dropped && <Item warn={true}>{dropped}</Item>}
      {phase === "lost" && scene.waiting > 0 && (
        <Item stop={true}>
          <span data-waiting={scene.waiting}>{words.say("keys_wait", { count: scene.waiting })}</span>
        </Item>
      )}
      <span className="space" />
      <Item>
        {words.say("scale")} {scaleText(update, words.say)}
      </Item>
      <Item>
        {hello ? words.say(`source_${hello.source.kind}`) : ""} <b>{update ? update.size_px.join(" × ") : ""}</b>
      </Item>
      {update && update.state.viewers > 1 && <Item>{words.say("pages_watch", { count: update.state.viewers })}</Item>}
    </footer>
  );
}

const SCALE_WORDS: Readonly<Record<string, WordKey>> = {
  phantom: "scale_phantom",
  entered: "scale_entered",
  ruler: "scale_ruler",
  ultrasound_region: "scale_ultrasound_region",
  openigtlink: "scale_openigtlink",
  pixel_spacing: "scale_pixel_spacing",
  published: "scale_published",
};

function scaleText(update: LiveUpdate | null, say: (key: WordKey) => string): ReactNode {
  if (!update?.mm_per_px) {
    return <b>{update ? say("scale_unknown") : NONE}</b>;
  }
  const from = SCALE_WORDS[update.scale_source ?? ""];
  return (
    <>
      <b>{update.mm_per_px[1].toFixed(3)} mm/px</b> {from ? say(from) : ""}
    </>
  );
}

interface ItemProps {
  readonly children: ReactNode;
  readonly why?: string;
  readonly warn?: boolean;
  readonly stop?: boolean;
  readonly className?: string;
}

function Item({ children, why, warn = false, stop = false, className = "" }: ItemProps) {
  return (
    <span className={`item ${stop ? "stop" : warn ? "warn" : ""} ${className}`} title={why}>
      {stop && <Shape status="stop" />}
      {children}
    </span>
  );
}
