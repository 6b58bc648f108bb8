import { expect } from "chai";
import { chainContent, optionChain } from "../../../src/page/optionChain.ts";
import type { Overview } from "../../../src/page/Overview.ts";
import { PageServer, type PageContent } from "../../../src/page/PageServer.ts";
import { shown as asJson, type Shown } from "../../../src/page/shown.ts";
import { toHex } from "../../../src/crypto/bytes.ts";
import { Chromium } from "../../support/page/Chromium.ts";
import { CURRENCIES, disputeScene, type DisputeScene } from "../../support/page/disputeScene.ts";
import { optionState, withExpiry } from "../../support/page/optionState.ts";

type ShownOverview = Shown<Overview>;

/** What is read of a document: the elements of a tag with their attributes and text, in order. */
function elements(html: string, tag: string): { readonly attributes: string; readonly text: string }[] {
  return [...html.matchAll(new RegExp(`<${tag}\\b([^>]*)>(.*?)</${tag}>`, "gs"))].map(([, attributes, inner]) => ({
    attributes: attributes!,
    text: textOf(inner!),
  }));
}

function textOf(html: string): string {
  return html
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
}

function attribute(attributes: string, name: string): string | undefined {
  return new RegExp(`${name}="([^"]*)"`).exec(attributes)?.[1];
}

/** The part of the document below the section of that id. */
function section(html: string, id: string): string {
  const start = html.indexOf(`id="${id}"`);
  expect(start, `the section ${id}`).to.be.greaterThan(-1);
  return html.slice(start, html.indexOf("</section>", start));
}

