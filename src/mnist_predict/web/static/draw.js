// A sheet to draw a number on, read while one draws: strokes as wide as the pen presses, smooth, undone one by one.
// What is drawn stays with this place in the browser's history.
import { newKey, send, tellExpected } from "./send.js";

const PAPER = "#fff";
const INK = "#16171a";
const RUBBER = 3; // times as wide as the pen
const PAUSE = 150; // milliseconds without a move before an unfinished stroke is read
const AGAIN = 2000; // milliseconds until a service that did not answer is asked again

const canvas = document.getElementById("sheet");
const pen = canvas.getContext("2d", { desynchronized: true });
const live = document.getElementById("live");
const [undo, clear, keep] = ["undo", "clear", "keep"].map((id) => document.getElementById(id));
const nothing = live.innerHTML;

const width = document.getElementById("pen-width"); // CSS pixels; a 9 is to a digit about what a marker is
const rubber = document.getElementById("rubber");

let strokes = history.state?.strokes ?? []; // each {rubs, points: [{x, y, width}, ...]} in CSS pixels
const before = []; // what `strokes` was before each change, for undo
let drawing = null;
let timer = 0;
let asking = null;
let scale = 1;

const paper = () => {
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.fillStyle = PAPER;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.lineCap = pen.lineJoin = "round";
};

// The piece of a stroke that ends halfway to its point `at`: a curve through the middles of its lines.
const piece = ({ rubs, points: stroke }, at) => {
  pen.strokeStyle = rubs ? PAPER : INK;
  const [a, b, c] = [stroke[Math.max(0, at - 2)], stroke[Math.max(0, at - 1)], stroke[at]];
  pen.lineWidth = (b.width + c.width) / 2;
  pen.beginPath();
  pen.moveTo((a.x + b.x) / 2, (a.y + b.y) / 2);
  pen.quadraticCurveTo(b.x, b.y, (b.x + c.x) / 2, (b.y + c.y) / 2);
  pen.stroke();
};

const tail = ({ rubs, points: stroke }) => {
  pen.strokeStyle = rubs ? PAPER : INK;
  const [b, c] = [stroke[Math.max(0, stroke.length - 2)], stroke.at(-1)];
  pen.lineWidth = c.width;
  pen.beginPath();
  pen.moveTo((b.x + c.x) / 2, (b.y + c.y) / 2);
  pen.lineTo(c.x, c.y);
  pen.stroke();
};

const redraw = () => {
  paper();
  for (const stroke of strokes) {
    stroke.points.forEach((_, at) => piece(stroke, at));
    tail(stroke);
  }
};

const fit = () => {
  scale = Math.min(devicePixelRatio || 1, 2);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((side) => Math.round(side * scale));
  if (!width || (width === canvas.width && height === canvas.height)) return;
  [canvas.width, canvas.height] = [width, height];
  redraw();
};

// What is drawn, as the PNG that is read and kept: in CSS pixels, whatever the screen.
const picture = () => {
  const sheet = document.createElement("canvas");
  [sheet.width, sheet.height] = [Math.round(canvas.width / scale), Math.round(canvas.height / scale)];
  sheet.getContext("2d").drawImage(canvas, 0, 0, sheet.width, sheet.height);
  return new Promise((done) => sheet.toBlob(done, "image/png"));
};

const keepPlace = () => history.replaceState({ ...history.state, strokes }, "");

const show = (html) => {
  live.innerHTML = html;
  for (const button of [clear, keep]) button.disabled = !strokes.length;
  undo.disabled = !before.length;
};

const complain = (words) => {
  show(nothing);
  live.firstElementChild.textContent = words;
};

const ask = async () => {
  clearTimeout(timer);
  asking?.abort();
  if (!strokes.length) {
    keepPlace();
    show(nothing);
    return;
  }
  const mine = (asking = new AbortController());
  const start = performance.now();
  const form = new FormData();
  form.append("file", await picture(), "drawing.png");
  form.append("expect", document.getElementById("expect").value);
  keepPlace();
  try {
    const answer = await fetch("/read", { method: "POST", body: form, headers: { Accept: "text/html" }, signal: mine.signal });
    if (answer.ok) {
      show(await answer.text());
      performance.measure("drawn and read", { start });
    } else if (answer.status === 429) soon(); // busy, perhaps with what was drawn before
    else {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const words = page.querySelector("h1")?.textContent;
      if (answer.status === 400) tellExpected(words, false);
      complain(answer.status === 400 ? "Not read: see what is expected." : words ?? `The service answered ${answer.status}. Keep drawing to try again.`);
    }
  } catch (error) {
    if (error.name === "AbortError") return;
    complain("The service does not answer. It is asked again.");
    soon(AGAIN);
  }
};

const soon = (pause = PAUSE) => {
  clearTimeout(timer);
  timer = setTimeout(ask, pause);
};

const change = (next) => {
  before.push(strokes);
  strokes = next;
};

const point = (event) => ({
  x: event.offsetX,
  y: event.offsetY,
  width: width.valueAsNumber * (rubber.checked ? RUBBER : event.pointerType === "pen" ? 0.4 + 1.2 * event.pressure : 1),
});

const extend = (event) => {
  const next = point(event);
  const last = drawing.points.at(-1);
  if (Math.hypot(next.x - last.x, next.y - last.y) < 1.5) return;
  drawing.points.push(next);
  piece(drawing, drawing.points.length - 1);
};

canvas.addEventListener("pointerdown", (event) => {
  if (event.button || drawing) return;
  canvas.setPointerCapture(event.pointerId);
  drawing = { rubs: rubber.checked, points: [point(event)] };
  change([...strokes, drawing]);
  tail(drawing);
});
canvas.addEventListener("pointermove", (event) => {
  if (!drawing) return;
  const all = event.getCoalescedEvents?.() ?? [];
  for (const each of all.length ? all : [event]) extend(each);
  soon();
});
for (const end of ["pointerup", "pointercancel"])
  canvas.addEventListener(end, () => {
    if (!drawing) return;
    tail(drawing);
    drawing = null;
    ask();
  });

const takeBack = () => {
  if (!before.length) return;
  strokes = before.pop();
  redraw();
  ask();
};
undo.addEventListener("click", takeBack);
addEventListener("keydown", (event) => {
  if (event.key !== "z" || !(event.ctrlKey || event.metaKey) || !canvas.clientWidth || drawing) return;
  event.preventDefault();
  takeBack();
});
clear.addEventListener("click", () => {
  change([]);
  redraw();
  ask();
});
keep.addEventListener("click", async () => {
  keep.disabled = true;
  const now = new Date().toISOString().slice(0, 19).replaceAll(":", "");
  const file = new File([await picture()], `drawing-${now}.png`, { type: "image/png" });
  try {
    const record = await send(file, newKey(), () => {});
    location.assign(`/records/${record.id}`);
  } catch (error) {
    complain(error.message);
  }
});

document.getElementById("expect").addEventListener("change", ask);
addEventListener("online", ask);

new ResizeObserver(fit).observe(canvas);
fit();
if (strokes.length) ask();
