// The page of a record: what a person says about it is kept without leaving the page, and the picture is zoomed.
import { dress } from "./pages.js";

addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches(".label-form")) return;
  event.preventDefault();
  const body = new FormData(form);
  const button = event.submitter ?? form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok) throw new Error(page.querySelector("h1")?.textContent ?? `The service answered ${answer.status}.`);
    const at = form.elements.of_number?.value;
    const opened = [...document.querySelectorAll("#numbers details[open]")].map((each) => each.id);
    for (const id of ["answer", "labels", "numbers", "table"]) {
      const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
      if (!old || !fresh) continue;
      old.replaceWith(document.adoptNode(fresh));
      for (const each of fresh.querySelectorAll("details[id]")) each.open = opened.includes(each.id);
      dress(fresh);
    }
    document.title = page.title;
    document.getElementById(at ? `number-${at}` : "number").focus();
  } catch (error) {
    button.disabled = false;
    let note = form.closest("section").querySelector(".note");
    if (!note) {
      note = document.createElement("p");
      note.className = "note";
      note.setAttribute("role", "status");
      form.after(note);
    }
    note.textContent = error instanceof TypeError ? "The service does not answer. Nothing was saved." : error.message;
  }
});

// Digits and a minus typed anywhere go to the number.
addEventListener("keydown", (event) => {
  const number = document.getElementById("number");
  if (!number || !/^[0-9-]$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!document.activeElement.matches("input, textarea")) number.focus();
});

const stage = document.getElementById("stage");
if (stage) {
  const STEPS = [1, 1.5, 2, 3, 4, 6, 8];
  const picture = stage.firstElementChild;
  const [smaller, larger] = ["smaller", "larger"].map((id) => document.getElementById(id));
  let step = 0;
  let fitting = 0; // width at step 0

  // To another step; the point (x, y) of the stage stays where it is.
  const zoom = (next, x = stage.clientWidth / 2, y = stage.clientHeight / 2) => {
    if (next < 0 || next >= STEPS.length || next === step) return;
    if (!step) {
      fitting = picture.clientWidth;
      stage.style.height = `${stage.clientHeight}px`;
    }
    const before = picture.getBoundingClientRect();
    const frame = stage.getBoundingClientRect();
    const [u, v] = [(frame.left + x - before.left) / before.width, (frame.top + y - before.top) / before.height];
    step = next;
    picture.classList.toggle("zoomed", step > 0);
    picture.style.width = step ? `${fitting * STEPS[step]}px` : "";
    if (!step) stage.style.height = "";
    stage.toggleAttribute("tabindex", false);
    if (step) stage.tabIndex = 0; // so that arrow keys move it
    const after = picture.getBoundingClientRect();
    stage.scrollLeft += after.left + u * after.width - frame.left - x;
    stage.scrollTop += after.top + v * after.height - frame.top - y;
    smaller.disabled = step === 0;
    larger.disabled = step === STEPS.length - 1;
  };
  smaller.addEventListener("click", () => zoom(step - 1));
  larger.addEventListener("click", () => zoom(step + 1));
  const at = (event) => {
    const frame = stage.getBoundingClientRect();
    return [event.clientX - frame.left, event.clientY - frame.top];
  };
  stage.addEventListener("dblclick", (event) => zoom(step ? 0 : 3, ...at(event)));
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return; // also what a touch pad sends for a pinch
    event.preventDefault();
    zoom(step + (event.deltaY < 0 ? 1 : -1), ...at(event));
  }, { passive: false });
  stage.addEventListener("pointerdown", (event) => {
    if (!step || event.pointerType !== "mouse" || event.button) return;
    stage.setPointerCapture(event.pointerId);
    const move = (moved) => stage.scrollBy(-moved.movementX, -moved.movementY);
    stage.addEventListener("pointermove", move);
    stage.addEventListener("pointerup", () => stage.removeEventListener("pointermove", move), { once: true });
  });
}
