/**
 * Asks the node how the exchange stands and draws it. It is served as it is: no build, no library, no other server.
 *
 * SAFETY: whatever comes from the node becomes text nodes and attributes of elements that are made here, never HTML; the server's
 * policy has the browser refuse everything else.
 */

/** @typedef {import("../shown.ts").Shown<import("../Overview.ts").Overview>} Overview */
/** @typedef {Overview["disputes"][number]} Dispute */
/** @typedef {Dispute["nodes"][number]} DisputeNode */
/** @typedef {Overview["assertions"]["rows"][number]} Assertion */
/** @typedef {Overview["markets"][number]} Market */
/** @typedef {Market["expiries"][number]} Expiry */
/** @typedef {Expiry["strikes"][number]["call"]} Series */
/** @typedef {{ readonly at: string, readonly left: string }} Deadline */
/** @typedef {Node | string} Part */
/** @typedef {{ readonly text: string, readonly style?: string }} Line */

const POLL_MILLISECONDS = 4_000;
const ANSWER_MILLISECONDS = 10_000;
const SVG = "http://www.w3.org/2000/svg";

// Numbers, all with their units.

/** @param {number} value @param {number} [digits] */
const decimal = (value, digits = 0) =>
  value.toLocaleString("en-US", { minimumFractionDigits: 0, maximumFractionDigits: digits });
/** @param {string} value Wei. */
const ether = (value) => `${(Number(value) / 1e18).toLocaleString("en-US", { maximumSignificantDigits: 4 })} ETH`;
/** @param {string} value 1e-6 USDC. */
const usdc = (value) => `${decimal(Number(value) / 1e6, 2)} USDC`;
/** @param {string} value 1e-4 USD. */
const usd = (value) =>
  (Number(value) / 1e4).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
/** @param {string} value 1e-6 contract. */
const contracts = (value) => decimal(Number(value) / 1e6, 3);
/** @param {string} hex */
const short = (hex) => (hex.length > 14 ? `${hex.slice(0, 6)}…${hex.slice(-4)}` : hex);
/** @param {string} text Addresses and ids in a sentence, shortened. */
const shortened = (text) => text.replaceAll(/0x[0-9a-fA-F]{40,64}/g, short);
/** @param {string | number} seconds */
const utc = (seconds) => new Date(Number(seconds) * 1000).toISOString().replace("T", " ").replace(".000Z", " UTC");
/** @param {number} count @param {string} noun */
const plural = (count, noun) => `${decimal(count)} ${noun}${count === 1 ? "" : "s"}`;

/** A span of time in its two largest units. @param {string | number} seconds */
function duration(seconds) {
  let rest = Math.abs(Number(seconds));
  /** @type {string[]} */
  const words = [];
  for (const [size, unit] of /** @type {const} */ ([
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
    [1, "s"],
  ])) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) words.push(`${count} ${unit}`);
    else if (words.length > 0) break;
    if (words.length === 2) break;
  }
  return words.join(" ") || "0 s";
}

/** @param {Deadline} deadline */
const until = ({ left }) => (Number(left) > 0 ? `in ${duration(left)}` : `since ${duration(left)}`);

// Elements.

/**
 * @param {string} tag
 * @param {Readonly<Record<string, string | number>>} attributes
 * @param {...Part} parts
 */
function element(tag, attributes, ...parts) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...parts);
  return made;
}

/**
 * @param {string} tag
 * @param {Readonly<Record<string, string | number>>} attributes
 * @param {...Part} parts
 */
function drawn(tag, attributes, ...parts) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...parts);
  return made;
}

/** An id or address, shortened, with the whole of it as its title. @param {string} hex */
const named = (hex) => element("code", { title: hex }, short(hex));

/** @param {string} text */
const empty = (text) => element("p", { class: "empty" }, text);

/** What is wider or higher than the page scrolls by itself, also by keyboard. @param {string} label @param {...Part} parts */
const scroller = (label, ...parts) =>
  element("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": label, "data-keep": label }, ...parts);

