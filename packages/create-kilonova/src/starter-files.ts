/** The files that a new folder starts with, by their names in it. */
export function starterFiles(name: string, release: string): ReadonlyMap<string, string> {
  const manifest = {
    name,
    version: "0.0.0",
    private: true,
    description: "A cloud of Kilonova: its configuration and its plugins",
    type: "module",
    scripts: { start: "kilonova up", kilonova: "kilonova" },
    dependencies: { kilonova: `^${release}` },
  };
  return new Map([
    ["package.json", `${JSON.stringify(manifest, null, 2)}\n`],
    ["kilonova.config.yaml", CONFIGURATION],
    [".gitignore", "node_modules/\n.kilonova/\n"],
    ["README.md", readme(name)],
  ]);
}

const CONFIGURATION = `# The configuration of this cloud. Every option has a default: an empty file is fine.
# All there is, with descriptions:      npx kilonova config sample
# What is wrong in this file:           npx kilonova config check
# What is in force, and where from:     npx kilonova config show

http:
  # The address and port of all web services.
  host: 127.0.0.1
  port: 8774

# A plugin is installed here, beside this file (npm install kilonova-some-filter), and put to use by an option:
# scheduler:
#   filters: [ComputeFilter, SomeFilter]
`;

function readme(name: string): string {
  return `# ${name}

A cloud of [Kilonova](https://www.npmjs.com/package/kilonova) in one folder.

| what                    | where                                                                     |
| ----------------------- | ------------------------------------------------------------------------- |
| the configuration       | \`kilonova.config.yaml\`                                                    |
| the plugins             | \`package.json\`: what is installed here is available                       |
| the state               | \`.kilonova/\`: database, guests, images, secrets, log; made at first start |

\`\`\`sh
npm start                        # or: npx kilonova up --first-guest
export OS_CLIENT_CONFIG_FILE=$PWD/.kilonova/clouds.yaml OS_CLOUD=kilonova
openstack server list

npm install kilonova-some-filter # a plugin
npx kilonova plugins list        # what is installed, and what is in use
npx kilonova plugin create filter ../my-filter
\`\`\`

Back up \`.kilonova/\` while the cloud is down; it holds secrets, and is not for version control.
`;
}
