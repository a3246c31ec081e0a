import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useEffect } from "react";
import type { PageName, Route } from "../route";
import { type Language, useWords, type WordKey } from "../words/words";
import { NodeError } from "./client";
import { NodesPage } from "./NodesPage";
import { OrdersPage } from "./OrdersPage";
import { StudyList } from "./StudyList";
import { StudyPage } from "./StudyPage";
import "./studies.css";
import "./orders.css";
import "./preview.css";
import "./sizes.css";
import "./adding.css";
import "./study.css";

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

/** The pages that are loaded together: studies, other nodes, for the patient of a study where one is said, and orders. */
type StudiesPage = Extract<PageName, "studies" | "nodes" | "orders">;

const TITLES: Readonly<Record<StudiesPage, WordKey>> = {
  studies: "studies_title",
  nodes: "nodes_title",
  orders: "orders_title",
};

interface Props {
  readonly page: StudiesPage;
  /** `null`: their list. */
  readonly study: string | null;
  /** Who is who stands beside the list. */
  readonly doubts: boolean;
  readonly onLanguage: (language: Language) => void;
  readonly onGo: (route: Route) => void;
}

/** The studies that the node keeps, and one of them; what other nodes keep; what shall be examined. */
export default function StudiesPages({ page, study, doubts, onLanguage, onGo }: Props) {
  const { say } = useWords();
  useEffect(() => {
    document.title = say(page === "studies" && study !== null ? "study_title" : TITLES[page]);
  }, [say, page, study]);
  return (
    <QueryClientProvider client={client}>
      {page === "orders" ? (
        <OrdersPage onLanguage={onLanguage} onGo={onGo} />
      ) : page === "nodes" ? (
        <NodesPage key={study} study={study} onLanguage={onLanguage} onGo={onGo} />
      ) : study === null ? (
        <StudyList doubts={doubts} onLanguage={onLanguage} onGo={onGo} />
      ) : (
        <StudyPage key={study} study={study} onLanguage={onLanguage} onGo={onGo} />
      )}
    </QueryClientProvider>
  );
}
