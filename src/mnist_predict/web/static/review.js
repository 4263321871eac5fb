// The review without waiting: what comes next is fetched ahead, what is said is sent behind one's back.
// Each card is a plain form of a page that the server made; the pages work without this.
import { dress } from "./pages.js";

const AHEAD = 6; // cards that are mine; more are asked for when half of them are left
const REMEMBERED = 10; // of what was said, for who comes back and undoes it
const RENEW = 60_000; // milliseconds; the server gives a reading for two minutes

const desk = document.getElementById("desk");
const left = document.getElementById("left");
// Who comes back to this tab is the same person: what is theirs is theirs still, and what they said may be undone.
const KEPT = "review";
const before = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
const reviewer = before.reviewer ?? desk.dataset.reviewer;
const { reason, order } = desk.dataset;
const touch = matchMedia("(pointer: coarse)").matches; // there a focus would open the keyboard
const said = []; // cards in the order in which they were answered or skipped, for undo
const kept = new Map(); // by card: when the service has kept its labels, whose ids are then its data
let at = null;
let waiting = Number(left.dataset.count);
let done = before.done ?? 0;
let sayings = 0; // how often something was said
let asking = null;
const sending = new Set(); // what was said and is on its way

const cards = () => [...desk.querySelectorAll(".review")];
const open = () => cards().filter((card) => !card.dataset.state);
const input = (card) => card.querySelector("input[name=number]:not([type=hidden])");
const note = (card, words) => { card.querySelector(".note").textContent = words; };

// What is sent waits until the next picture is on the screen; in a tab that is not seen, a moment.
const painted = () => new Promise((go) => { requestAnimationFrame(() => setTimeout(go)); setTimeout(go, 100); });

const post = async (path, fields) => {
  const body = new FormData();
  for (const [name, value] of fields) body.append(name, value);
  const answer = await fetch(path, { method: "POST", body, keepalive: true, headers: { Accept: path.endsWith("/next") ? "text/html" : "application/json" } });
  if (answer.ok) return answer;
  const page = (answer.headers.get("Content-Type") ?? "").includes("json") ? await answer.json() : {};
  throw new Error(page.error ?? `The service answered ${answer.status}.`);
};

const tell = () => {
  const more = left.textContent.includes("+") ? "+" : "";
  left.textContent = `${Math.max(0, waiting)}${more} left`;
  document.getElementById("done").textContent = done ? ` · ${done} done` : "";
  const ids = said.filter((card) => card.dataset.label).map((card) => [card.dataset.record, card.dataset.label]);
  sessionStorage.setItem(KEPT, JSON.stringify({ reviewer, done, said: ids.slice(-REMEMBERED) }));
};

const allowUndo = () => {
  for (const button of desk.querySelectorAll("[data-does=undo]")) button.disabled = !said.length;
};

const show = (card) => {
  document.getElementById("begin")?.remove();
  for (const each of cards()) each.hidden = each !== card;
  at = card;
  allowUndo();
  const number = input(card);
  if (touch) return;
  number.focus({ preventScroll: true });
  number.select();
};

// The next card that is not answered; the last one shown, or a word on why there is none.
const next = () => {
  const all = cards();
  const ahead = all.slice(all.indexOf(at) + 1).find((card) => !card.dataset.state) ?? open()[0];
  if (ahead) show(ahead);
  else if (at) {
    at.hidden = true;
    desk.focus();
  }
  if (open().length <= AHEAD / 2) painted().then(fill);
};

// Asks for more, and for more time for those that are here.
const fill = () => {
  const trouble = document.getElementById("trouble");
  const before = open().length;
  asking ??= more().then(() => {
    asking = null;
    trouble.textContent = "";
    if (before && !open().length) fill(); // all was answered meanwhile
  }, (error) => {
    asking = null;
    trouble.textContent = `${words(error)} More readings could not be fetched.`;
  });
};

const words = (error) => (error instanceof TypeError ? "The service does not answer." : error.message);

const more = async () => {
  if (!open().length) await Promise.allSettled([...sending]); // else the last ones still count as waiting
  const mine = open().map((card) => ["keep", card.dataset.record]);
  const then = sending.size ? -1 : sayings;
  const answer = await post("/review/next", [["reviewer", reviewer], ["count", AHEAD], ["reason", reason], ["order", order], ...mine]);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const settled = then === sayings; // else nobody knows which of what was said the service had heard when it answered
  const known = new Map(cards().map((card) => [card.dataset.record, card]));
  for (const card of page.querySelectorAll(".review")) {
    const here = known.get(card.dataset.record);
    if (settled && here?.dataset.state === "skipped" && !here.dataset.second) delete here.dataset.state; // its ten minutes are over
    if (here) continue;
    new Image().src = card.dataset.crop; // there when it is shown
    card.hidden = true;
    desk.append(document.adoptNode(card));
    dress(card);
  }
  if (settled) {
    const counted = page.getElementById("left");
    left.textContent = counted.textContent;
    waiting = Number(counted.dataset.count);
  }
  tell();
  const learn = page.getElementById("learn");
  if (learn) document.getElementById("learn").replaceWith(document.adoptNode(learn));
  const begin = page.getElementById("begin");
  document.getElementById("begin")?.remove();
  if (!open().length && begin) {
    desk.append(document.adoptNode(begin));
    allowUndo();
  }
  else if (open().length && (!at || at.hidden)) show(open()[0]);
};

