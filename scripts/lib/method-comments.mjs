const CONTRACT = /\brpcContract\(\s*"(\w+)"/g;
const METHOD = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(\w+): method\(/g;

/**
 * What the contracts' sources say of their methods, by `contract.method`: comments are the one part of a contract that
 * is not in its value.
 */
export function methodComments(sources) {
  const comments = new Map();
  for (const source of sources) {
    const contracts = [...source.matchAll(CONTRACT)];
    for (const method of source.matchAll(METHOD)) {
      const contract = contracts.findLast((found) => found.index < method.index);
      if (contract) comments.set(`${contract[1]}.${method[2]}`, sentence(method[1]));
    }
  }
  return comments;
}

function sentence(comment) {
  return comment
    .split("\n")
    .map((line) => line.replace(/^\s*\*?\s*/, ""))
    .join(" ")
    .trim();
}
