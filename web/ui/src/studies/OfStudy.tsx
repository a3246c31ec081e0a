import { useQuery } from "@tanstack/react-query";
import { addressOf } from "../route";
import { useWords } from "../words/words";
import { findStudies } from "./client";
import { rowOf, type StudyRow } from "./study";

/** A study as the list has it; `null` while it is not known, and where it is not here. */
function useStudy(uid: string): StudyRow | null {
  const words = useWords();
  const { data } = useQuery({
    queryKey: ["study", uid],
    queryFn: ({ signal }) => findStudies(new URLSearchParams({ StudyInstanceUID: uid }).toString(), signal),
  });
  return data?.found[0] ? rowOf(data.found[0], words) : null;
}

/** Whose study it is, and which. */
export function OfStudy({ uid }: { readonly uid: string }) {
  const { say } = useWords();
  const row = useStudy(uid);
  return (
    <>
      <span>
        {/* The study of an object that was kept aside may have nothing else here. */}
        {row ? (
          <a href={addressOf({ page: "studies", exam: null, study: uid })}>{row.name ?? say("study_without_name")}</a>
        ) : (
          say("study_without_name")
        )}
        {row?.id && ` · ${row.id}`}
      </span>
      <small>{[row?.date, row?.description].filter(Boolean).join(" · ")}</small>
    </>
  );
}