// On to the next at once; where it could not be kept, back to it with a word on why.
const say = (card, path, number) => {
  sayings += 1;
  const again = card.dataset.state === "answered"; // reached by an arrow: the new answer replaces the first
  card.dataset.state = path.endsWith("skip") ? "skipped" : "answered";
  if (!said.includes(card)) said.push(card);
  if (!again && card.dataset.state === "answered") {
    done += 1;
    waiting -= 1;
  }
  note(card, card.dataset.state === "skipped" ? "Skipped." : `You answered ${number || "no number"}. Answer again to change it.`);
  tell();
  const fields = [["reviewer", reviewer], ["record", card.dataset.record], ["number", number]];
  const sent = painted().then(() => post(path, fields)).then(async (answer) => {
    if (path.endsWith("skip")) return;
    card.dataset.label = `${card.dataset.label ?? ""} ${(await answer.json()).id}`.trim();
    tell();
  }).catch((error) => {
    delete card.dataset.state;
    said.splice(said.indexOf(card), 1);
    if (!again && !path.endsWith("skip")) {
      done -= 1;
      waiting += 1;
    }
    tell();
    show(card);
    note(card, `${words(error)} Your answer was not saved. Please answer again.`);
  }).finally(() => sending.delete(sent));
  sending.add(sent);
  kept.set(card, sent);
  next();
};

// Back to the last card. Its label is taken back, once the service has kept it.
const undo = () => {
  const card = said.pop();
  if (!card) return;
  const was = card.dataset.state;
  delete card.dataset.state;
  sayings += 1;
  if (was === "answered") {
    done -= 1;
    waiting += 1;
  }
  note(card, was === "answered" ? "Your answer was taken back." : "");
  tell();
  show(card);
  if (was !== "answered") return;
  const sent = Promise.resolve(kept.get(card)).then(() => {
    const { label } = card.dataset;
    delete card.dataset.label;
    return label && post("/review/undo", [["reviewer", reviewer], ...label.split(" ").map((id) => ["label", id])]);
  }).then(tell).catch((error) => note(card, `${words(error)} Your answer still counts.`)).finally(() => sending.delete(sent));
  sending.add(sent);
};

const move = (step) => {
  const all = cards();
  const to = all[all.indexOf(at) + step];
  if (to) show(to);
};

desk.addEventListener("submit", (event) => {
  event.preventDefault();
  const does = event.submitter?.dataset.does ?? event.target.dataset.does;
  if (does === "begin") {
    fill();
    return;
  }
  const card = event.target.closest(".review");
  const number = new FormData(event.target).get("number").replace(/\s/g, "");
  say(card, does === "skip" ? "/review/skip" : "/review/answer", number);
});

desk.addEventListener("input", ({ target }) => {
  const does = target.closest(".say").querySelector(".does");
  does.textContent = target.value && target.value === target.defaultValue ? "Right" : "Save";
  target.classList.toggle("long", target.value.length > 6 && target.value.length <= 14);
  target.classList.toggle("longer", target.value.length > 14);
});

desk.addEventListener("click", (event) => {
  if (event.target.closest("[data-does=undo]")) undo();
});

// Single letters do something only while the desk has the focus.
desk.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toLowerCase();
  if (key === "u") {
    event.preventDefault();
    undo();
    return;
  }
  if (!at || at.hidden) return;
  const typing = document.activeElement === input(at) && input(at).value !== input(at).defaultValue;
  if (key === "n") at.querySelector("button[form^=none]").click();
  else if (key === "a") at.querySelector("button[form^=other]")?.click();
  else if (key === "s") at.querySelector("[data-does=skip]").click();
  else if (key === "arrowright" && !typing) move(1);
  else if (key === "arrowleft" && !typing) move(-1);
  else if (/^[0-9-]$/.test(key) && document.activeElement !== input(at)) {
    input(at).value = "";
    input(at).focus();
    return;
  } else return;
  event.preventDefault();
});

addEventListener("beforeunload", (event) => { if (sending.size) event.preventDefault(); });
setInterval(() => { if (document.visibilityState === "visible" && open().length) fill(); }, RENEW);

// What is left is free for others at once.
addEventListener("pagehide", () => {
  const mine = open();
  if (!mine.length) return;
  const body = new FormData();
  body.append("reviewer", reviewer);
  for (const card of mine) body.append("record", card.dataset.record);
  navigator.sendBeacon("/review/release", body);
});

// What was said before one came back, to be undone.
const remember = async () => {
  if (!before.said?.length || cards().length) return;
  const ids = new Map(before.said);
  const answer = await fetch(`/review?${new URLSearchParams([...ids.keys()].map((id) => ["record", id]))}`, { headers: { Accept: "text/html" } });
  if (!answer.ok) return; // erased meanwhile, perhaps
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const card of page.querySelectorAll(".review")) {
    card.hidden = true;
    card.dataset.state = "answered";
    card.dataset.label = ids.get(card.dataset.record);
    desk.prepend(document.adoptNode(card));
    dress(card);
    said.push(card);
  }
  allowUndo();
};

if (cards().length) show(cards()[0]);
tell();
remember();
if (waiting && !document.querySelector("#begin button")?.textContent.includes("again")) fill();
