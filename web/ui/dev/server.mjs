/**
 * Stands in for a program that keeps examinations, so that their pages can be worked on without one:
 *
 *     node dev/server.mjs [PORT] [FOLDER]
 *
 * answers `/api/exams…` with an invented examination, serves a build of the page from FOLDER (`dist`), and hands everything
 * else to a running `peony demo` (`PEONY_URL=http://127.0.0.1:8686`). With `EXAMS=none` it keeps no examinations, as `peony demo`. Nothing of it ships.
 */
import { readFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { connect } from "node:net";
import path from "node:path";
import { demo01, nothingYet, OTHERS } from "./demo01.mjs";
import { pdf, png } from "./drawings.mjs";
import { Exam, Refused } from "./exam.mjs";

const port = Number(process.argv[2] ?? 8787);
const folder = path.resolve(process.argv[3] ?? path.join(import.meta.dirname, "../dist"));
const program = new URL(process.env.PEONY_URL ?? "http://127.0.0.1:8686");

/** As the program's: a page may show the sheet in a frame, and nothing else. */
const HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob: data:; " +
    "connect-src 'self'; worker-src 'self' blob:; frame-src 'self'; object-src 'self'; manifest-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
};
const PAPER = {
  ...HEADERS,
  "Content-Security-Policy": "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'",
  "X-Frame-Options": "SAMEORIGIN",
};
const KINDS = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

const exams = new Map([["demo-01", new Exam(demo01())]]);

const summary = (id, { report }) => ({
  id,
  began_ms: report.began_ms,
  status: report.signatures.length > 0 ? "signed" : "open",
  patient: report.patient,
  number: report.circumstances.number,
  lesions: report.lesions.filter(({ dismissed }) => !dismissed).length,
  category: report.overall,
  simulated: report.simulated,
  fault: null,
  live: report.signatures.length === 0,
});

const json = (response, status, value) => {
  response.writeHead(status, { ...HEADERS, "Content-Type": "application/json" });
  response.end(JSON.stringify(value));
};
const bytes = (response, kind, value, headers = HEADERS) => {
  response.writeHead(200, { ...headers, "Content-Type": kind });
  response.end(value);
};

async function body(incoming) {
  const parts = [];
  for await (const part of incoming) {
    parts.push(part);
  }
  return parts.length > 0 ? JSON.parse(Buffer.concat(parts).toString()) : {};
}

async function answer(incoming, response, url) {
  const [, , , id, what, more] = url.pathname.split("/");
  const by = decodeURIComponent(incoming.headers["x-peony-by"] ?? "somebody");
  if (!id && incoming.method === "POST") {
    const asked = await body(incoming);
    const made = `new-${exams.size}`;
    exams.set(made, new Exam(nothingYet(made, asked)));
    return json(response, 200, { id: made });
  }
  if (!id) {
    return json(response, 200, [
      ...[...exams]
        .filter(([key]) => key === "demo-01" || !key.startsWith("demo-"))
        .map(([key, exam]) => summary(key, exam)),
      ...OTHERS,
    ]);
  }
  // Each page that is looked at may have an examination of its own to write in.
  if (id.startsWith("demo-") && !exams.has(id)) {
    exams.set(id, new Exam(demo01()));
  }
  const exam = exams.get(id);
  if (!exam) {
    return json(response, 404, { error: "no such examination" });
  }
  try {
    if (what === "acts") {
      exam.act(await body(incoming), by);
    } else if (what === "undo") {
      exam.undo(by);
    } else if (what === "history") {
      return json(response, 200, exam.entries);
    } else if (what === "planes") {
      return bytes(response, "image/png", png(Number.parseInt(more, 10)));
    } else if (what === "report.pdf") {
      const { sections } = exam.view().narrative[url.searchParams.get("lang") === "zh" ? "zh" : "en"];
      const lines = sections.flatMap(({ heading, paragraphs }) => [
        heading,
        ...paragraphs.flatMap(({ runs }) =>
          runs
            .map(({ text }) => text)
            .join("")
            .match(/.{1,64}/g),
        ),
        "",
      ]);
      return bytes(response, "application/pdf", pdf(["DRAFT", "", ...lines]), PAPER);
    } else if (what !== "report") {
      return json(response, 404, { error: "no such route" });
    }
    return json(response, 200, exam.view());
  } catch (error) {
    if (error instanceof Refused) {
      return json(response, error.status, { error: error.message, code: error.code });
    }
    return json(response, 422, { error: String(error) });
  }
}

const forwarded = (incoming) => ({ ...incoming.headers, host: program.host, origin: program.origin });

const server = createServer(async (incoming, response) => {
  const url = new URL(incoming.url, "http://localhost");
  if (url.pathname.startsWith("/api/exams") && process.env.EXAMS !== "none") {
    await answer(incoming, response, url);
    return;
  }
  if (!url.pathname.startsWith("/api/")) {
    const file = path.join(folder, url.pathname === "/" ? "index.html" : path.normalize(url.pathname));
    const content = await readFile(file).catch(() => null);
    if (content && file.startsWith(folder)) {
      bytes(response, KINDS[path.extname(file)] ?? "application/octet-stream", content);
      return;
    }
  }
  const on = request(
    new URL(incoming.url, program),
    { method: incoming.method, headers: forwarded(incoming) },
    (from) => {
      response.writeHead(from.statusCode, from.headers);
      from.pipe(response);
    },
  );
  on.on("error", () => json(response, 502, { error: "peony demo does not answer" }));
  incoming.pipe(on);
});

// The sockets go to the running program as they are.
server.on("upgrade", (incoming, socket, head) => {
  const upstream = connect(Number(program.port), program.hostname, () => {
    const headers = Object.entries(forwarded(incoming)).map(([name, value]) => `${name}: ${value}`);
    upstream.write(`GET ${incoming.url} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
    upstream.write(head);
    upstream.pipe(socket).pipe(upstream);
  });
  upstream.on("error", () => socket.destroy());
  socket.on("error", () => upstream.destroy());
});

server.listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/?page=exams`));
