// The page of one product: fresh stock, the countdown, the price as it is typed, and the order itself.
import { clock, countdown, fill, money, page, showStock, stock, wait, whileSeen } from "./shop.js";

const form = document.querySelector("form[data-page]");
const data = page(form);
const { words } = data;
const button = form.querySelector("[data-submit]");
const badge = document.querySelector("[data-stock]");
const total = form.querySelector("[data-total]");
const lines = form.querySelector("[data-lines]");
const checked = form.querySelector("[data-checked]");
const alertBox = form.querySelector("[data-alert]");
const status = form.querySelector("[data-status]");
let isSoldOut = data.soldOut;
let isOpen = data.open;
let isBusy = false;

// A key a page: whatever happens to the answer, the same try finds the same order.
const key = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

function refresh() {
  button.disabled = isBusy || !isOpen || isSoldOut;
  button.textContent = isBusy ? words.placing : isSoldOut ? words.stockNone : !isOpen ? words.notOpen : words.placeOrder;
  document.querySelector("[data-sold-out]")?.toggleAttribute("hidden", !isSoldOut || !isOpen);
}

// Stock and opening

whileSeen(5000, async () => {
  const item = (await stock([data.slug]).catch(() => null))?.get(data.slug);
  if (!item) return;
  showStock(badge, item.stock, words);
  isOpen = item.on_sale;
  isSoldOut = item.stock.band === "none" || item.stock.available === 0;
  if (isOpen) document.querySelector("[data-opening]")?.setAttribute("hidden", "");
  refresh();
});

const opening = document.querySelector("[data-opens-at]");
if (opening) {
  // First the server's clock, then the seconds.
  stock([data.slug]).catch(() => null).then(() => {
    countdown(opening, Date.parse(opening.dataset.opensAt), () => {
      isOpen = true;
      document.querySelector("[data-opening]")?.setAttribute("hidden", "");
      refresh();
    });
  });
}

// The price

const picks = () => [...form.querySelectorAll("input[name=cards]:checked")];

function quantity() {
  const picked = picks().length;
  const box = form.elements.quantity;
  if (picked) box.value = picked;
  box.readOnly = picked > 0;
  return picked || Number(box.value) || 0;
}

function estimate() {
  const units = quantity();
  const tier = data.tiers.filter((tier) => tier.from <= units).at(-1);
  const extra = picks().reduce((sum, pick) => sum + Number(pick.dataset.surcharge), 0);
  return units * (tier?.amount ?? data.unit) + extra;
}

let asked = 0;
async function price() {
  const turn = ++asked;
  total.textContent = money(estimate(), data.money);
  lines.replaceChildren();
  checked.textContent = words.notConfirmed;
  const counter = form.querySelector("[data-picked]");
  if (counter) counter.textContent = picks().length ? fill(words.picked, picks().length) : "";
  await wait(300);
  if (turn !== asked || quantity() < 1) return;
  const coupon = form.elements.coupon.value.trim();
  const body = { product: data.slug, quantity: quantity() };
  if (picks().length) body.cards = picks().map((pick) => pick.value);
  if (coupon) body.coupon = coupon;
  const answer = await fetch("/api/v1/orders/quote", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), credentials: "omit",
  }).catch(() => null);
  if (turn !== asked || !answer) return;
  const quote = await answer.json();
  if (!answer.ok) return explain(quote);
  for (const name of ["quantity", "coupon", "cards"]) mark(name, "");
  total.textContent = money(quote.amount, data.money);
  lines.replaceChildren(...(quote.lines.length > 1 ? quote.lines.map(line) : []));
  if (quote.channels) offer(quote.channels);
  checked.textContent = words.pricesChecked;
}

/** Shows the channels that take the amount. */
function offer(names) {
  const options = [...form.querySelectorAll("input[name=channel]")];
  for (const option of options) {
    option.disabled = !names.includes(option.value);
    option.closest("label").hidden = option.disabled;
  }
  const open = options.filter((option) => !option.disabled);
  if (open.length && !open.some((option) => option.checked)) open[0].checked = true;
  mark("channel", open.length || !options.length ? "" : words.bad_channel);
}

function line(part) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  const amount = document.createElement("span");
  const preview = form.querySelector(`input[name=cards][value="${CSS.escape(part.card ?? "")}"]`)?.dataset.preview ?? part.card;
  name.textContent = {
    goods: fill(words.lineGoods, part.quantity, data.title), tier: fill(words.lineTier, part.from),
    pick: fill(words.linePick, preview), coupon: fill(words.lineCoupon, part.coupon),
  }[part.kind] ?? part.kind;
  amount.textContent = money(part.amount, data.money);
  item.append(name, amount);
  return item;
}

