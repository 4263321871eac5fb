// Sends what is filled in on the page of the API, shows what comes back, and says how to send the same with curl.

const MOST = 20_000; // characters shown
const token = document.getElementById("token");

// What is filled in: where it goes, its headers and its fields.
const filledIn = (form) => {
  const { method, path } = form.dataset;
  const headers = { Accept: "application/json" };
  const query = new URLSearchParams();
  const fields = [];
  let address = path;
  for (const field of form.querySelectorAll("[name]")) {
    const place = field.dataset.in;
    if (field.type === "file") for (const file of field.files) fields.push([field.name, file]);
    else if (!field.value) continue;
    else if (place === "path") address = address.replace(`{${field.name}}`, encodeURIComponent(field.value));
    else if (place === "query") query.set(field.name, field.value);
    else if (place === "header") headers[field.name] = field.value;
    else fields.push([field.name, field.value]);
  }
  if (query.size) address += `?${query}`;
  return { method, address, headers, fields };
};

const quoted = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

// The same as a command for a shell. A value that begins with @ would be taken for a file by -F.
const command = (form) => {
  const { method, address, headers, fields } = filledIn(form);
  const parts = ["curl"];
  if (method !== "GET" && !(method === "POST" && fields.length)) parts.push(`-X ${method}`);
  if (token.value || token.closest("[data-needed]")) parts.push('-H "Authorization: Bearer $TOKEN"');
  for (const [name, value] of Object.entries(headers)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  for (const [name, value] of fields)
    parts.push(value instanceof File ? `-F ${quoted(`${name}=@${value.name}`)}` : `--form-string ${quoted(`${name}=${value}`)}`);
  parts.push(quoted(location.origin + address));
  return parts.join(" \\\n  ");
};

const tell = (form) => { form.querySelector(".command").textContent = command(form); };
const forms = [...document.querySelectorAll(".try")];
forms.forEach(tell);
for (const form of forms) form.addEventListener("input", () => tell(form));
token.addEventListener("input", () => forms.forEach(tell));

addEventListener("submit", async (event) => {
  const form = event.target;
  event.preventDefault();
  if (!form.matches(".try")) return;
  const { method, address, headers, fields } = filledIn(form);
  if (method === "DELETE" && !confirm(`Erase this for good, with its picture and its labels? ${address}\nThis cannot be undone.`)) return;
  if (token.value) headers.Authorization = `Bearer ${token.value}`;
  const body = new FormData();
  for (const [name, value] of fields) body.append(name, value);
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
