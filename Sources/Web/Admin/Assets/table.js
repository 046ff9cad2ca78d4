// Tables of products and coupons: sent once to be looked at, and once more to be done.

function fill(text, first = "", second = "") {
  return text.replace(/\{n\}|\{m\}/g, (place) => (place === "{n}" ? first : second));
}

function make(name, attributes = {}, text = "") {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

// Sends the file and returns what the shop answered; throws its words when it refuses.
async function send(settings, query, file) {
  const headers = { "Content-Type": "text/csv", "X-Form-Token": settings.token };
  const response = await fetch(settings.address + query, { method: "POST", headers, body: file });
  const isJSON = (response.headers.get("Content-Type") ?? "").includes("json");
  const answer = isJSON ? await response.json() : {};
  if (!response.ok) throw new Error(answer.error ?? `HTTP ${response.status}`);
  return answer;
}

// What becomes of a row, one part a line.
function parts(row) {
  if (row.kind === "faulty") {
    return row.faults.map(({ label, field, reason }) => (field ? `${label} (${field}): ${reason}` : reason));
  }
  return row.changes.map(({ label, field, from, to }) =>
    row.kind === "new" ? `${label} (${field}): ${to}` : `${label} (${field}): ${from} → ${to}`);
}

function offer(section, settings) {
  const { words } = settings;
  const input = make("input", { type: "file", accept: ".csv,text/csv" });
  // The same file, once it was mended, is a choice again.
  input.addEventListener("click", () => { input.value = ""; });
  const caption = make("label", {}, words.file);
  caption.append(input);
  const field = make("div", { class: "field" });
  field.append(caption);
  const output = make("p", { role: "status" });
  const rows = make("ul", { "data-rows": "" });
  const button = make("button", { type: "button" }, words.apply);
  const actions = make("p", { class: "actions" });
  actions.append(button);
  section.append(field, output, rows, actions);
  actions.hidden = true;
  let plan = "";

  const show = (report) => {
    output.textContent = fill(words.found, report.new, report.changed)
      + (report.faulty > 0 ? ` ${fill(words.faulty, report.faulty)}` : "")
      + (report.new + report.changed + report.faulty === 0 ? ` ${words.nothing}` : "");
    for (const row of report.rows) {
      const kind = row.kind === "faulty" ? "" : ` · ${words[row.kind]}`;
      const item = make("li", { "data-kind": row.kind }, `${words.row} ${row.row} · ${row.key}${kind}`);
      const list = make("ul");
      for (const part of parts(row)) list.append(make("li", {}, part));
      item.append(list);
      rows.append(item);
    }
    if (report.unlisted > 0) rows.append(make("li", {}, fill(words.more, report.unlisted)));
    plan = report.plan;
    actions.hidden = report.faulty > 0 || report.new + report.changed === 0;
  };

  const run = async (query, done) => {
    const [file] = input.files;
    rows.replaceChildren();
    actions.hidden = true;
    output.textContent = "";
    if (!file) return;
    input.disabled = true;
    try {
      done(await send(settings, query, file));
    } catch (error) {
      output.textContent = fill(words.failed, error.message);
    }
    input.disabled = false;
  };

  input.addEventListener("change", () => run("", show));
  button.addEventListener("click", () => run(`?plan=${plan}`, (report) => {
    output.textContent = fill(words.done, report.new, report.changed);
    const link = make("a", { href: location.pathname }, words.look);
    output.append(" ", link);
  }));
}

for (const section of document.querySelectorAll("[data-table]")) offer(section, JSON.parse(section.dataset.table));
