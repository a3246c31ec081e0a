/** What the node answers to an object that it was sent (PS3.18 §10.5.3, §I.2). */
import { faultIn } from "../words/fault";
import { type DataSet, itemsOf, numberOf, textOf } from "./dataSet";

export type Outcome =
  | { readonly kind: "kept" }
  /** Another object has its UID: it is kept beside that one. */
  | { readonly kind: "aside" }
  /** `reason` in the node's words; empty where it gave none. `code` is its key, for the page's own. */
  | { readonly kind: "failed"; readonly reason: string; readonly code: string | null; readonly lost?: true };

const FAILED = "00081198";
const REFERENCED = "00081199";
const OTHER_FAILURES = "0008119A";
const WARNING_REASON = "00081196";
const FAILURE_REASON = "00081197";
const COMMENT = "00000902";
/** All of a comment that is too long for that one. */
const WHOLE_COMMENT = "0040A160";

/** The outcome of one object by the answer to the request that held it alone. */
export function outcomeOf(status: number, body: string): Outcome {
  const answer = dataSetIn(body);
  const [failure] = [FAILED, OTHER_FAILURES].flatMap((tag) => itemsOf(answer, tag));
  if (failure) {
    const code = numberOf(failure, FAILURE_REASON);
    const hex = code === null ? "" : `0x${code.toString(16).toUpperCase().padStart(4, "0")}`;
    const reason = [textOf(failure, WHOLE_COMMENT) ?? textOf(failure, COMMENT), hex && `(${hex})`]
      .filter(Boolean)
      .join(" ");
    return { kind: "failed", reason, code: code === null ? null : codeOf(code) };
  }
  const [kept] = itemsOf(answer, REFERENCED);
  if (kept && (status === 200 || status === 202)) {
    return numberOf(kept, WARNING_REASON) === null ? { kind: "kept" } : { kind: "aside" };
  }
  const { error, code } = faultIn(body);
  return { kind: "failed", reason: error || (status >= 400 ? String(status) : ""), code };
}

/** The key of a failure reason (PS3.18 Table I.2-2). */
function codeOf(reason: number): string {
  if (reason === 0x0122) {
    return "unsupported_media";
  }
  const kind = reason >> 8;
  return kind === 0xa7 ? "no_room" : kind === 0xa9 || reason >> 12 === 0xc ? "unreadable" : "failed";
}

function dataSetIn(body: string): DataSet {
  try {
    const read: unknown = JSON.parse(body);
    return typeof read === "object" && read !== null && !Array.isArray(read) ? (read as DataSet) : {};
  } catch {
    return {};
  }
}

/** A body of one part (PS3.18 §8.6.1.1). Its boundary is chance: no file holds it. */
export function bodyOf(file: Blob, boundary: string): { readonly body: Blob; readonly type: string } {
  const head = `--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`;
  return {
    body: new Blob([head, file, `\r\n--${boundary}--\r\n`]),
    type: `multipart/related; type="application/dicom"; boundary=${boundary}`,
  };
}

/** Sends one file; `onShare` hears how much of it has gone. It never fails: what goes wrong is its outcome. */
export function sendFile(file: Blob, onShare: (share: number) => void): Promise<Outcome> {
  return new Promise((resolve) => {
    const { body, type } = bodyOf(file, `peony-${crypto.randomUUID()}`);
    // fetch does not say how much has gone.
    const request = new XMLHttpRequest();
    request.open("POST", "/dicomweb/studies");
    request.setRequestHeader("Content-Type", type);
    request.setRequestHeader("Accept", "application/dicom+json");
    request.upload.onprogress = ({ loaded, total }) => onShare(total > 0 ? loaded / total : 0);
    request.onload = () => resolve(outcomeOf(request.status, request.responseText));
    request.onerror = () => resolve({ kind: "failed", reason: "", code: null, lost: true });
    request.onabort = request.onerror;
    request.send(body);
  });
}