/** A caption that stays in sight while its table is scrolled sideways. @param {string} text */
const captionOf = (text) => element("caption", {}, element("span", {}, text));

/**
 * @typedef {{ readonly title: string, readonly number?: boolean, readonly style?: string }} Column
 * @param {string} caption
 * @param {readonly Column[]} columns
 * @param {readonly (readonly Part[])[]} rows The first cell of each is its heading.
 */
function table(caption, columns, rows) {
  /** @param {Column} column */
  const style = ({ number, style = "" }) => [number ? "number" : "", style].join(" ").trim();
  return element(
    "table",
    {},
    captionOf(caption),
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        ...columns.map((column) => element("th", { scope: "col", class: style(column) }, column.title)),
      ),
    ),
    element(
      "tbody",
      {},
      ...rows.map((cells) =>
        element(
          "tr",
          {},
          ...cells.map((cell, i) => {
            const attributes = { class: style(/** @type {Column} */ (columns[i])) };
            return i === 0 ? element("th", { scope: "row", ...attributes }, cell) : element("td", attributes, cell);
          }),
        ),
      ),
    ),
  );
}

// Trees.

const BOX = { width: 224, gapX: 28, gapY: 34, line: 16, padding: 10, bar: 6 };

/**
 * @typedef {object} TreeNode
 * @property {string} id
 * @property {readonly string[]} parents The first of them is where it hangs.
 * @property {string} style
 * @property {readonly Line[]} lines
 * @property {string} title
 * @property {Readonly<Record<string, string>>} data
 * @property {string} [rivals] What rivals have in common.
 * @property {{ readonly part: number, readonly style: string }} [bar] How full its clock is.
 */

/**
 * Draws nodes, parents above children.
 *
 * @param {string} label
 * @param {readonly TreeNode[]} nodes Parents before children.
 */
function tree(label, nodes) {
  const known = new Map(nodes.map((node) => [node.id, node]));
  /** @type {Map<string, TreeNode[]>} */
  const children = new Map();
  /** @type {TreeNode[]} */
  const roots = [];
  for (const node of nodes) {
    const parent = node.parents.find((id) => known.has(id));
    if (parent === undefined) roots.push(node);
    else children.set(parent, [...(children.get(parent) ?? []), node]);
  }
  const lines = Math.max(...nodes.map((node) => node.lines.length));
  const hasBar = nodes.some(({ bar }) => bar !== undefined);
  const height = 2 * BOX.padding + lines * BOX.line + (hasBar ? BOX.bar + 4 : 0);
  /** @type {Map<string, { x: number, y: number }>} */
  const places = new Map();
  let columns = 0;
  let rows = 0;
  /** @param {TreeNode} node @param {number} row @returns {number} */
  const place = (node, row) => {
    rows = Math.max(rows, row + 1);
    const xs = (children.get(node.id) ?? []).map((child) => place(child, row + 1));
    const x = xs.length === 0 ? columns++ * (BOX.width + BOX.gapX) : (Math.min(...xs) + Math.max(...xs)) / 2;
    places.set(node.id, { x, y: row * (height + BOX.gapY) });
    return x;
  };
  for (const root of roots) place(root, 0);

  /** @type {SVGElement[]} */
  const edges = [];
  /** @type {SVGElement[]} */
  const boxes = [];
  /** @type {Map<string, { x: number, y: number }[]>} */
  const families = new Map();
  for (const node of nodes) {
    const at = /** @type {{ x: number, y: number }} */ (places.get(node.id));
    for (const parent of node.parents) {
      const from = places.get(parent);
      if (from !== undefined) edges.push(edge(from, at, height));
    }
    if (node.rivals !== undefined) families.set(node.rivals, [...(families.get(node.rivals) ?? []), at]);
    boxes.push(box(node, at, height));
  }
  const rivals = [...families.values()].flatMap((family) => {
    const ordered = [...family].sort((a, b) => a.x - b.x);
    return ordered.slice(1).map((to, i) => {
      const from = /** @type {{ x: number, y: number }} */ (ordered[i]);
      const y = to.y + BOX.padding + BOX.line / 2;
      return drawn("line", { class: "rivals", x1: from.x + BOX.width, y1: y, x2: to.x, y2: y });
    });
  });
  const margin = 12;
  const width = columns * (BOX.width + BOX.gapX) - BOX.gapX + 2 * margin;
  const total = rows * (height + BOX.gapY) - BOX.gapY + 2 * margin;
  const view = `${-margin} ${-margin} ${width} ${total}`;
  return drawn(
    "svg",
    { class: "tree", role: "img", "aria-label": label, width, height: total, viewBox: view },
    ...rivals,
    ...edges,
    ...boxes,
  );
}

