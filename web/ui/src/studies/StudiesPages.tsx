import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Route } from "../route";
import { type Language, useWords } from "../words/words";
import { NodeError } from "./client";
import { NodesPage } from "./NodesPage";
import { StudyList } from "./StudyList";
import { StudyPage } from "./StudyPage";
import "./studies.css";

const RETRIES = 2;

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // What the node refused it refuses again; what did not arrive may.
      retry: (count, error) => !(error instanceof NodeError && error.status < 500) && count < RETRIES,
      retryDelay: 500,
      refetchOnWindowFocus: false,
      // Everything is asked of a program in this house: also where the browser thinks that it has no network.
      networkMode: "always",
    },
  },
});

interface Props {
  /** `null`: their list. */
  readonly study: string | null;
  /** Other nodes are looked at, for the patient of `study` where that is said. */
  readonly nodes: boolean;
  /** Who is who stands beside the list. */
  readonly doubts: boolean;
  readonly onLanguage: (language: Language) => void;
  readonly onGo: (route: Route) => void;
}

/** The studies that the node keeps, and one of them. */
export default function StudiesPages({ study, nodes, doubts, onLanguage, onGo }: Props) {
  const { say } = useWords();
  useEffect(() => {
    document.title = say(nodes ? "nodes_title" : study === null ? "studies_title" : "study_title");
  }, [say, study, nodes]);
  return (
    <QueryClientProvider client={client}>
      {nodes ? (
        <NodesPage key={study} study={study} onLanguage={onLanguage} onGo={onGo} />
      ) : study === null ? (
        <StudyList doubts={doubts} onLanguage={onLanguage} onGo={onGo} />
      ) : (
        <StudyPage key={study} study={study} onLanguage={onLanguage} onGo={onGo} />
      )}
    </QueryClientProvider>
  );
}
