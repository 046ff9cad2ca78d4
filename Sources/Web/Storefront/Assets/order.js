// The page of one order: the time that is left, what happens to it, and its cards.
import { clock, countdown, page, wait } from "./shop.js";

const order = document.querySelector("[data-page]");
const { words, state, settled, id, watched, now } = page(order);
clock.learn(now);

const left = document.querySelector("[data-expires-at]");
if (left) countdown(left, Date.parse(left.dataset.expiresAt), () => {});

// News: pushed where the connection allows it, asked for otherwise.

let isLeaving = false;
function renew(to) {
  if (to === state || isLeaving) return;
  isLeaving = true;
  location.reload();
}

async function ask() {
  const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return;
  const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-state]");
  if (found) renew(found.dataset.state);
}

async function poll() {
  for (let pause = 2000; !isLeaving; pause = Math.min(pause * 1.3, 15000)) {
    await wait(pause * (0.8 + Math.random() * 0.4));
    if (!document.hidden) await ask();
  }
}

if (!settled) {
  if (watched && window.EventSource) {
    const events = new EventSource(`/api/v1/orders/${id}/events`);
    let failures = 0;
    events.addEventListener("status", (event) => { failures = 0; renew(JSON.parse(event.data).status); });
    events.addEventListener("error", () => {
      if (++failures < 3 && events.readyState !== EventSource.CLOSED) return;
      events.close();
      poll();
    });
  } else poll();
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
}

// Copying

const said = document.querySelector("[data-said]");
async function copy(text, button) {
  try { await navigator.clipboard.writeText(text); } catch {
    // Without HTTPS there is no clipboard; the old way needs a field.
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    button.focus();
  }
  const before = button.textContent;
  button.textContent = words.copied;
  said.textContent = words.copied;
  await wait(1500);
  button.textContent = before;
  said.textContent = "";
}

const secrets = [...document.querySelectorAll("[data-secret]")];
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const own = button.closest(".key")?.querySelector("[data-secret]");
    copy(own ? own.textContent : secrets.map((secret) => secret.textContent).join("\n"), button);
  });
}
const print = document.querySelector("[data-print]");
if (print) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
}
