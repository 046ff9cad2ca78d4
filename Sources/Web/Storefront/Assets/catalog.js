// Keeps the stock on a list of products fresh. The page itself may come from a cache.
import { page, showStock, stock, whileSeen } from "./shop.js";

const list = document.querySelector("[data-catalog]");
if (list) {
  const { words } = page(list);
  const badges = [...list.querySelectorAll("[data-stock]")];
  const slugs = badges.map((badge) => badge.dataset.stock);
  if (slugs.length) {
    whileSeen(15000, async () => {
      const found = await stock(slugs).catch(() => null);
      for (const badge of badges) {
        const item = found?.get(badge.dataset.stock);
        if (item) showStock(badge, item.stock, words);
      }
    });
  }
}
