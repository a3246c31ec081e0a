/** The page's beginning: opens the live socket of the program that served it, and shows the examination. */
import { createRoot } from "react-dom/client";
import "./tokens.css";
import "./page.css";
import "./live.css";
import { Examination } from "./live/examination";
import { LivePage } from "./parts/LivePage";

const address = new URL("/live", window.location.href);
address.protocol = address.protocol === "https:" ? "wss:" : "ws:";

const examination = new Examination(address.href);
examination.open();

const root = document.getElementById("page");
if (!root) {
  throw new Error("index.html: no element #page");
}
createRoot(root).render(<LivePage examination={examination} />);