/** @param {{ x: number, y: number }} from @param {{ x: number, y: number }} to @param {number} height */
function edge(from, to, height) {
  const [x1, y1, x2, y2] = [from.x + BOX.width / 2, from.y + height, to.x + BOX.width / 2, to.y];
  const middle = (y1 + y2) / 2;
  return drawn("path", { class: "edge", d: `M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}` });
}

/** @param {TreeNode} node @param {{ x: number, y: number }} at @param {number} height */
function box({ style, lines, title, data, bar }, { x, y }, height) {
  const attributes = Object.fromEntries(Object.entries(data).map(([name, value]) => [`data-${name}`, value]));
  const group = drawn("g", { transform: `translate(${x} ${y})`, ...attributes }, drawn("title", {}, title));
  group.append(drawn("rect", { class: `box ${style}`, width: BOX.width, height, rx: 5 }));
  for (const [i, line] of lines.entries()) {
    const place = { x: BOX.padding, y: BOX.padding + (i + 1) * BOX.line - 4 };
    group.append(drawn("text", { ...place, class: line.style ?? "" }, line.text));
  }
  if (bar !== undefined) {
    const width = BOX.width - 2 * BOX.padding;
    const track = { x: BOX.padding, y: height - BOX.padding - BOX.bar + 2, height: BOX.bar, rx: 3 };
    group.append(drawn("rect", { ...track, class: "track", width }));
    const filled = Math.min(1, bar.part) * width;
    if (filled > 0) group.append(drawn("rect", { ...track, class: `time ${bar.style}`, width: Math.max(3, filled) }));
  }
  return group;
}

// Sections.

/** @param {Overview} overview */
function attention({ attention }) {
  if (attention.length === 0) return [empty("Nothing needs attention.")];
  const items = attention.map(({ urgency, code, message, deadline, subject }) =>
    element(
      "li",
      { class: urgency, "data-code": code, ...(subject === undefined ? {} : { title: subject }) },
      element("span", { class: "urgency" }, urgency),
      element("span", {}, element("span", { class: "code" }, code), `: ${shortened(message)}`),
      element("span", { class: "when" }, deadline === undefined ? "" : until(deadline)),
    ),
  );
  return [element("ol", {}, ...items)];
}

/** @param {Overview} overview */
function figures({ posted, confirmed, costs, rules, funded, disputes }) {
  const { lastBatch } = posted;
  const { held, accounted } = funded.bridge;
  const sample =
    costs && (costs.batches === 1 ? "of one batch" : `of the last ${costs.batches}, in ${duration(costs.span)}`);
  /** @type {readonly (readonly [string, string, string | undefined])[]} */
  const shown = [
    ["Batches on L1", decimal(Number(posted.batches)), lastBatch && `the last one ${duration(lastBatch.age)} ago`],
    ["Confirmed batches", decimal(Number(confirmed.batches)), `${decimal(Number(confirmed.behind))} are not`],
    ["Messages", decimal(Number(posted.messages)), `${decimal(Number(posted.unread))} unread`],
    ["Open disputes", decimal(disputes.length), undefined],
    ["Challenge period T", duration(rules.challengePeriod), `stake ${ether(rules.stake)}`],
    ["Collateral held", usdc(held), `${usdc(accounted)} owed`],
    ["L1 cost per batch", costs ? ether(costs.perBatch) : "not known", costs ? sample : "no batch's cost is known"],
    [
      "L1 cost per day",
      costs?.perDay === undefined ? "not known" : ether(costs.perDay),
      costs?.perDay === undefined ? "it takes two batches at different times" : "at the rate of these batches",
    ],
    [
      "L1 cost per fill",
      costs?.perFill === undefined ? "not known" : ether(costs.perFill),
      costs?.perFill === undefined ? "no fill in these batches" : "in these batches",
    ],
  ];
  return shown.map(([term, value, note]) =>
    element(
      "div",
      {},
      element("dt", {}, term),
      element("dd", {}, value, ...(note === undefined ? [] : [element("small", {}, note)])),
    ),
  );
}

