// A picture is turned and cut before it is read, in a dialog. What is sent is the part that was chosen.

const LONGEST = 4000; // pixels of a side of what is sent
const dialog = document.getElementById("trim");
const canvas = dialog.querySelector("canvas");
const pen = canvas.getContext("2d");
const edges = ["left", "top", "right", "bottom"].map((name) => dialog.querySelector(`[name=${name}]`)); // percent
let picture = null;
let turns = 0; // quarters, clockwise
let start = null;
let chosen = () => {};

const size = () => (turns % 2 ? [picture.height, picture.width] : [picture.width, picture.height]);

// The whole picture, turned, `width` pixels wide and `height` high.
const paint = (pen, width, height) => {
  pen.save();
  pen.translate(width / 2, height / 2);
  pen.rotate((turns * Math.PI) / 2);
  const [w, h] = turns % 2 ? [height, width] : [width, height];
  pen.drawImage(picture, -w / 2, -h / 2, w, h);
  pen.restore();
};

const part = (width, height) => {
  const [left, top, right, bottom] = edges.map((edge) => edge.valueAsNumber / 100);
  return [Math.min(left, right) * width, Math.min(top, bottom) * height, Math.abs(right - left) * width, Math.abs(bottom - top) * height];
};

const draw = () => {
  const [width, height] = size();
  const scale = Math.min(1, 640 / width, 420 / height);
  [canvas.width, canvas.height] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  paint(pen, canvas.width, canvas.height);
  const kept = part(canvas.width, canvas.height);
  pen.fillStyle = "#0008";
  pen.beginPath();
  pen.rect(0, 0, canvas.width, canvas.height);
  pen.rect(...kept);
  pen.fill("evenodd");
  pen.lineWidth = 3;
  pen.strokeStyle = "#fff";
  pen.strokeRect(...kept);
  pen.lineWidth = 1.5;
  pen.strokeStyle = "#2447c9";
  pen.strokeRect(...kept);
};

const whole = () => { edges.forEach((edge, at) => { edge.value = at < 2 ? 0 : 100; }); };

const turn = (by) => {
  turns = (turns + by + 4) % 4;
  whole();
  draw();
};

const at = (event) => {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map((share) => 100 * Math.min(1, Math.max(0, share)));
};

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  start = at(event);
});
canvas.addEventListener("pointermove", (event) => {
  if (!start) return;
  const end = at(event);
  if (Math.hypot(end[0] - start[0], end[1] - start[1]) < 2) return;
  [Math.min(start[0], end[0]), Math.min(start[1], end[1]), Math.max(start[0], end[0]), Math.max(start[1], end[1])].forEach((value, n) => {
    edges[n].value = value;
  });
  draw();
});
for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { start = null; });
for (const edge of edges) edge.addEventListener("input", draw);
document.getElementById("turn-left").addEventListener("click", () => turn(-1));
document.getElementById("turn-right").addEventListener("click", () => turn(1));
document.getElementById("trim-cancel").addEventListener("click", () => dialog.close());
document.getElementById("trim-read").addEventListener("click", async () => {
  const [width, height] = size();
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  const [x, y, w, h] = part(width * scale, height * scale).map(Math.round);
  const sheet = document.createElement("canvas");
  [sheet.width, sheet.height] = [Math.max(1, w), Math.max(1, h)];
  const to = sheet.getContext("2d");
  to.translate(-x, -y);
  paint(to, width * scale, height * scale);
  const kind = dialog.dataset.kind === "image/jpeg" ? "image/jpeg" : "image/png";
  const data = await new Promise((done) => sheet.toBlob(done, kind, 0.95));
  dialog.close();
  chosen(new File([data], dialog.dataset.name, { type: kind }));
});

// Has a person turn and cut a file, and hands on what is left; a file that the browser cannot show is handed on whole.
export const trim = async (file, use) => {
  if (!file) return;
  try {
    picture = await createImageBitmap(file);
  } catch {
    use(file);
    return;
  }
  turns = 0;
  chosen = use;
  dialog.dataset.name = file.name;
  dialog.dataset.kind = file.type;
  whole();
  draw();
  dialog.showModal();
};
