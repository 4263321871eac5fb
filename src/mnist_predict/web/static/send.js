// Sends one picture to be read and kept. Used by the queue of files and by the drawing.

const wait = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));

export const newKey = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("-");

// What is wrong with what is expected, beside its field; null: nothing any more.
const expected = document.getElementById("expect");
export const tellExpected = (words, takesFocus = true) => {
  const mistake = document.getElementById("expect-mistake");
  const isNew = words && mistake.textContent !== words;
  mistake.textContent = words ?? "";
  mistake.hidden = !words;
  if (words) expected.setAttribute("aria-invalid", "true");
  else expected.removeAttribute("aria-invalid");
  if (!isNew) return;
  expected.closest("details").open = true;
  if (takesFocus) expected.focus();
};
expected.addEventListener("input", () => tellExpected(null));

// XMLHttpRequest, as fetch does not tell how much of a large photo has been sent.
const once = (file, key, progress, signal) => new Promise((done, fail) => {
  const form = new FormData();
  form.append("file", file, file.name || "pasted.png");
  form.append("expect", expected.value);
  const request = new XMLHttpRequest();
  request.open("POST", "/uploads");
  request.responseType = "json";
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("Idempotency-Key", key);
  request.upload.onprogress = (event) => progress(event.loaded / event.total);
  request.onload = () => done(request);
  request.onerror = () => fail(new Error("The service does not answer. Check your connection."));
  request.onabort = () => fail(new Error("Cancelled"));
  signal?.addEventListener("abort", () => request.abort());
  request.send(form);
});

// The record as JSON. `say(words, share)` hears how far it is. A retry under the same key is the same record.
// What is wrong with what is expected is told at its field, too.
export const send = async (file, key, say, signal) => {
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    const request = await once(file, key, (share) => say(share < 1 ? "Sending" : "Reading", share), signal);
    if (request.status < 300) return request.response;
    if (request.response?.field === "expect") {
      tellExpected(request.response.error);
      throw new Error("Not read: see what is expected.");
    }
    const pause = Number(request.getResponseHeader("Retry-After"));
    if (![429, 503].includes(request.status) || !pause || attempt === 4)
      throw Object.assign(
        new Error(request.response?.error ?? `The service answered ${request.status}.`),
        { final: request.status < 500 && ![401, 429].includes(request.status) }, // asking again would change nothing
      );
    for (let left = Math.min(pause, 30); left > 0; left -= 1) {
      say(`Busy; retrying in ${left} s`, 0);
      await wait(1);
    }
  }
};
