// The arguments of calls, each as its parameter's type wants it: docs/protocol.md, "Calls"
// and "Plain requests".

import { decodeBody } from "./frames.mjs";
import { fromJSON, parseJSON, unique } from "./json.mjs";
import { asType } from "./values.mjs";

/** The arguments in the body of a frame. */
export function framed(method, body) {
  return inOrder(method, decodeBody(body), asType);
}

/** The arguments in a plain request: JSON or msgpack, an array in order or a map by name. */
export function plain(method, data) {
  if (!isJSON(data)) return inOrderOrByName(method, decodeBody(data), isObject, Object.entries, asType);
  const text = new TextDecoder("utf-8", { fatal: true }).decode(data); // without a byte order mark
  if (text.trim() === "") return inOrder(method, [], fromJSON);
  return inOrderOrByName(method, parseJSON(text), (json) => json?.pairs, (json) => json.pairs, fromJSON);
}

/** Tells a plain request's JSON, which may begin with a byte order mark, from msgpack. */
export function isJSON(data) {
  return data.length === 0 || data[0] < 0x80 || data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf;
}

const isObject = (value) => value !== null && typeof value === "object" && !(value instanceof Map);

function inOrderOrByName(method, value, isNamed, pairsOf, convert) {
  if (Array.isArray(value)) return inOrder(method, value, convert);
  if (!isNamed(value)) throw new RangeError("want an array, or arguments by name");
  return byName(method, pairsOf(value), convert);
}

function inOrder({ params, variadic }, list, convert) {
  if (!Array.isArray(list)) throw new RangeError("the arguments aren't an array");
  if (variadic ? list.length < params.length - 1 : list.length !== params.length) throw new RangeError(`${list.length} arguments, want ${params.length}`);
  return list.map((v, i) => convert(v, params[Math.min(i, params.length - 1)].type));
}

/** What is optional may be left out, and so may a variadic list. */
function byName(method, pairs, convert) {
  unique(pairs);
  const given = new Map(pairs);
  for (const name of given.keys()) if (!method.params.some((p) => p.name === name)) throw new RangeError(`no parameter is called ${name}`);
  const list = [];
  method.params.forEach(({ name, type }, i) => {
    const value = given.get(name);
    if (method.variadic && i === method.params.length - 1) {
      if (value !== undefined && value !== null && !Array.isArray(value)) throw new RangeError(`${name} repeats: want an array`);
      list.push(...(value ?? []));
    } else if (given.has(name)) list.push(value);
    else if (type.kind === "optional" || type.kind === "any") list.push(null);
    else throw new RangeError(`the argument ${name} is missing`);
  });
  return inOrder(method, list, convert);
}
