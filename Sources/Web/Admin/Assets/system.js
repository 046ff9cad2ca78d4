// Backups that are brought in, a shop that begins anew, the books and drills. Each but the first works without it.

// Sends a file as it is, and leads on to what came of it.
function offerUpload(section) {
  const settings = JSON.parse(section.dataset.upload);
  const input = document.createElement("input");
  input.type = "file";
  const label = document.createElement("label");
  label.textContent = settings.choose;
  label.append(input);
  const bar = document.createElement("progress");
  bar.hidden = true;
  bar.value = 0;
  const told = document.createElement("p");
  told.setAttribute("role", "status");
  section.append(label, bar, told);
  input.addEventListener("change", () => {
    const file = input.files[0];
    if (!file) return;
    // Only this kind of request tells how much has been sent.
    const request = new XMLHttpRequest();
    request.open("POST", settings.address);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-Form-Token", settings.token);
    request.upload.addEventListener("progress", (event) => { bar.value = event.loaded / event.total; });
    request.addEventListener("loadend", () => {
      input.disabled = false;
      bar.hidden = true;
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* told below */ }
      if (answer.next) { location.assign(answer.next); return; }
      told.textContent = settings.failed.replace("{n}", answer.error ?? `HTTP ${request.status}`);
      input.value = "";
    });
    input.disabled = true;
    bar.hidden = false;
    told.textContent = settings.sending;
    request.send(file);
  });
}
for (const section of document.querySelectorAll("[data-upload]")) offerUpload(section);

// Waits until the shop has stopped and answers again.
async function waitForShop(address) {
  const pause = () => new Promise((resume) => setTimeout(resume, 500));
  for (let wasGone = false, looks = 0; ; looks += 1) {
    await pause();
    let isThere = false;
    try { isThere = (await fetch("/readyz", { cache: "no-store" })).ok; } catch { /* it is stopping or starting */ }
    if (!isThere) wasGone = true;
    // It may have been quicker than two looks.
    if (isThere && (wasGone || looks > 10)) { location.assign(address); return; }
  }
}
const waiting = document.querySelector("[data-wait]");
if (waiting) waitForShop(waiting.dataset.wait);

// A drill that is being held: its numbers each second, and what came of it once it has ended.
const drill = document.querySelector("[data-drill]");
if (drill) {
  const events = new EventSource("/admin/live/events");
  events.addEventListener("message", (event) => {
    const figures = JSON.parse(event.data);
    if (!figures.drill) { events.close(); location.reload(); return; }
    for (const box of document.querySelectorAll("[data-live]")) {
      if (box.dataset.live in figures) box.textContent = figures[box.dataset.live];
    }
  });
}

// What is still being counted is looked at again.
const counting = document.querySelector("[data-again]");
if (counting) setTimeout(() => location.reload(), 1000 * Number(counting.dataset.again));
