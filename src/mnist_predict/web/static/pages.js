// Makes the pages more comfortable; each of them works without it.

// Times in the visitor's own zone; in tables, as long ago as they are.
const date = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const ago = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "narrow" });
const since = (then) => {
  const seconds = Math.max(0, (Date.now() - then) / 1000);
  if (seconds < 60) return ago.format(0, "second");
  if (seconds < 3600) return ago.format(-Math.floor(seconds / 60), "minute");
  if (seconds < 86400) return ago.format(-Math.floor(seconds / 3600), "hour");
  return day.format(then);
};
const tell = (time) => {
  const then = new Date(time.dateTime);
  time.title = date.format(then);
  time.textContent = time.classList.contains("short") ? since(then) : date.format(then);
};

const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { // no secure context, as on http beyond this computer
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
};

// What one may copy gets a button that does.
const copyable = (place) => {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    button.textContent = (await copy(place.querySelector("code").textContent)) ? "Copied" : "Not copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  place.append(button);
};

export const dress = (root) => {
  root.querySelectorAll("time").forEach(tell);
  root.querySelectorAll(".copy").forEach(copyable);
};
dress(document);

// A button that says in `data-copy` what it copies.
addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  const words = (button.dataset.words ??= button.textContent);
  button.textContent = (await copy(button.dataset.copy)) ? "Copied" : "Not copied";
  setTimeout(() => { button.textContent = words; }, 1500);
});

// What takes several requests goes on by itself.
document.querySelector("form[data-goes-on]")?.requestSubmit();

// What an address in the page leads to is opened.
const openTarget = () => {
  const place = document.getElementById(location.hash.slice(1));
  if (place?.matches("details")) place.open = true;
};
addEventListener("hashchange", openTarget);
openTarget();