form.addEventListener("input", (event) => {
  if (["quantity", "coupon", "cards"].includes(event.target.name)) price();
  if (event.target.getAttribute("aria-invalid")) mark(event.target.name, "");
});

// More cards to pick

const more = form.querySelector("[data-more]");
more?.addEventListener("click", async (event) => {
  event.preventDefault();
  const answer = await fetch(`/api/v1/products/${data.slug}/cards?limit=60&after=${more.dataset.more}`, { credentials: "omit" });
  if (!answer.ok) return;
  const { items, next } = await answer.json();
  const pattern = form.querySelector("[data-pick]");
  for (const card of items) {
    const option = pattern.cloneNode(true);
    const box = option.querySelector("input");
    Object.assign(box, { value: card.id, checked: false });
    Object.assign(box.dataset, { surcharge: card.surcharge ?? 0, preview: card.preview ?? card.id });
    option.querySelector("[data-name]").textContent = card.preview ?? card.id;
    option.querySelector("[data-extra]").textContent = card.surcharge ? `+${money(card.surcharge, data.money)}` : "";
    pattern.parentNode.append(option);
  }
  if (next) more.dataset.more = next; else more.hidden = true;
});

// Errors

/** Puts an error beside its field, or takes it away. True when there is such a field. */
function mark(name, text) {
  const error = form.querySelector(`[data-error="${CSS.escape(name)}"]`);
  if (!error) return false;
  error.textContent = text;
  error.hidden = !text;
  const field = form.querySelector(`[name="${CSS.escape(name)}"]`);
  if (field) { if (text) field.setAttribute("aria-invalid", "true"); else field.removeAttribute("aria-invalid"); }
  return true;
}

function fieldText(name, problem) {
  const value = form.elements[name]?.value ?? "";
  if (name.startsWith("fields.")) return value === "" ? words.bad_missing : words.bad_field;
  return fill(words[`bad_${name}`] ?? problem.detail, data.perOrder);
}

function say(text) {
  alertBox.textContent = text;
  alertBox.hidden = !text;
}

function explain(problem) {
  const field = problem.field;
  if (problem.code === "sold_out") isSoldOut = true;
  if (field && mark(field, fieldText(field, problem))) return say("");
  say(words[`error_${problem.code}`] ?? words.error_other);
}

// The order

function request() {
  const values = new FormData(form);
  const body = { product: data.slug, contact: values.get("contact"), channel: values.get("channel") ?? "" };
  const cards = values.getAll("cards");
  if (cards.length) body.cards = cards; else body.quantity = Number(values.get("quantity"));
  for (const name of ["query_password", "coupon"]) if (values.get(name)) body[name] = values.get(name).trim();
  const fields = {};
  for (const [name, value] of values) if (name.startsWith("fields.") && value) fields[name.slice(7)] = value;
  if (Object.keys(fields).length) body.fields = fields;
  return JSON.stringify(body);
}

async function place() {
  const body = request();
  for (let round = 1; ; round++) {
    const answer = await fetch("/api/v1/orders", {
      method: "POST", headers: { "Content-Type": "application/json", "Idempotency-Key": key }, body,
    }).catch(() => null);
    // What may still come true is asked again under the same key: it can never become two orders.
    const mayWork = !answer || [429, 502, 503, 504].includes(answer.status);
    if (!mayWork || round === 20) return answer;
    status.textContent = fill(answer ? words.retrying : words.error_offline, round);
    const pause = Number(answer?.headers.get("Retry-After") ?? 1) * 1000;
    await wait(Math.min(pause * round, 5000) * (0.75 + Math.random() / 2));
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (isBusy) return;
  say("");
  form.querySelectorAll("[data-error]").forEach((error) => mark(error.dataset.error, ""));
  const missing = [...form.elements].filter((field) => field.required && !field.value.trim());
  for (const field of missing) mark(field.name, words.bad_missing);
  if (missing.length) return missing[0].focus();
  isBusy = true;
  refresh();
  const answer = await place();
  status.textContent = "";
  const body = await answer?.json().catch(() => null);
  if (answer?.ok) return location.assign(`/orders/${body.id}${data.lang}`);
  isBusy = false;
  if (body) explain(body); else say(words.error_offline);
  refresh();
  (form.querySelector("[aria-invalid=true]") ?? alertBox).focus();
});

// Back from the order, the page may be an old one.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
form.noValidate = true;
for (const hint of document.querySelectorAll("[data-with-script]")) hint.hidden = false;
refresh();
price();
