// What several pages need.

/** Words and settings that the server wrote into an element, as JSON in `data-page`. */
export const page = (element) => JSON.parse(element.dataset.page);

/** A word with what belongs in its places. */
export const fill = (word, n = "", m = "") => word.replaceAll("{n}", n).replaceAll("{m}", m);

/** An amount as the server writes it. */
export function money(amount, { prefix, suffix, decimals }) {
  const digits = String(Math.abs(amount)).padStart(decimals + 1, "0");
  const split = digits.length - decimals;
  const whole = digits.slice(0, split).replace(/\B(?=(\d{3})+$)/g, ",");
  const text = decimals ? `${whole}.${digits.slice(split)}` : whole;
  return `${amount < 0 ? "−" : ""}${prefix}${text}${suffix}`;
}

/** Milliseconds that the server's clock is before this one's. Moments on pages are the server's. */
export const clock = {
  offset: 0,
  learn(text) { if (text) this.offset = Date.parse(text) - Date.now(); },
  now() { return Date.now() + this.offset; },
};

const two = (number) => String(number).padStart(2, "0");

/** `1:02:03`, or `02:03`; days before it when there are some. */
export function span(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const days = Math.floor(seconds / 86400);
  const hours = Math.floor((seconds % 86400) / 3600);
  const rest = `${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
  return `${days ? `${days} d ` : ""}${days || hours ? `${two(hours)}:` : ""}${rest}`;
}

/** Shows the time left to a moment each second; calls `done` once when it has come. */
export function countdown(element, moment, done) {
  const show = () => {
    const left = moment - clock.now();
    element.textContent = span(left);
    if (left > 0) return;
    clearInterval(timer);
    done();
  };
  const timer = setInterval(show, 250);
  show();
}

export const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** Puts what is left of a product into its badge. */
export function showStock(badge, stock, words) {
  const band = stock.mode === "band" ? stock.band
    : stock.mode === "counted" ? (stock.available === 0 ? "none" : stock.available < 10 ? "few" : "many")
    : stock.mode === "hidden" ? "hidden" : "many";
  badge.className = `stock ${band}`;
  badge.textContent = stock.mode === "counted" && stock.available > 0 ? fill(words.stockCounted, stock.available)
    : stock.mode === "endless" ? words.stockEndless
    : { none: words.stockNone, few: words.stockFew, some: words.stockSome, many: words.stockMany, hidden: "" }[band];
}

/** What is left of some products now, by slug. */
export async function stock(slugs) {
  const answer = await fetch(`/api/v1/stock?products=${slugs.join(",")}`, { credentials: "omit" });
  if (!answer.ok) return null;
  const { items, server_time } = await answer.json();
  clock.learn(server_time);
  return new Map(items.map((item) => [item.slug, item]));
}

/** Calls again and again while somebody looks, and at once when somebody comes back. */
export function whileSeen(milliseconds, look) {
  const run = () => { if (!document.hidden) look(); };
  setInterval(run, milliseconds);
  document.addEventListener("visibilitychange", run);
  run();
}
