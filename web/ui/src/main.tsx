/** The page's beginning. */
import { createRoot } from "react-dom/client";
import "./tokens.css";
import "./page.css";
import "./live.css";
import "./map.css";
import "./review.css";
import "./start.css";
import "./access/access.css";
import { App } from "./App";
import { askSession } from "./access/session";

const root = document.getElementById("page");
if (!root) {
  throw new Error("index.html: no element #page");
}
void askSession();
createRoot(root).render(<App />);
