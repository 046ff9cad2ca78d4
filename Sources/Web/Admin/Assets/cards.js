// Files of cards and pictures: read here, sent as they are. What a section needs to know stands in its data attribute.

function fill(text, first = "", second = "") {
  return text.replace(/\{n\}|\{m\}/g, (place) => (place === "{n}" ? first : second));
}

function make(name, attributes = {}, text = "") {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

// Sends bytes and returns what the shop answered; throws its words when it refuses.
async function send(settings, query, type, body) {
  const headers = { "Content-Type": type, "X-Form-Token": settings.token };
  const response = await fetch(settings.address + query, { method: "POST", headers, body });
  const isJSON = (response.headers.get("Content-Type") ?? "").includes("json");
  const answer = isJSON ? await response.json() : {};
  if (!response.ok) throw new Error(answer.error ?? `HTTP ${response.status}`);
  return answer;
}

// A labelled chooser of a file, and a line that tells what happens.
function addChooser(section, label, accept) {
  const input = make("input", { type: "file", accept });
  // The same file, once it was mended, is a choice again.
  input.addEventListener("click", () => { input.value = ""; });
  const caption = make("label", {}, label);
  caption.append(input);
  const field = make("div", { class: "field" });
  field.append(caption);
  const output = make("p", { role: "status" });
  section.append(field, output);
  return { input, output };
}

function offerPicture(section, settings) {
  const { words } = settings;
  const { input, output } = addChooser(section, words.choosePicture, "image/png,image/jpeg,image/webp,image/gif");
  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (!file) return;
    try {
      const { path } = await send(settings, "", "application/octet-stream", file);
      const target = document.querySelector('form[data-form="product"] [name="picture"]');
      if (target) target.value = path;
      output.textContent = fill(words.pictureDone, path);
    } catch (error) {
      output.textContent = fill(words.failed, error.message);
    }
  });
}

// How the text is written. Whoever only sees its beginning may have to guess.
function charset(bytes) {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return "utf-8";
  } catch {
    return "gb18030";
  }
}

// A line break is the same byte in either charset.
function countLines(bytes) {
  let lines = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines += 1;
  return bytes.length > 0 && bytes.at(-1) !== 10 ? lines + 1 : lines;
}

// Sends a file in one request. The shop answers with lines of JSON while it works: each is handed to `tell`, and the
// last one is returned. Throws the shop's words when it refuses, and nothing but `lost` when the connection ends.
function stream(settings, query, text, { sent, tell }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let [read, last] = [0, {}];
    const take = () => {
      const end = request.responseText.lastIndexOf("\n") + 1;
      for (const line of request.responseText.slice(read, end).split("\n")) {
        if (line) tell((last = JSON.parse(line)));
      }
      read = end;
    };
    const refuse = (message) => reject(Object.assign(new Error(message), { lost: !message }));
    request.open("POST", settings.address + query);
    request.setRequestHeader("Content-Type", text.type);
    request.setRequestHeader("X-Form-Token", settings.token);
    request.upload.addEventListener("progress", (event) => sent(event.loaded, event.total));
    request.addEventListener("error", () => refuse(""));
    request.addEventListener("progress", () => { if (request.status === 200) take(); });
    request.addEventListener("load", () => {
      if (request.status !== 200) {
        const isJSON = (request.getResponseHeader("Content-Type") ?? "").includes("json");
        return refuse((isJSON && JSON.parse(request.responseText).error) || `HTTP ${request.status}`);
      }
      take();
      return last.done ? resolve(last) : refuse(last.error ?? "");
    });
    request.send(text.bytes);
  });
}

