const NOTICE = "<!-- Written by scripts/write-reference.mjs; what is written here by hand is lost. -->";

/**
 * The page of all options.
 *
 * @param parts each a title and what `describeOptions` says of its groups, with the variable of each option
 */
export function optionsPage(parts) {
  return page([
    "# Options",
    NOTICE,
    "Every option that is in the box. An option stands in a configuration file under its group (`log: { level: debug }`), in " +
      "the environment as its variable, or on the command line as its flag; the command line wins over the environment, and " +
      "that over the file. `kilonova config show` tells the values in use, `kilonova --help` lists the options of installed " +
      "plugins as well. [The guide](../guides/options.md) tells the rest.",
    "A _duration_ is written `250ms`, `10s`, `5m`, `2h`, `1d`, or as a number of seconds. An _object path_ is written " +
      "`package#export`, `./file.js#export`, or as the short name of an available plugin. A _mutable_ option may change " +
      "while the process runs, on SIGHUP. A _secret_ is masked wherever options are shown.",
    ...parts.flatMap(optionsPart),
  ]);
}

function optionsPart({ title, options }) {
  const groups = [...new Set(options.map(({ group }) => group))];
  const own = (name) => options.filter(({ group }) => group === name);
  return [`## ${title}`, ...groups.flatMap((name) => [`### ${name}`, ...own(name).map(optionText)])];
}

function optionText(option) {
  const { group, option: name, description, type, variable, required, secret, mutable, deprecatedNames } = option;
  const facts = [
    type.replace(/ \([^)]*\)$/, ""),
    required ? "required" : `default ${defaultText(option)}`,
    secret && "secret",
    mutable && "mutable",
    deprecatedNames.length > 0 && `formerly ${deprecatedNames.map(code).join(", ")}`,
  ].filter(Boolean);
  return [
    `**\`${group}.${name}\`**: ${description.replaceAll("\n", " ")}`,
    `- ${facts.join("; ")}`,
    `- \`--${group}.${name}\`, \`${variable}\``,
  ].join("\n");
}

function defaultText({ default: preset, defaultText: words, secret }) {
  if (words !== undefined) return words;
  if (preset === undefined) return "none";
  return secret ? "not shown" : code(JSON.stringify(preset));
}

/**
 * The page of all hook points.
 *
 * @param declared points as `hookPoint` makes them
 * @param contracts every contract: each method of one is a point
 * @param comments what is said of methods, by `contract.method`
 */
export function hookPointsPage(declared, contracts, comments) {
  const names = new Set(declared.map(({ name }) => name));
  return page([
    "# Hook points",
    NOTICE,
    "Where a hook can enter. A _stable_ point's event follows semver; an _internal_ one's may change with any release. What a " +
      "`pre` may change is amendable. `kilonova hooks list` tells who is on each point, and in what order. " +
      "[The guide](../guides/write-a-hook.md) tells how to write a hook; what the cloud tells without being asked is on [the " +
      "page of notifications](notifications.md).",
    "## Points of the cloud",
    ...sorted(declared).map(declaredText),
    "## RPC methods",
    "Every method that a service answers is a point, called by its topic and its own name; it is internal, and nothing of " +
      "it is amendable, unless it is among those above. `post` is given what the method answers.",
    ...contracts
      .toSorted((one, other) => (one.name < other.name ? -1 : 1))
      .flatMap((contract) => contractText(contract, names, comments)),
  ]);
}

function declaredText({ name, spec }) {
  const { description = "", version = "1.0", stability = "internal", payload, result, amendable = [] } = spec;
  return [
    `**\`${name}\`**${description && `: ${description}`}`,
    `- ${stability}, version ${version}`,
    `- payload: ${fieldsText(payload)}`,
    result && `- what \`post\` is given: ${typeText(result)}`,
    `- amendable: ${amendable.length > 0 ? amendable.map(code).join(", ") : "nothing"}`,
  ]
    .filter(Boolean)
    .join("\n");
}

function contractText(contract, declared, comments) {
  const rows = Object.entries(contract.methods).map(([method, spec]) => {
    const point = `${contract.topic}.${method}`;
    const stability = declared.has(point) ? "above" : "internal";
    const description = comments.get(`${contract.name}.${method}`) ?? "";
    return [code(point), spec.since ?? contract.version, stability, fieldsText(spec.args), description];
  });
  return [`### ${contract.name}`, table(["point", "version", "stability", "payload", "description"], rows)];
}

/**
 * The page of all notifications.
 *
 * @param declared types as `notificationType` makes them
 */
export function notificationsPage(declared) {
  return page([
    "# Notifications",
    NOTICE,
    "What the cloud tells of itself: to the notifiers that option `notifications.notifiers` names, and to the topics of " +
      "`notifications.topics`. The version is that of the payload, and follows semver. Every notification has besides: " +
      "`messageId` (the same when it is delivered again), `eventType`, `version`, `priority` (`info` or `error`), `publisherId` " +
      "(who tells: `compute.host1`), `timestamp`, `requestId`, `projectId` and `userId` (null where nobody asked).",
    "[Options](options.md) has the group `notifications`; [hook points](hook-points.md) are where a plugin can act rather " +
      "than be told.",
    ...declared.toSorted((one, other) => (one.eventType < other.eventType ? -1 : 1)).map(notificationText),
  ]);
}

function notificationText({ eventType, version, payload, description }) {
  const parts = Object.entries(payload.shape).filter(([, type]) => type.def.type === "object");
  return [
    `**\`${eventType}\`**: ${description}`,
    `- version ${version}`,
    `- payload: ${fieldsText(payload)}`,
    ...parts.map(([name, type]) => `- \`${name}\`: ${fieldsText(type)}`),
  ].join("\n");
}

/** The properties of an event's payload, each with `?` where it may be missing. */
function fieldsText(schema) {
  const fields = Object.entries(schema?.shape ?? {}).map(([name, type]) => (isOptional(type) ? `${name}?` : name));
  return fields.length > 0 ? fields.map(code).join(", ") : "nothing";
}

/** A result in words: the properties of an object, what a union may be, what a list is of. */
function typeText(type) {
  const { def } = type;
  if (def.type === "object") return fieldsText(type);
  if (def.type === "union") return def.options.map(typeText).join("; or ");
  if (def.type === "optional") return `${typeText(def.innerType)}; or nothing`;
  return def.type === "array" ? `a list, each with ${typeText(def.element)}` : `a value of type ${def.type}`;
}

function isOptional(type) {
  return type.safeParse(undefined).success;
}

function sorted(points) {
  return [...points].sort((one, other) => (one.name < other.name ? -1 : 1));
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function code(text) {
  return `\`${text}\``;
}

function page(blocks) {
  return `${blocks.join("\n\n")}\n`;
}
