import { useQuery } from "@tanstack/react-query";
import { findArriving } from "./arriving";

/** How often it is looked which studies are complete, ms: a study is so some time after its last picture. */
const LOOK_MS = 2000;

/** Which studies something still comes to; nothing while that is not known. */
export function useArriving(): ReadonlySet<string> | undefined {
  const { data, isError } = useQuery({
    queryKey: ["arriving"],
    queryFn: ({ signal }) => findArriving(signal),
    refetchInterval: LOOK_MS,
  });
  // What was so is not said to be so any more.
  return isError ? undefined : data;
}
