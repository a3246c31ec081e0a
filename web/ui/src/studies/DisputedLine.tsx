import { GoLink } from "../parts/GoLink";
import { Shape } from "../parts/shapes";
import type { Route } from "../route";
import { useWords } from "../words/words";
import { disputesOf } from "./identity";
import { useDisputes, useOverview } from "./useIdentity";

interface Props {
  readonly study: string;
  readonly onGo: (route: Route) => void;
}

/** That it is disputed whose the open study is; nothing where it is not. What is said of whom, and the way to settle it, is for who may. */
export function DisputedLine({ study, onGo }: Props) {
  const words = useWords();
  const { say } = words;
  const { overview, may } = useOverview();
  const isDoubtful = overview.doubtful.includes(study);
  const around = useDisputes(study, may && isDoubtful);
  if (!isDoubtful) {
    return null;
  }
  return (
    <p className="disputed" role="status" data-part="disputed">
      <Shape status="warn" />
      <span>
        <b>{say("disputed")}</b> {disputesOf(around, study, words).join(" · ")}
      </span>
      {may && (
        <GoLink route={{ page: "studies", exam: null, doubts: true }} onGo={onGo}>
          {say("disputed_settle")}
        </GoLink>
      )}
    </p>
  );
}
