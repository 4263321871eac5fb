// The page that reads: files that are dropped, chosen, pasted or photographed, many at once; samples; the tabs.
import { newKey, send } from "./send.js";

const AT_ONCE = 2;
const form = document.getElementById("upload");
const queue = document.getElementById("queue");
const results = document.getElementById("results");
const summary = document.getElementById("summary");
const limit = Number(form.dataset.limit);

// As web/words.py says it.
const percent = (p) => (p > 0.999 ? "above 99.9 %" : p < 0.001 ? "below 0.1 %" : `${(100 * p).toFixed(1)} %`);
const certainty = (p) => (p >= 0.95 ? "sure" : p >= 0.8 ? "likely" : "unsure");

class Row {
  constructor(file, key) {
    Object.assign(this, { file, key });
    this.node = document.getElementById("row").content.firstElementChild.cloneNode(true);
    const part = (name) => this.node.querySelector(name);
    [this.image, this.bar, this.state, this.answer, this.tag, this.again] =
      ["img", "progress", ".state", ".n", ".tag", "button"].map(part);
    part(".name").textContent = file.name || "pasted picture";
    this.image.onerror = () => { // HEIC, TIFF: shown once the service has a preview
      this.image.hidden = true;
      this.preview();
    };
    if (file instanceof Blob) this.image.src = URL.createObjectURL(file);
    else this.image.hidden = true;
    this.again.onclick = () => { this.begin(); add(this); };
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

  read(record) {
    this.end("read");
    this.answer.href = `/records/${record.id}`;
    this.answer.textContent = record.written || "open";
    this.answer.setAttribute("aria-label", `${record.written || "No number"} in ${record.image_name}: open the record`);
    this.tag.hidden = false;
    this.tag.classList.add(record.number ? certainty(record.confidence) : "unsure");
    this.tag.textContent = record.number ? percent(record.confidence) : "No number";
    this.state.textContent = record.advice[0] ?? "";
    this.id = record.id;
    this.preview();
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
let following = false; // one picture alone: on to its page as soon as it is read

const tell = () => {
  const [read, failed] = ["read", "failed"].map((outcome) => rows.filter((row) => row.outcome === outcome).length);
  const open = rows.length - read - failed;
  summary.textContent = `${read} of ${rows.length} read${failed ? `, ${failed} failed` : ""}${open ? " …" : ""}`;
};

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
    const record = await send(row.file, row.key, (words, share) => row.say(words, share));
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
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = ""; // so that the same file can be chosen again
  });
  input.addEventListener("keydown", (event) => { // it looks like a button, so Enter presses it
    if (event.key !== "Enter") return;
    event.preventDefault();
    input.click();
  });
}
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

addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // back from the answer: a fresh form
});
