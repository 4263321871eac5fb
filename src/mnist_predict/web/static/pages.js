// Makes the pages more comfortable; each of them works without it.

// Times in the visitor's own zone; in tables, as long ago as they are.
const date = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const ago = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
const since = (then) => {
  const seconds = Math.max(0, (Date.now() - then) / 1000);
  if (seconds < 60) return ago.format(0, "second");
  if (seconds < 3600) return ago.format(-Math.floor(seconds / 60), "minute");
  if (seconds < 86400) return ago.format(-Math.floor(seconds / 3600), "hour");
  return day.format(then);
};
for (const time of document.querySelectorAll("time")) {
  const then = new Date(time.dateTime);
  time.title = date.format(then);
  time.textContent = time.classList.contains("short") ? since(then) : date.format(then);
}

const form = document.getElementById("upload");
if (form) {
  const limit = Number(form.dataset.limit);
  const [file, drop, note, art, preview] =
    ["file", "drop", "note", "art", "preview"].map((id) => document.getElementById(id));
  const button = form.querySelector("button");

  const show = (isPicture) => {
    preview.hidden = !isPicture;
    art.toggleAttribute("hidden", isPicture);
  };

  const chosen = () => {
    const picture = file.files[0];
    URL.revokeObjectURL(preview.src);
    show(false);
    note.textContent = "";
    if (!picture) return;
    if (picture.size > limit) {
      note.textContent = `${picture.name} has ${(picture.size / 1e6).toFixed(0)} MB; at most ${limit / 1e6} MB can be read.`;
      file.value = "";
      return;
    }
    preview.src = URL.createObjectURL(picture);
    button.focus();
  };
  preview.addEventListener("load", () => show(true));
  preview.addEventListener("error", () => show(false)); // HEIC and TIFF: their name stays beside the button

  const take = (files) => {
    if (!files.length) return;
    if (files.length > 1) {
      note.textContent = "One picture at a time, please.";
      return;
    }
    file.files = files;
    chosen();
  };
  file.addEventListener("change", chosen);

  addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("over");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    take(event.dataTransfer.files);
  });
  addEventListener("paste", (event) => take(event.clipboardData.files));

  form.addEventListener("submit", () => {
    button.disabled = true;
    button.textContent = "Reading …";
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload(); // back from the answer: a fresh form
  });
}