// What a page says of a file on its way: a bar, a line, and the lines of the file that were skipped.
function addReport(section, words) {
  const bar = make("progress", { "aria-label": words.chooseFile, value: "0", max: "1" });
  const list = make("ul", { class: "lines", tabindex: "0" });
  section.append(bar, list);
  bar.hidden = true;
  list.hidden = true;
  return {
    begin() {
      bar.removeAttribute("value");
      bar.hidden = false;
      list.hidden = true;
    },
    move(line, lines) {
      bar.max = lines;
      bar.value = line;
    },
    end({ lines = [], duplicates = 0, rejected = 0 } = {}) {
      bar.hidden = true;
      list.replaceChildren(...lines.map(({ line, reason }) => make("li", {}, `${words.line} ${line}: ${reason}`)));
      const unlisted = duplicates + rejected - lines.length;
      if (unlisted > 0) list.append(make("li", {}, fill(words.unlisted, unlisted)));
      list.hidden = list.children.length === 0;
    },
  };
}

// Batches, cards and stock as they are now, and the form that takes a batch out again.
async function refresh(batch) {
  const response = await fetch(location.pathname, { headers: { Accept: "text/html" } });
  if (!response.ok) return null;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const place of ["h1", "#batches", "#card-list"]) {
    const [old, now] = [document.querySelector(place), fresh.querySelector(place)];
    if (old && now) old.replaceWith(now);
  }
  return document.querySelector(`#batches form[action="/admin/batches/${batch}/undo"]`)?.cloneNode(true);
}

function offerImport(section, settings) {
  const { words } = settings;
  const { input, output } = addChooser(section, words.chooseFile, ".txt,.csv,.tsv,text/plain");
  const layout = make("select", { "aria-label": words.layout });
  const layouts = settings.pickable ? ["plain", "pickable", "csv"] : ["plain", "csv"];
  for (const value of layouts) layout.append(make("option", { value }, words[`layout_${value}`]));
  const report = addReport(section, words);
  const button = make("button", { type: "button" }, words.import);
  const actions = make("p", { class: "actions" });
  const undo = make("div", { class: "actions" });
  actions.append(button);
  section.append(layout, actions, undo);
  button.disabled = true;
  let text = null;

  // Sends the file, to be looked at or to be stored; tells how far the shop is, and returns its report.
  const send = async (query, word) => {
    for (const control of [button, input, layout]) control.disabled = true;
    report.begin();
    undo.replaceChildren();
    try {
      return await stream(settings, query, text, {
        sent: (bytes, all) => {
          if (bytes < all) output.textContent = fill(words.sending, Math.floor(100 * bytes / all));
        },
        tell: (line) => {
          if (line.error) return;
          Object.assign(text, { imported: line.imported, batch: line.batch });
          report.move(line.line, text.lines);
          output.textContent = fill(word, Math.min(line.line, text.lines), text.lines);
        },
      });
    } finally {
      for (const control of [input, layout]) control.disabled = false;
    }
  };

  const check = async () => {
    const file = input.files[0];
    button.disabled = true;
    report.end();
    undo.replaceChildren();
    if (!file) return;
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      text = { bytes, lines: countLines(bytes), type: `text/plain; charset=${charset(bytes)}` };
      const found = await send(`?dry_run=1&layout=${layout.value}`, words.checking);
      report.end(found);
      output.textContent = fill(words.checked, found.imported, found.duplicates + found.rejected);
      button.disabled = found.imported === 0;
    } catch (error) {
      report.end();
      output.textContent = fill(words.failed, error.lost ? words.cut : error.message);
    }
  };
  input.addEventListener("change", check);
  layout.addEventListener("change", check);

  button.addEventListener("click", async () => {
    Object.assign(text, { imported: 0, batch: null });
    try {
      const made = await send(`?layout=${layout.value}`, words.progress);
      report.end(made);
      output.textContent = fill(words.finished, made.imported, made.duplicates + made.rejected);
    } catch (error) {
      report.end();
      output.textContent = error.lost
        ? fill(words.lost, text.imported)
        : `${fill(words.finished, text.imported, 0)} ${fill(words.failed, error.message)}`;
      button.disabled = false;
    }
    const form = await refresh(text.batch).catch(() => null);
    if (form) undo.append(form);
  });
}

for (const section of document.querySelectorAll("[data-picture]")) {
  offerPicture(section, JSON.parse(section.dataset.picture));
}
for (const section of document.querySelectorAll("[data-import]")) {
  offerImport(section, JSON.parse(section.dataset.import));
}