/** @param {Assertion["verdict"]} verdict @returns {Line[]} */
function verdictLine(verdict) {
  if (verdict === "right") return [{ text: "✓ right, this node computes", style: "right" }];
  if (verdict === "wrong") return [{ text: "✗ wrong, this node computes", style: "wrong" }];
  return [{ text: "not judged yet", style: "quiet" }];
}

/** @param {{ readonly first: number, readonly last: number }} steps */
function stepsText({ first, last }) {
  return first === last ? `step ${decimal(first)}` : `steps ${decimal(first)}–${decimal(last)}`;
}

/** @param {Overview} overview */
function disputes({ disputes, rules }) {
  if (disputes.length === 0) return [empty("No assertion has a rival that is not decided.")];
  return disputes.flatMap((dispute) => disputeParts(dispute, Number(rules.challengePeriod)));
}

/** @param {Dispute} dispute @param {number} period */
function disputeParts(dispute, period) {
  const { game, height, sides, nodes, omitted, fronts, idle } = dispute;
  const places = fronts.map(({ steps, rivals, proven }) => {
    return `${stepsText(steps)} (${rivals} rivals${proven ? ", one proven" : ""})`;
  });
  const title = element("h3", {}, "About the children of ", named(game));
  const text = `Narrowed to ${places.join(", ") || "nothing yet"} of ${decimal(2 ** height)}. The last change was ${duration(idle)} ago.`;
  const narrowed = element("p", { class: "narrowed" }, text);
  const label = `Dispute about the children of ${short(game)}: ${sides.length} sides, ${nodes.length} nodes`;
  const verdicts = new Map(sides.map(({ assertion, verdict }) => [assertion, verdict]));
  const drawnNodes = nodes.map((node) => disputeNode(node, period, verdicts));
  const caption =
    "Each box is a node of the game. Its bar is its clock, full at T. Dashed lines join rivals. ✓ and ✗ are this node's verdict.";
  const more = omitted === 0 ? "" : ` ${decimal(omitted)} more nodes are not shown.`;
  return [
    title,
    narrowed,
    scroller(`Sides of the dispute ${short(game)}`, sidesTable(dispute, period)),
    element(
      "figure",
      {},
      element("figcaption", {}, `${caption}${more}`),
      scroller(`Tree of the dispute ${short(game)}`, tree(label, drawnNodes)),
    ),
  ];
}

/** @param {Dispute} dispute @param {number} period */
function sidesTable({ sides }, period) {
  const columns = [
    { title: "Assertion" },
    { title: "Staked by" },
    { title: "This node's verdict" },
    { title: "Clock", number: true },
    { title: "Confirmable at the earliest" },
  ];
  const rows = sides.map(({ assertion, staker, verdict, time, confirmable }) => [
    named(assertion),
    named(staker),
    element("span", { class: verdict }, verdict),
    `${duration(time)} of ${duration(period)}`,
    `${until(confirmable)}, ${utc(confirmable.at)}`,
  ]);
  return table("Sides, with the time on their clocks out of the challenge period T", columns, rows);
}

/**
 * @param {DisputeNode} node
 * @param {number} period
 * @param {ReadonlyMap<string, Assertion["verdict"]>} verdicts
 * @returns {TreeNode}
 */
