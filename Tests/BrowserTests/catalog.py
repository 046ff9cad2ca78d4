"""A shop as owners have it: names, pictures, notices, three categories, and products of every kind."""

import datetime

import pictures
from shop import moment

TERMS = """Keys are delivered **at once** after payment. Each key works once.

卡密付款后**立即发货**，每个卡密只能使用一次。

1. Read the description before you buy.
2. Keep your keys to yourself.
"""

DETAILS = """### 内容 / What you get

- 完整游戏本体，永久有效 — the whole game, yours for good
- 全部更新，无需另购 — every update

| 平台 | 语言 |
|---|---|
| Windows, macOS, Linux | 简体中文, English |

> 付款后立即显示卡密。Keys are shown the moment you have paid.
"""

STEPS = """1. 打开启动器，登录账号 — open the launcher and sign in
2. 选择**兑换**，填入卡密 — choose **Redeem** and paste your key
3. 下载后即可开始 — download, and off you go
"""


class Catalog:
    """Fills a shop, and knows the slugs of what the screenshots show."""

    def __init__(self, shop):
        self.shop = shop
        self.games = shop.category("games", "游戏 Games", position=1)
        self.numbers = shop.category("numbers", "靓号 Numbers", position=2)
        self.services = shop.category("services", "会员与课程 Services", position=3)
        self._settings()
        self._games()
        self._numbers()
        self._services()

    def _settings(self):
        logo = self.shop.picture(pictures.mark((30, 76, 160), (255, 214, 102)))
        self.shop.settings(
            name="晨星数卡 Daystar Keys", tagline="正版卡密，付款即发 · Digital keys, delivered the moment you pay",
            logo=logo, accent="#1e4ca0", time_zone="Asia/Shanghai", contact="help@daystar.example\nQQ 10000001",
            terms=TERMS, privacy="We keep your contact for 30 days.\n\n联系方式保留 30 天。",
            refunds="Keys that do not work are replaced.\n\n无效卡密包换。")
        self.shop.admin("POST", "/announcements", {
            "title": "周五 20:00 开售《收获季》 · “Harvest Season” opens on Friday at 20:00", "pinned": True,
            "text": "共 **500** 份，每人限购 2 份。\n\n500 keys, two for each buyer."})
        self.shop.admin("POST", "/announcements", {
            "title": "客服时间调整 · New hours of our help desk", "text": "9:00–22:00"})

    def _product(self, name, title, amount, category, cards=0, **members):
        members = {"title": title, "amount": amount, "category": category, "hidden": False} | members
        slug = self.shop.product(name, **members)
        if cards:
            letters = name.upper()[:4].ljust(4, "X")
            self.shop.cards(slug, [f"{letters}-{number * 7919 % 10000:04}-{number * 104729 % 10000:04}-KEY"
                                   for number in range(1, cards + 1)])
        return slug

    def _games(self):
        harbor = self.shop.picture(pictures.landscape(
            (26, 32, 88), (240, 138, 110), (255, 224, 150), [(92, 60, 120), (58, 42, 96), (30, 26, 66)]))
        field = self.shop.picture(pictures.landscape(
            (118, 190, 226), (250, 236, 190), (255, 250, 220), [(150, 178, 84), (112, 146, 62), (70, 110, 52)]))
        self.tales = self._product(
            "tales", "星港物语 标准版 · Starhaven Tales", 6800, self.games, cards=128, picture=harbor, position=1,
            tiers=[{"from": 2, "amount": 6400}, {"from": 5, "amount": 5900}], description=DETAILS, instructions=STEPS)
        self._product(
            "tales-gold", "星港物语 黄金版 · Starhaven Tales Gold", 12800, self.games, cards=6, position=2,
            stock_display="band", description=DETAILS)
        opens = moment(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=2, minutes=13))
        self.harvest = self._product(
            "harvest", "收获季 首发特惠 · Harvest Season, launch price", 4900, self.games, cards=500, picture=field,
            position=3, opens_at=opens, max_per_order=2, max_per_buyer=2, description=DETAILS)
        self._product("relic", "遗迹行者 珍藏版 · Relic Walker", 19900, self.games, position=4)

    def _numbers(self):
        self.lucky = self._product(
            "lucky", "自选靓号 · Pick your lucky number", 1990, self.numbers, pickable=True, position=1,
            description="号码**永久有效**，选中即锁定。\n\nThe number is yours **for ever**.",
            picture=self.shop.picture(pictures.rings(
                (250, 244, 230), [(176, 42, 55), (250, 244, 230), (176, 42, 55), (244, 190, 90), (250, 244, 230)])))
        lines = []
        for number in range(1, 73):
            digits = f"{8 if number % 5 == 0 else 6}{number * 37 % 1000:03}{number * 61 % 10000:04}"
            surcharge = 8800 if number % 9 == 0 else 2800 if number % 5 == 0 else 0
            lines.append(f"{digits[:4]} {digits[4:]}\t{surcharge}\tNUMBER-{digits}")
        self.shop.cards(self.lucky, lines, layout="pickable")

    def _services(self):
        self.drive = self._product(
            "drive", "云盘会员 365 天 · Cloud drive, one year", 16800, self.services, cards=60, position=1,
            stock_display="band", fields=[
                {"name": "account", "label": "账号邮箱 Account e-mail", "type": "email"},
                {"name": "region", "label": "区服 Region", "type": "choice", "choices": ["亚洲 Asia", "欧洲 Europe"]},
                {"name": "months", "label": "提醒月数 Reminder, months", "type": "number", "optional": True,
                 "minimum": 1, "maximum": 12}])
        self._product("music", "音乐月卡 · Music, one month", 1500, self.services, cards=340, position=2)
        self._product(
            "course", "手绘入门课 · Drawing from scratch", 9900, self.services, kind="shared", position=3,
            secret="https://course.example/enter?code=DRAW-2048")
        self._product("top-up", "游戏点券代充 · Top-up by hand", 3000, self.services, kind="manual", position=4,
                      fields=[{"name": "account", "label": "游戏账号 Game account"}])

    def expired_order(self):
        """An order of the shop's best seller whose time to pay is over."""
        self.shop.admin("PATCH", f"/products/{self.tales}", {"hold_seconds": 1})
        order = self.shop.order(self.tales, "buyer@mail.example", quantity=2)
        self.shop.admin("PATCH", f"/products/{self.tales}", {"hold_seconds": 900})
        return order
