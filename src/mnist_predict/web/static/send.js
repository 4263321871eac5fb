// Sends one picture to be read and kept. Used by the queue of files and by the drawing.

const SIGNED_OUT = "Your session has ended. Sign in again in another tab, then try again.";

const wait = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));

export const newKey = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("-");

// XMLHttpRequest, as fetch does not tell how much of a large photo has been sent.
const once = (file, key, progress) => new Promise((done, fail) => {
  const form = new FormData();
  form.append("file", file, file.name || "pasted.png");
  form.append("expect", document.getElementById("expect").value);
  const request = new XMLHttpRequest();
  request.open("POST", "/uploads");
  request.responseType = "json";
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("Idempotency-Key", key);
  request.upload.onprogress = (event) => progress(event.loaded / event.total);
  request.onload = () => done(request);
  request.onerror = () => fail(new Error("The service does not answer. Check your connection."));
  request.send(form);
});

// The record as JSON. `say(words, share)` hears how far it is. A retry under the same key is the same record.
export const send = async (file, key, say) => {
  for (let attempt = 1; ; attempt += 1) {
    const request = await once(file, key, (share) => say(share < 1 ? "Sending" : "Reading", share));
    if (request.status < 300) return request.response;
    const pause = Number(request.getResponseHeader("Retry-After"));
    if (![429, 503].includes(request.status) || !pause || attempt === 4)
      throw Object.assign(
        new Error(request.status === 401 ? SIGNED_OUT : request.response?.error ?? `The service answered ${request.status}.`),
        { final: request.status < 500 && ![401, 429].includes(request.status) }, // asking again would change nothing
      );
    for (let left = Math.min(pause, 30); left > 0; left -= 1) {
      say(`Busy; retrying in ${left} s`, 0);
      await wait(1);
    }
  }
};