describe("Scenario: the page in a browser, while a dispute goes on", () => {
  let browser: Chromium;
  let dispute: DisputeScene;
  let overview: ShownOverview;
  let content: { -readonly [Name in keyof PageContent]: PageContent[Name] };
  let server: PageServer;
  let html: string;

  before(async function () {
    const found = Chromium.find();
    if (found === undefined) {
      console.log("skipped: no Chromium at TENOR_CHROMIUM or /usr/bin/chromium");
      return this.skip();
    }
    browser = found;
    dispute = await disputeScene();
    await dispute.keeper.update();
    const read = JSON.parse(dispute.keeper.json!) as ShownOverview;
    // The scene's accounts trade nothing; what the page shows of options is made here, from a state with positions.
    const now = BigInt(read.now);
    const day = Number(now / 86_400n) + 20;
    const state = optionState(
      [
        [
          [2, day, 3_000n, "C", 5n],
          [2, day, 2_800n, "P", -2n],
        ],
        [
          [2, day, 3_000n, "C", -5n],
          [2, day, 2_800n, "P", 2n],
        ],
      ],
      now - 5n,
    );
    const chain = chainContent(withExpiry(state, [2, day], { forward: 3_020n }));
    const markets = optionChain(chain, { now, currencies: CURRENCIES });
    overview = { ...read, markets: asJson(markets) };
    content = { json: JSON.stringify(overview), problem: undefined };
    server = await PageServer.listen(content);
    html = await browser.dom(server.url);
    const folder = process.env.TENOR_SCREENSHOTS;
    if (folder !== undefined) {
      await browser.screenshot(server.url, `${folder}/light.png`, { size: [1280, 3400] });
      await browser.screenshot(server.url, `${folder}/dark.png`, { size: [1280, 3400], dark: true });
      await browser.screenshot(server.url, `${folder}/narrow.png`, { size: [500, 3000] });
    }
  });

  after(async () => {
    await server?.close();
  });

  it("names what needs attention first, the most urgent at the top, with its deadline", () => {
    const items = elements(section(html, "attention"), "li");
    expect(items.map(({ attributes }) => attribute(attributes, "data-code"))).to.deep.equal(
      overview.attention.map(({ code }) => code),
    );
    const open = items.find(({ attributes }) => attribute(attributes, "data-code") === "game open")!;
    expect(open.text).to.match(/^warning game open : 3 rivals dispute: .* in \d+ (h|min|s)/);
  });

  it("draws the assertion tree: who has staked on what, and what this node says of it", () => {
    const boxes = [...section(html, "assertions").matchAll(/<g [^>]*data-assertion[^>]*>.*?<\/g>/gs)].map(([g]) => g);
    expect(boxes).to.have.length(overview.assertions.rows.length);
    expect(boxes.map((box) => `${attribute(box, "data-state")} ${attribute(box, "data-verdict")}`)).to.deep.equal([
      "confirmed right",
      "disputed wrong",
      "disputed wrong",
      "disputed right",
    ]);
    const liar = dispute.liars[0]!.signer.address;
    expect(textOf(boxes[1]!)).to.contain(`by ${liar.slice(0, 6)}…${liar.slice(-4)}`);
    expect(section(html, "assertions")).to.contain("<caption><span>The same assertions</span></caption>");
  });

  it("draws each node of the dispute with its holder and its clock, and says how far it is narrowed", async () => {
    const part = section(html, "disputes");
    const boxes = [...part.matchAll(/<g [^>]*data-node[^>]*>.*?<\/g>/gs)].map(([g]) => g);
    const [shown] = overview.disputes;
    expect(boxes.map((box) => attribute(box, "data-node"))).to.deep.equal(shown!.nodes.map(({ id }) => id));
    expect(boxes.map((box) => attribute(box, "data-clock"))).to.deep.equal(
      shown!.nodes.map(({ clock }) => clock.total ?? "proven"),
    );
    const view = await dispute.scene.view();
    for (const box of boxes) {
      const node = view.node(Buffer.from(attribute(box, "data-node")!.slice(2), "hex"))!;
      const total = view.total(node, BigInt(overview.now));
      expect(attribute(box, "data-clock")).to.equal(String(total));
      expect(box).to.contain('class="track"');
    }
    expect(textOf(part))
      .to.match(/About the children of 0x/)
      .and.to.match(/Narrowed to steps? \d+/);
    expect(attribute(boxes[0]!, "data-state")).to.be.oneOf(["parted", "met", "open"]);
    expect(part).to.contain(`title="${toHex(dispute.scene.parent)}"`);
  });

  it("shows the option chain by expiry and strike, with units", () => {
    const part = section(html, "options");
    const [table] = elements(part, "table");
    const expiry = overview.markets[1]!.expiries[0]!;
    expect(attribute(table!.attributes, "data-chain")).to.equal(`ETH ${expiry.name}`);
    expect(table!.text).to.contain("forward 3,010.00 USD; open interest: 5 calls, 2 puts");
    const rows = elements(part, "tr").map(({ text }) => text);
    expect(rows.slice(0, 2)).to.deep.equal([
      "Calls Strike, USD Puts",
      "Mark, USD Open interest, contracts Open interest, contracts Mark, USD",
    ]);
    const usd = (text: string | undefined): string =>
      (Number(text) / 1e4).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    const [low, high] = expiry.strikes;
    expect(rows.slice(2)).to.deep.equal([
      `${usd(low!.call.mark)} – 2,800.00 2 ${usd(low!.put.mark)}`,
      `${usd(high!.call.mark)} 5 3,000.00 – ${usd(high!.put.mark)}`,
    ]);
    expect(textOf(part)).to.contain("BTC spot 64,000.00 USD, 5 s old").and.to.contain("Nobody has a position.");
  });

  it("shows batches with size, kind and L1 cost", () => {
    const rows = elements(section(html, "batches"), "tr").slice(1);
    expect(rows).to.have.length(overview.batches.length);
    const [newest] = overview.batches;
    expect(rows[0]!.text).to.match(new RegExp(`^${newest!.index} .* calldata ${newest!.bytes} .* ETH –$`));
  });

  it("has a heading for each section, a caption for each table, and a name for each tree and scroller", () => {
    expect(elements(html, "h2").map(({ text }) => text)).to.deep.equal([
      "Needs attention",
      "At a glance",
      "Disputes",
      "Assertions",
      "Options",
      "Batches",
      "Accounts",
    ]);
    const tables = [...html.matchAll(/<table[^>]*>(<caption>)?/g)];
    expect(tables.length).to.be.greaterThan(3);
    for (const [, caption] of tables) expect(caption).to.equal("<caption>");
    for (const [tag] of html.matchAll(/<svg[^>]*>/g)) expect(attribute(tag, "aria-label")).to.match(/\w/);
    for (const [tag] of html.matchAll(/<div[^>]*class="scroll"[^>]*>/g)) {
      expect(tag).to.contain('role="region"').and.to.contain('tabindex="0"');
      expect(attribute(tag, "aria-label")).to.match(/\w/);
    }
  });

  it("shows as text whatever the node sends, also where it looks like HTML", async () => {
    const evil = '<b id="injected">x</b><img src=x onerror="document.title=1"><script>document.title=2</script>';
    const [first, ...others] = overview.attention;
    const changed = { ...overview, attention: [{ ...first!, message: evil, subject: `"><i>${evil}` }, ...others] };
    content.json = JSON.stringify(changed);
    const seen = await browser.dom(server.url);
    expect(seen).to.contain('&lt;b id="injected"&gt;x&lt;/b&gt;');
    expect(seen).not.to.contain('<b id="injected">');
    expect(seen).not.to.contain("<img");
    expect(seen).to.contain("<title>Tenor</title>");
    content.json = JSON.stringify(overview);
  });

  it("says what is missing where there is nothing, and why it is out of date", async () => {
    const nothing: ShownOverview = {
      ...overview,
      attention: [],
      batches: [],
      assertions: { rows: [], omitted: 0 },
      disputes: [],
      markets: [],
      funded: { ...overview.funded, accounts: [], refunds: [] },
    };
    Object.assign(content, { json: JSON.stringify(nothing), problem: "UNAVAILABLE: the endpoint does not answer" });
    const text = textOf(await browser.dom(server.url));
    for (const words of [
      "Nothing needs attention.",
      "No assertion has a rival that is not decided.",
      "The chain's contract has no assertion yet",
      "No market is listed.",
      "No batch is on L1 yet.",
      "There is no sequencer, and nobody has a stake",
      "so this is out of date: UNAVAILABLE: the endpoint does not answer",
    ]) {
      expect(text).to.contain(words);
    }
    Object.assign(content, { json: undefined, problem: undefined });
    expect(textOf(await browser.dom(server.url))).to.contain("The node has nothing to show: the node still reads L1");
  });
});
