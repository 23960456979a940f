import "../shared/fonts.css";
import "./page.css";
import { type ReactNode, StrictMode, useEffect, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import { applyTheme } from "../shared/theme.js";
import { ManagementApi } from "./api.js";
import { ApiContext } from "./context.js";
import { Shell } from "./shell.js";
import { Enter } from "./sign-in.js";

type Standing = "unknown" | "in" | "out" | "ended" | "unreachable";

function Page(): ReactNode {
  const [standing, setStanding] = useState<Standing>("unknown");
  const api = useMemo(() => new ManagementApi(() => setStanding((was) => (was === "in" ? "ended" : "out"))), []);
  useEffect(() => {
    api.resume().then(
      (resumed) => setStanding(resumed ? "in" : "out"),
      () => setStanding("unreachable"),
    );
  }, [api]);
  if (standing === "unknown") return <p className="hidden" role="status">Loading</p>;
  if (standing === "unreachable") return <p className="note bad unreachable" role="alert">The server does not answer. Load the page again when it is back.</p>;
  return (
    <ApiContext value={api}>
      {standing === "in" ? <Shell onSignOut={() => void api.logout().then(() => setStanding("out"))} /> : <Enter ended={standing === "ended"} onEntered={() => setStanding("in")} />}
    </ApiContext>
  );
}

applyTheme();
const page = document.getElementById("page");
if (page) {
  createRoot(page).render(
    <StrictMode>
      <Page />
    </StrictMode>,
  );
}
