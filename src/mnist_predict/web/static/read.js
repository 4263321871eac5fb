// The page that reads: files that are dropped, chosen, pasted or photographed, many at once; samples; the tabs.
// Results and the tab stay with this place in the browser's history, for when one comes back from a record.
import { newKey, send } from "./send.js";

const AT_ONCE = 2;
const form = document.getElementById("upload");
const queue = document.getElementById("queue");
const results = document.getElementById("results");
const summary = document.getElementById("summary");
const limit = Number(form.dataset.limit);
const cancel = document.getElementById("cancel");
const review = document.getElementById("review-unsure");
const csv = document.getElementById("csv");
const REVIEWED = 40; // at once at most

// As web/presenters/words.py says it.
const percent = (p) => (p > 0.999 ? "above 99.9 %" : p < 0.001 ? "below 0.1 %" : `${(100 * p).toFixed(1)} %`);
const UNSURE = 0.8;
const certainty = (p) => (p >= 0.95 ? "sure" : p >= UNSURE ? "likely" : "unsure");

class Row {
  constructor(file, key) {
    Object.assign(this, { file, key });
    this.node = document.getElementById("row").content.firstElementChild.cloneNode(true);
    const part = (name) => this.node.querySelector(name);
    [this.image, this.bar, this.state, this.answer, this.was, this.tag, this.more, this.again, this.correct, this.form] =
      ["img", "progress", ".state", ".n", ".was", ".tag", ".more", ".again", ".correct", "form"].map(part);
    part(".name").textContent = file.name || "pasted picture";
    this.image.onerror = () => { // HEIC, TIFF: shown once the service has a preview
      this.image.hidden = true;
      this.preview();
    };
    if (file instanceof Blob) this.image.src = URL.createObjectURL(file);
    else this.image.hidden = true;
    this.again.onclick = () => { this.begin(); add(this); };
    this.correct.onclick = () => {
      this.form.hidden = !this.form.hidden;
      this.correct.setAttribute("aria-expanded", !this.form.hidden);
      if (!this.form.hidden) this.form.elements.number.select();
    };
    this.form.onsubmit = (event) => { event.preventDefault(); this.label(); };
    queue.append(this.node);
    this.begin();
  }

  begin() {
    this.outcome = "";
    this.bar.hidden = false;
    this.again.hidden = true;
    this.say("Waiting", 0);
  }

  say(words, share) {
    this.state.textContent = words;
    this.state.classList.remove("wrong");
    if (share > 0 && share < 1) this.bar.value = share;
    else this.bar.removeAttribute("value");
  }

  end(outcome) {
    this.outcome = outcome;
    this.bar.hidden = true;
  }

  failed(words, mayRepeat) {
    this.end("failed");
    this.state.textContent = words;
    this.state.classList.add("wrong");
    this.again.hidden = !mayRepeat;
  }

  // `record`: of the answer, or what was kept of it.
  read({ id, image_name, written, confidence, numbers, advice, label }) {
    this.end("read");
    this.record = { id, image_name, written, confidence, numbers: Array.isArray(numbers) ? numbers.length : numbers, advice, label };
    const others = this.record.numbers - 1;
    const number = label ?? written;
    this.answer.href = `/records/${id}`;
    this.answer.textContent = number || "none";
    this.was.hidden = label === undefined || label === written;
    this.was.lastElementChild.textContent = written || "none";
    this.answer.setAttribute("aria-label", `${number || "No number"} in ${image_name}: open the record`);
    this.tag.hidden = false;
    this.tag.className = `tag ${label !== undefined ? "plain" : written ? certainty(confidence) : "unsure"}`;
    const said = label === written ? "Confirmed" : "Corrected";
    this.tag.textContent = label !== undefined ? said : written ? percent(confidence) : "No number";
    this.more.textContent = others > 0 ? `and ${others} other${others === 1 ? "" : "s"}` : "";
    this.correct.hidden = false;
    this.correct.setAttribute("aria-label", `Correct ${image_name}`);
    this.form.elements.number.value = number;
    this.state.textContent = advice[0] ?? "";
    this.id = id;
    this.preview();
  }

  // What a person says the number is.
  async label() {
    const number = this.form.elements.number.value.replace(/\s/g, "");
    const body = new FormData();
    body.append("record", this.id);
    body.append("number", number);
    try {
      const answer = await fetch("/uploads/record", { method: "POST", body, headers: { Accept: "application/json" } });
      const kept = await answer.json();
      if (!answer.ok) throw new Error(kept.error);
      this.read({ ...this.record, label: kept.written });
      this.form.hidden = true;
      this.correct.setAttribute("aria-expanded", "false");
      this.correct.focus();
      tell();
    } catch (error) {
      this.state.textContent = error instanceof TypeError ? "The service does not answer. Nothing was saved." : error.message;
      this.state.classList.add("wrong");
    }
  }

  get isUnsure() {
    return this.outcome === "read" && this.record.label === undefined && !(this.record.written && this.record.confidence >= UNSURE);
  }

  preview() {
    if (!this.image.hidden || !this.id) return;
    this.image.onerror = null;
    this.image.src = `/records/${this.id}/preview/small`;
    this.image.hidden = false;
  }
}

let rows = [];
let waiting = [];
let running = 0;
let stop = new AbortController();
let following = false; // one picture alone: on to its page as soon as it is read

