// Files of cards and pictures: read here, sent as they are. What a section needs to know stands in its data attribute.

// Lines that are sent at once, so that the bar moves and orders go first.
const SLICE_LINES = 1000;

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

// How the text is written: without a word of it each slice would be judged alone.
function charset(bytes) {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return "utf-8";
  } catch {
    return "gb18030";
  }
}

// Where slices begin, and the end. A line break is the same byte in either charset.
function cuts(bytes) {
  const places = [0];
  let lines = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) {
    lines += 1;
    if (lines % SLICE_LINES === 0) places.push(at + 1);
  }
  if (places.at(-1) !== bytes.length) {
    places.push(bytes.length);
    lines += 1;
  }
  return { places, lines };
}

function offerImport(section, settings) {
  const { words } = settings;
  const { input, output } = addChooser(section, words.chooseFile, ".txt,.csv,.tsv,text/plain");
  const layout = make("select", { "aria-label": "layout" });
  for (const value of ["plain", "pickable"]) layout.append(make("option", { value }, words[`layout_${value}`]));
  layout.hidden = !settings.pickable;
  const list = make("ul");
  const bar = make("progress", { value: "0", max: "1" });
  const button = make("button", { type: "button" }, words.import);
  const actions = make("p", { class: "actions" });
  actions.append(button);
  section.append(layout, list, bar, actions);
  bar.hidden = true;
  button.disabled = true;
  let text = null;

  const tellLines = (lines, first) => {
    for (const { line, reason } of lines) {
      if (list.children.length < 20) list.append(make("li", {}, `${words.line} ${line + first}: ${reason}`));
    }
  };

  const check = async () => {
    const file = input.files[0];
    button.disabled = true;
    list.replaceChildren();
    if (!file) return;
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      text = { bytes, type: `text/plain; charset=${charset(bytes)}` };
      const report = await send(settings, `?dry_run=1&layout=${layout.value}`, text.type, bytes);
      output.textContent = fill(words.checked, report.imported, report.duplicates + report.rejected);
      tellLines(report.lines, 0);
      button.disabled = report.imported === 0;
    } catch (error) {
      output.textContent = fill(words.failed, error.message);
    }
  };
  input.addEventListener("change", check);
  layout.addEventListener("change", check);

  button.addEventListener("click", async () => {
    const { bytes, type } = text;
    const { places, lines } = cuts(bytes);
    const batches = [];
    let [imported, skipped] = [0, 0];
    for (const control of [button, input, layout]) control.disabled = true;
    list.replaceChildren();
    bar.hidden = false;
    try {
      for (let index = 0; index + 1 < places.length; index += 1) {
        const slice = bytes.subarray(places[index], places[index + 1]);
        const report = await send(settings, `?layout=${layout.value}`, type, slice);
        imported += report.imported;
        skipped += report.duplicates + report.rejected;
        if (report.imported > 0) batches.push(report.batch);
        tellLines(report.lines, index * SLICE_LINES);
        bar.value = places[index + 1] / bytes.length;
        output.textContent = fill(words.progress, Math.min(lines, (index + 1) * SLICE_LINES), lines);
      }
      output.textContent = fill(words.finished, imported, skipped);
    } catch (error) {
      output.textContent = `${fill(words.finished, imported, skipped)} ${fill(words.failed, error.message)}`;
    }
    for (const batch of batches) {
      const item = make("li");
      item.append(make("a", { href: `?batch=${batch}#cards` }, `${words.batch} ${batch}`));
      list.append(item);
    }
    for (const control of [input, layout]) control.disabled = false;
  });
}

for (const section of document.querySelectorAll("[data-picture]")) {
  offerPicture(section, JSON.parse(section.dataset.picture));
}
for (const section of document.querySelectorAll("[data-import]")) {
  offerImport(section, JSON.parse(section.dataset.import));
}
