// Older records are put below those that are shown. The address says how many are, for when one comes back.
import { dress } from "./pages.js";

const table = document.querySelector(".records tbody");
const note = document.getElementById("note");
const next = () => document.querySelector("#pager [rel=next]");
const MOST = 1000; // rows that the service shows at once
let busy = false;

const goOn = async () => {
  const link = next();
  if (busy || !link) return;
  busy = true;
  const pressed = document.activeElement === link;
  note.textContent = "Loading older records";
  try {
    const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || answer.redirected) throw new Error(page.querySelector("h1")?.textContent ?? "");
    const rows = [...page.querySelectorAll(".records tbody tr")].map((row) => document.adoptNode(row));
    const pager = document.adoptNode(page.getElementById("pager"));
    table.append(...rows);
    document.getElementById("pager").replaceWith(pager);
    rows.forEach(dress);
    dress(pager);
    const address = new URL(location);
    address.searchParams.set("rows", Math.min(table.rows.length, MOST));
    history.replaceState(null, "", address);
    note.textContent = rows.length ? `${rows.length} more record${rows.length === 1 ? "" : "s"}` : "No older records so far";
    if (pressed) (rows[0]?.querySelector("td a:not([tabindex])") ?? next() ?? document.querySelector("#pager a")).focus();
  } catch (error) {
    note.textContent = error instanceof TypeError || !error.message ? "The service does not answer. Try again." : error.message;
  } finally {
    busy = false;
  }
};

if (table) {
  addEventListener("click", (event) => {
    if (event.target !== next() || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    goOn();
  });
}

// Days begin and end where the visitor is; what was left empty need not be in the address.
const form = document.querySelector(".search");
form?.addEventListener("submit", () => {
  form.elements.zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const dated = form.elements.since.value || form.elements.until.value;
  for (const field of form.elements) {
    if (field.name && (!field.value || (field.name === "zone" && !dated))) field.disabled = true;
  }
});
addEventListener("pageshow", () => { for (const field of form?.elements ?? []) field.disabled = false; });
