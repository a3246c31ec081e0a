import { useEffect, useState } from "react";
import { chooseProbe, type KnownCalibration, readProbes } from "../exam/api";
import { rememberedPerson } from "../exam/person";
import { ProbeChoice } from "../parts/ProbeChoice";
import { Shape } from "../parts/shapes";
import { refusalText } from "../review/refusal";
import { useWords } from "../words/words";
import type { SourceChoice } from "./sources";

/** As the program knows a source: its usual one has no name here. */
const asked = (source: SourceChoice): string => (source === "usual" ? "" : source);

/** The probe of the next examination from a source, and the choice of another; nothing where none is calibrated, or the source has a known beam. */
export function NextProbe({ source }: { readonly source: SourceChoice }) {
  const words = useWords();
  const [known, setKnown] = useState<readonly KnownCalibration[]>([]);
  const [refused, setRefused] = useState<{ readonly error: string; readonly code: string | null } | null>(null);
  useEffect(() => {
    let mounted = true;
    setKnown([]);
    setRefused(null);
    if (source !== "phantom") {
      void readProbes(asked(source)).then((answer) => mounted && answer.kind === "ok" && setKnown(answer.value));
    }
    return () => {
      mounted = false;
    };
  }, [source]);
  const use = async (probe: { readonly probe: string; readonly preset: string } | null): Promise<void> => {
    const answer = await chooseProbe({ source: asked(source), probe }, rememberedPerson().name);
    if (answer.kind === "ok") {
      setKnown(answer.value);
      setRefused(null);
    } else {
      setRefused(answer.kind === "refused" ? answer : { error: "", code: answer.kind });
    }
  };
  return (
    <>
      <ProbeChoice known={known} onUse={(probe) => void use(probe)} />
      {refused && (
        <p className="row" role="alert">
          <Shape status="warn" /> {refusalText(refused, words)}
        </p>
      )}
    </>
  );
}