function disputeNode({ id, parents, context, steps, state, assertions, holders, movers, clock }, period, verdicts) {
  const { total, owes } = clock;
  const own = assertions.map((assertion) => verdicts.get(assertion));
  // A node may be right although some assertion that it belongs to is wrong further on; wrong it is if no right one has it.
  const style = own.includes("right") ? "right" : own.every((verdict) => verdict === "wrong") ? "wrong" : "";
  const mark = style === "right" ? "✓ " : style === "wrong" ? "✗ " : "";
  const time = total === undefined ? "proven: any time" : `${duration(total)} of ${duration(period)}`;
  const held =
    holders.length === 1 ? `held by ${short(/** @type {string} */ (holders[0]))}` : `held by ${holders.length} stakers`;
  const moved = movers.length === 0 ? "no moves" : `moved by ${movers.map(short).join(", ")}`;
  const due = owes === undefined ? "" : `, owes a move for ${duration(owes)}`;
  return {
    id,
    parents,
    rivals: context,
    style: `${state} ${style}`,
    title: `${stepsText(steps)}; ${holders.join(", ")}; ${moved}; ${state}${due}; clock ${time}`,
    data: { node: id, state, clock: total ?? "proven" },
    lines: [
      { text: stepsText(steps), style: "strong" },
      { text: mark + held, style: style === "" ? "quiet" : style },
      { text: movers.length > 1 ? `moved by ${movers.length} accounts` : moved, style: "quiet" },
      { text: state + (owes === undefined ? "" : `, owes for ${duration(owes)}`) },
      { text: time, style: "quiet" },
    ],
    bar: total === undefined ? { part: 1, style: "proven" } : { part: Number(total) / period, style: "" },
  };
}

/** @param {Overview} overview */
function assertions({ assertions, rules }) {
  const { rows, omitted } = assertions;
  if (rows.length === 0) return [empty("The chain's contract has no assertion yet, not even the first one.")];
  const columns = [
    { title: "Assertion" },
    { title: "Parent" },
    { title: "By" },
    { title: "Stake", number: true },
    { title: "Age", number: true },
    { title: "Batches up to", number: true },
    { title: "Rivals", number: true },
    { title: "State" },
    { title: "This node's verdict" },
  ];
  const cells = rows.map(({ id, parent, staker, staked, age, target, rivals, state, verdict, confirmable }) => [
    named(id),
    parent === undefined ? "–" : named(parent),
    isNobody(staker) ? "the deployment" : named(staker),
    staked ? ether(rules.stake) : "none",
    duration(age),
    decimal(Number(target)),
    decimal(rivals),
    confirmable === undefined ? state : `${state}, confirmable ${until(confirmable)}`,
    element("span", { class: verdict }, verdict),
  ]);
  const nodes = rows.map(assertionNode);
  const more = omitted === 0 ? "" : ` ${decimal(omitted)} more are not shown.`;
  return [
    element(
      "figure",
      {},
      element("figcaption", {}, `From some confirmed assertions on, the newest at the bottom.${more}`),
      scroller("Tree of assertions", tree(`Tree of ${plural(rows.length, "assertion")}`, nodes)),
    ),
    scroller("Table of assertions", table("The same assertions", columns, cells)),
  ];
}

/** @param {string} address */
const isNobody = (address) => /^0x0*$/.test(address);

/** @param {Assertion} assertion @returns {TreeNode} */
function assertionNode({ id, parent, staker, age, target, rivals, state, verdict, confirmable }) {
  const by = isNobody(staker) ? "made by the deployment" : `by ${short(staker)}`;
  const what = confirmable === undefined ? state : `${state}, ${until(confirmable)}`;
  return {
    id,
    parents: parent === undefined ? [] : [parent],
    style: `${state} ${verdict === "wrong" ? "wrong" : ""}`,
    title: `${id} by ${staker}; ${state}; ${rivals} rivals; made ${duration(age)} ago`,
    data: { assertion: id, state, verdict },
    ...(rivals === 0 || parent === undefined ? {} : { rivals: parent }),
    lines: [
      { text: short(id), style: "strong" },
      { text: by, style: "quiet" },
      { text: `up to batch ${decimal(Number(target))}`, style: "quiet" },
      { text: what },
      ...verdictLine(verdict),
    ],
  };
}

