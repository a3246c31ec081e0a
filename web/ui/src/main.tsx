/** The page's beginning. */
import { createRoot } from "react-dom/client";
// Styles in the order of their cascade: of two rules as strong as each other the later one holds.
import "./tokens.css";
import "./page.css";
import "./live.css";
import "./live/picture.css";
import "./live/side.css";
import "./live/dock.css";
import "./live/big.css";
import "./live/small.css";
import "./map.css";
import "./review.css";
import "./review/form.css";
import "./review/sheet.css";
import "./review/panels.css";
import "./review/small.css";
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
