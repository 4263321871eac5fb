// A sheet to draw a number on, read while one draws: strokes as wide as the pen presses, smooth, undone one by one.
import { newKey, send } from "./send.js";

const PEN = 9; // CSS pixels, about as wide for the height of a digit as a marker
const PAUSE = 150; // milliseconds without a move before an unfinished stroke is read

const canvas = document.getElementById("sheet");
const pen = canvas.getContext("2d", { desynchronized: true });
const live = document.getElementById("live");
const [undo, clear, keep] = ["undo", "clear", "keep"].map((id) => document.getElementById(id));
const nothing = live.innerHTML;

let strokes = []; // each a list of points {x, y, width} in CSS pixels
const before = []; // what `strokes` was before each change, for undo
let drawing = null;
let timer = 0;
let asking = null;
let scale = 1;

const paper = () => {
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.strokeStyle = pen.fillStyle = "#16171a";
  pen.lineCap = pen.lineJoin = "round";
};

// The piece of a stroke that ends halfway to its point `at`: a curve through the middles of its lines.
const piece = (stroke, at) => {
  const [a, b, c] = [stroke[Math.max(0, at - 2)], stroke[Math.max(0, at - 1)], stroke[at]];
  pen.lineWidth = (b.width + c.width) / 2;
  pen.beginPath();
  pen.moveTo((a.x + b.x) / 2, (a.y + b.y) / 2);
  pen.quadraticCurveTo(b.x, b.y, (b.x + c.x) / 2, (b.y + c.y) / 2);
  pen.stroke();
};

const tail = (stroke) => {
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
    stroke.forEach((_, at) => piece(stroke, at));
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
    show(nothing);
    return;
  }
  const mine = (asking = new AbortController());
  const start = performance.now();
  const form = new FormData();
  form.append("file", await picture(), "drawing.png");
  form.append("expect", document.getElementById("expect").value);
  try {
    const answer = await fetch("/read", { method: "POST", body: form, headers: { Accept: "text/html" }, signal: mine.signal });
    if (answer.ok) {
      show(await answer.text());
      performance.measure("drawn and read", { start });
    } else if (answer.status === 400) complain("The expected number is not understood.");
    else if (answer.status === 429) soon(); // busy, perhaps with what was drawn before
    else complain(`The service answered ${answer.status}. Keep drawing to try again.`);
  } catch (error) {
    if (error.name !== "AbortError") complain("The service does not answer. Keep drawing to try again.");
  }
};

const soon = () => {
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE);
};

const change = (next) => {
  before.push(strokes);
  strokes = next;
};

const point = (event) => ({
  x: event.offsetX,
  y: event.offsetY,
  width: event.pointerType === "pen" ? PEN * (0.4 + 1.2 * event.pressure) : PEN,
});

const extend = (event) => {
  const next = point(event);
  const last = drawing.at(-1);
  if (Math.hypot(next.x - last.x, next.y - last.y) < 1.5) return;
  drawing.push(next);
  piece(drawing, drawing.length - 1);
};

canvas.addEventListener("pointerdown", (event) => {
  if (event.button || drawing) return;
  canvas.setPointerCapture(event.pointerId);
  drawing = [point(event)];
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

new ResizeObserver(fit).observe(canvas);
fit();