/** @param {Overview} overview */
function options({ markets }) {
  if (markets.length === 0) return [empty("No market is listed.")];
  return markets.flatMap((market) => {
    const { name, spot, anchor, expiries } = market;
    const prices = [
      spot === undefined ? "no report of the oracle yet" : `spot ${usd(spot.price)} USD, ${duration(spot.age)} old`,
      anchor === undefined
        ? "no price from the L1 feed yet"
        : `L1 feed ${usd(anchor.price)} USD, ${duration(anchor.age)} old`,
    ];
    const chains = expiries.map((expiry) => scroller(`${name} ${expiry.name}`, chain(name, expiry)));
    return [
      element("h3", {}, name),
      element("p", { class: "empty" }, `${prices.join("; ")}.`),
      expiries.length === 0 ? empty("Nobody has a position.") : element("div", { class: "chains" }, ...chains),
    ];
  });
}

/** @param {string} market @param {Expiry} expiry */
function chain(market, { name, expires, forward, settlement, calls, puts, strikes }) {
  const left = Number(expires.left) > 0 ? `expires ${until(expires)}` : `expired ${duration(expires.left)} ago`;
  const price =
    settlement !== undefined
      ? `settles at ${usd(settlement)} USD`
      : forward === undefined
        ? "no forward yet"
        : `forward ${usd(forward)} USD`;
  const interest = `open interest: ${contracts(calls)} calls, ${contracts(puts)} puts`;
  /** @param {Series} series @returns {Part[]} */
  const cells = ({ mark, openInterest }) => [
    element("td", { class: "number" }, mark === undefined ? "–" : usd(mark)),
    element("td", { class: "number" }, openInterest === "0" ? "–" : contracts(openInterest)),
  ];
  const head = ["Mark, USD", "Open interest, contracts"];
  /** @param {string} title */
  const column = (title) => element("th", { scope: "col", class: "number" }, title);
  return element(
    "table",
    { "data-chain": `${market} ${name}` },
    captionOf(`${market} ${name}: ${left}, ${price}; ${interest}`),
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        element("th", { scope: "colgroup", colspan: 2, class: "group" }, "Calls"),
        element("th", { scope: "col", rowspan: 2, class: "strike" }, "Strike, USD"),
        element("th", { scope: "colgroup", colspan: 2, class: "group" }, "Puts"),
      ),
      element("tr", {}, ...head.map(column), ...[...head].reverse().map(column)),
    ),
    element(
      "tbody",
      {},
      ...strikes.map(({ strike, call, put }) =>
        element(
          "tr",
          {},
          ...cells(call),
          element("th", { scope: "row", class: "strike" }, usd(strike)),
          ...cells(put).reverse(),
        ),
      ),
    ),
  );
}

/** @param {Overview} overview */
function batches({ batches, now }) {
  if (batches.length === 0) return [empty("No batch is on L1 yet.")];
  const columns = [
    { title: "Batch" },
    { title: "Age", number: true },
    { title: "Kind" },
    { title: "Payload, bytes", number: true },
    { title: "Messages", number: true },
    { title: "Items", number: true },
    { title: "Fills", number: true },
    { title: "L1 cost", number: true },
    { title: "of it for blobs", number: true },
  ];
  const rows = batches.map(({ index, time, kind, bytes, messages, content, cost }) => [
    decimal(Number(index)),
    duration(Number(now) - Number(time)),
    kind,
    decimal(bytes),
    decimal(Number(messages)),
    content === undefined ? "not read yet" : decimal(content.items),
    content === undefined ? "–" : decimal(content.fills),
    cost === undefined ? "not known" : ether(String(BigInt(cost.execution) + BigInt(cost.blobs))),
    cost === undefined || cost.blobs === "0" ? "–" : ether(cost.blobs),
  ]);
  const caption = "The newest batches; items and fills are what the payload holds, also if the machine has refused it";
  return [scroller("Table of batches", table(caption, columns, rows))];
}

