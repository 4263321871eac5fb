// The history goes on where one has come to its end: older records are put below, by a press or by scrolling.
import { dress } from "./pages.js";

const table = document.querySelector(".records tbody");
const note = document.getElementById("note");
const next = () => document.querySelector("#pager [rel=next]");
let scrolls = false; // with the keyboard one wants to come to the end of a page
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
    watch();
    note.textContent = rows.length ? `${rows.length} older records` : "No older records so far";
    if (pressed) (rows[0]?.querySelector("td a:not([tabindex])") ?? next() ?? document.querySelector("#pager a")).focus();
  } catch (error) {
    note.textContent = error instanceof TypeError || !error.message ? "The service does not answer. Try again." : error.message;
  } finally {
    busy = false;
  }
};

const observer = new IntersectionObserver(([seen]) => {
  if (seen.isIntersecting && scrolls && !document.querySelector("#pager p time")) goOn();
}, { rootMargin: "400px" });

const watch = () => {
  observer.disconnect();
  if (next()) observer.observe(document.getElementById("pager"));
};

if (table) {
  for (const kind of ["wheel", "touchmove"]) addEventListener(kind, () => { scrolls = true; }, { passive: true });
  addEventListener("keydown", () => { scrolls = false; });
  addEventListener("click", (event) => {
    if (event.target !== next() || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    goOn();
  });
  watch();
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
