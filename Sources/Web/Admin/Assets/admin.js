// Small help on the owner's pages. Each works without it, unless it says so.

// Asks before what cannot be taken back.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});

// On a phone the menu is a row that scrolls: the page's own entry is to be seen.
const current = document.querySelector(".side nav [aria-current]");
const row = current?.parentElement;
if (row && row.scrollWidth > row.clientWidth) {
  row.scrollLeft = current.offsetLeft - row.offsetLeft - (row.clientWidth - current.offsetWidth) / 2;
}

// The live sale: numbers that the shop pushes each second, and a curve of the last two minutes.
const sale = document.querySelector("[data-sale]");
if (sale) {
  const words = JSON.parse(sale.dataset.sale);
  const curve = document.querySelector("[data-curve]");
  const rates = [];
  const events = new EventSource("/admin/live/events");
  const health = document.querySelector('[data-live="health"]');
  const books = document.querySelector("[data-books]");
  const list = (name) => {
    const made = document.createElement("ul");
    made.className = "checks";
    made.setAttribute("aria-label", name);
    books.append(made);
    return made;
  };
  const lists = { now: list(books.dataset.books), books: list(books.dataset.books) };
  // Green or red, and readable without either.
  const tellChecks = (where, checks) => {
    lists[where].replaceChildren(...Object.entries(checks).map(([name, isRight]) => {
      const item = document.createElement("li");
      item.className = `badge ${isRight ? "good" : "bad"}`;
      item.textContent = `${isRight ? "✓" : "✗"} ${words[name] ?? name}`;
      return item;
    }));
  };
  const tell = (text, tone) => { health.textContent = text; health.parentElement.className = tone; };
  events.addEventListener("message", (event) => {
    const figures = JSON.parse(event.data);
    for (const box of document.querySelectorAll("[data-live]")) {
      if (box.dataset.live in figures) box.textContent = figures[box.dataset.live];
    }
    tell(figures.writable ? words.writable : words.stopped, figures.writable ? "good" : "bad");
    tellChecks("now", figures.now);
    if (figures.books) tellChecks("books", figures.books);
    rates.push(Number(figures.rate));
    if (rates.length > 120) rates.shift();
    const largest = Math.max(...rates, 1);
    curve.setAttribute("points", rates.map((rate, index) => `${index * 6},${150 - 140 * rate / largest}`).join(" "));
  });
  events.addEventListener("error", () => tell(words.lost, "bad"));
}
