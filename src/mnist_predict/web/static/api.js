// Sends what is filled in on the page of the API and shows what comes back.

const MOST = 20_000; // characters shown

addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches(".try")) return;
  event.preventDefault();
  const { method, path } = form.dataset;
  const headers = { Accept: "application/json" };
  const query = new URLSearchParams();
  const body = new FormData();
  let address = path;
  for (const field of form.querySelectorAll("[name]")) {
    const place = field.dataset.in;
    if (field.type === "file") for (const file of field.files) body.append(field.name, file, file.name);
    else if (!field.value) continue;
    else if (place === "path") address = address.replace(`{${field.name}}`, encodeURIComponent(field.value));
    else if (place === "query") query.set(field.name, field.value);
    else if (place === "header") headers[field.name] = field.value;
    else body.append(field.name, field.value);
  }
  if (query.size) address += `?${query}`;
  const place = form.querySelector(".answer-of");
  place.textContent = "Sending …";
  const start = performance.now();
  try {
    const answer = await fetch(address, { method, headers, body: method === "GET" ? undefined : body });
    const kind = answer.headers.get("Content-Type") ?? "";
    const line = document.createElement("p");
    line.className = "soft";
    let shown;
    if (kind.startsWith("image/")) {
      shown = new Image();
      shown.src = URL.createObjectURL(await answer.blob());
      shown.alt = "The picture in the answer";
    } else {
      const text = await answer.text();
      shown = document.createElement("pre");
      shown.tabIndex = 0;
      shown.textContent = (kind === "application/json" ? JSON.stringify(JSON.parse(text), null, 2) : text).slice(0, MOST);
    }
    line.textContent = `${answer.status} ${kind}, ${Math.round(performance.now() - start)} ms`;
    place.replaceChildren(line, shown);
  } catch {
    place.textContent = "The service does not answer.";
  }
});