/** @param {Overview} overview */
function accounts({ funded }) {
  const { accounts, refunds } = funded;
  const columns = [{ title: "Account" }, { title: "Address" }, { title: "Balance", number: true }, { title: "Stake" }];
  const rows = accounts.map(({ name, address, balance, hasStake }) => [
    shortened(name),
    element("code", {}, address),
    ether(balance),
    hasStake ? "staked" : "none",
  ]);
  /** @type {Part[]} */
  const parts = [
    rows.length === 0
      ? empty("There is no sequencer, and nobody has a stake; name accounts with --account.")
      : scroller("Table of accounts", table("Who pays for transactions, and who has a stake", columns, rows)),
  ];
  if (refunds.length > 0) {
    const titles = [
      { title: "Mover" },
      { title: "Game" },
      { title: "Moves", number: true },
      { title: "At most", number: true },
    ];
    const open = refunds.map(({ mover, game, moves, amount }) => [
      named(mover),
      named(game),
      decimal(moves),
      ether(amount),
    ]);
    parts.push(scroller("Table of refunds", table("Moves that are not paid back yet", titles, open)));
  }
  return parts;
}

// The whole.

/** @param {string} id */
function part(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found;
}

/** What is drawn anew keeps where the reader has scrolled it, and the keyboard's focus. @param {() => void} draw */
function keeping(draw) {
  /** @returns {HTMLElement[]} */
  const all = () => [...document.querySelectorAll("[data-keep]")].map((found) => /** @type {HTMLElement} */ (found));
  const before = new Map(all().map((one) => [one.dataset["keep"], [one.scrollLeft, one.scrollTop]]));
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset["keep"] : undefined;
  draw();
  for (const one of all()) {
    const [left, top] = before.get(one.dataset["keep"]) ?? [0, 0];
    one.scrollTo(left ?? 0, top ?? 0);
    if (focused !== undefined && one.dataset["keep"] === focused) one.focus({ preventScroll: true });
  }
}

/** @param {Overview} overview */
function draw(overview) {
  const { chainId, block, now, attention: found } = overview;
  part("place").textContent = `chain ${chainId}, block ${decimal(block)}, ${utc(now)}`;
  const urgent = found.filter(({ urgency }) => urgency === "urgent").length;
  document.title = urgent > 0 ? `(${urgent} urgent) Tenor` : "Tenor";
  const sections = { attention, figures, disputes, assertions, options, batches, accounts };
  keeping(() => {
    for (const [id, section] of Object.entries(sections)) part(id).replaceChildren(...section(overview));
  });
}

/** @param {string | undefined} text */
function complain(text) {
  const problem = part("problem");
  problem.hidden = text === undefined;
  if (problem.textContent !== (text ?? "")) problem.textContent = text ?? "";
}

/** What was drawn last. */
let shown = "";

async function refresh() {
  try {
    const signal = AbortSignal.timeout(ANSWER_MILLISECONDS);
    const response = await fetch("/api/overview", { cache: "no-store", signal });
    const text = await response.text();
    const { overview, problem, error } = JSON.parse(text);
    if (overview === undefined) return complain(`The node has nothing to show: ${error}`);
    complain(problem === undefined ? undefined : `The node can't go on, so this is out of date: ${problem}`);
    if (text !== shown) draw(overview);
    shown = text;
  } catch (error) {
    complain(`The node does not answer, so this is out of date (${error instanceof Error ? error.name : "unknown"}).`);
  }
}

async function watch() {
  if (!document.hidden) await refresh();
  setTimeout(watch, POLL_MILLISECONDS);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) void refresh();
});
void watch();