const tell = () => {
  const [read, failed] = ["read", "failed"].map((outcome) => rows.filter((row) => row.outcome === outcome).length);
  const open = rows.length - read - failed;
  summary.textContent = `${read} of ${rows.length} read${failed ? `, ${failed} failed` : ""}${open ? " …" : ""}`;
  cancel.hidden = !open;
  csv.hidden = open > 0 || !read;
  const unsure = rows.filter((row) => row.isUnsure).slice(0, REVIEWED);
  review.hidden = open > 0 || !unsure.length;
  review.textContent = unsure.length === 1 ? "Review the one that is not sure" : `Review the ${unsure.length} that are not sure`;
  review.href = `/review?${new URLSearchParams(unsure.map((row) => ["record", row.id]))}`;
  if (following) return;
  const kept = rows.filter((row) => row.outcome).map((row) => row.record ?? { image_name: row.file.name, error: row.state.textContent });
  history.replaceState({ ...history.state, results: kept }, "");
};

cancel.addEventListener("click", () => {
  for (const row of waiting.splice(0)) row.failed("Cancelled", true);
  stop.abort();
  stop = new AbortController();
  tell();
});

// As RFC 4180; a name that a spreadsheet would take for a formula gets an apostrophe, as in the service's exports.
const field = (value) => `"${String(value ?? "").replace(/^[=+\-@\t\r\n＝＋－＠]/, "'$&").replaceAll('"', '""')}"`;
csv.addEventListener("click", () => {
  const lines = rows.map(({ record, file, state }) => record
    ? [field(record.image_name), record.written, record.confidence, record.numbers, record.label ?? "", record.id, ""]
    : [field(file.name), "", "", "", "", "", field(state.textContent)]);
  const text = [["image_name", "number", "confidence", "numbers", "label", "id", "error"], ...lines].map((line) => `${line.join(",")}\r\n`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(text, { type: "text/csv" }));
  link.download = "results.csv";
  link.click();
});

// A zip: its row gives way to one for each picture in it.
const unpack = (zip, outcomes) => {
  following = false;
  rows = rows.filter((row) => row !== zip);
  zip.node.remove();
  for (const outcome of outcomes) {
    const row = new Row({ name: outcome.image_name }, "");
    rows.push(row);
    if (outcome.error) row.failed(outcome.error, false);
    else row.read(outcome);
  }
};

const work = async () => {
  if (running === AT_ONCE || !waiting.length) return;
  running += 1;
  const row = waiting.shift();
  try {
    const record = await send(row.file, row.key, (words, share) => row.say(words, share), stop.signal);
    if (Array.isArray(record)) unpack(row, record);
    else row.read(record);
    if (following && rows.length === 1) location.assign(`/records/${record.id}`);
  } catch (error) {
    row.failed(error.message, !error.final);
  }
  running -= 1;
  tell();
  work();
};

const add = (row) => {
  waiting.push(row);
  tell();
  work();
};

const take = (files, key) => {
  if (!files.length) return;
  select("picture");
  results.hidden = false;
  following = !rows.length && files.length === 1;
  for (const file of files) {
    const row = new Row(file, key ?? newKey());
    rows.push(row);
    if (file.size > limit)
      row.failed(`${(file.size / 1e6).toFixed(0)} MB; at most ${limit / 1e6} MB can be read`, false);
    else add(row);
  }
  tell();
  results.scrollIntoView({ block: "nearest" });
};

for (const input of form.querySelectorAll("input[type=file]")) {
  input.addEventListener("change", async () => {
    if (input.id === "trimmed") await trim(input.files[0], take);
    else take([...input.files]);
    input.value = ""; // so that the same file can be chosen again
  });
  input.addEventListener("keydown", (event) => { // it looks like a button, so Enter presses it
    if (event.key !== "Enter") return;
    event.preventDefault();
    input.click();
  });
}
const trim = async (file, use) => (await import("./trim.js")).trim(file, (trimmed) => use([trimmed]));
form.addEventListener("submit", (event) => event.preventDefault());

const drop = document.getElementById("drop");
const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  drop.classList.add("over");
});
addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) drop.classList.remove("over");
});
addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  drop.classList.remove("over");
  take([...event.dataTransfer.files]);
});
addEventListener("paste", (event) => take([...event.clipboardData.files]));

for (const sample of document.querySelectorAll("button.sample"))
  sample.addEventListener("click", async () => {
    const data = await (await fetch(sample.querySelector("img").src)).blob();
    const file = new File([data], sample.value, { type: data.type });
    const expected = document.getElementById("expect").value;
    take([file], expected ? newKey() : `sample-${sample.value}-${file.size}-${form.dataset.model}`); // else kept once
  });

// Two tabs, as the ARIA Authoring Practices want them: arrows move between them.
const tabs = [...document.querySelectorAll("[role=tab]")];
const select = (name) => {
  for (const tab of tabs) {
    const chosen = tab.getAttribute("aria-controls") === name;
    tab.setAttribute("aria-selected", chosen);
    tab.tabIndex = chosen ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = !chosen;
  }
  history.replaceState(history.state, "", name === "draw" ? "#draw" : location.pathname);
  if (name === "draw") import("./draw.js");
};
for (const tab of tabs) {
  tab.addEventListener("click", () => select(tab.getAttribute("aria-controls")));
  tab.addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const other = tabs[1 - tabs.indexOf(tab)];
    select(other.getAttribute("aria-controls"));
    other.focus();
  });
}
if (location.hash === "#draw") select("draw");

for (const { error, ...kept } of history.state?.results ?? []) {
  const row = new Row({ name: kept.image_name }, "");
  rows.push(row);
  results.hidden = false;
  if (error) row.failed(error, false);
  else row.read(kept);
}
if (rows.length) tell();

addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // back from the answer: a fresh form
});
