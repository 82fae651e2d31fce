// Unmodified clients from npm against a running server: node check.mjs URL; one line for each that works.
import assert from "node:assert/strict";
import * as deepl from "deepl-node";
import libretranslate from "libretranslate";
import { Translate } from "translate";

const url = process.argv[2];

const translate = Translate({ engine: "libre", url: `${url}/translate`, from: "en" });
assert.equal(await translate("Good morning!", "de"), "Guten Morgen!");
assert.equal(await translate("Good evening!", { to: "german" }), "Guten Abend!");
await assert.rejects(translate("Good morning!", "fr"), /fr is not supported/);
console.log("translate (npm)");

const query = "Where is the station?";
assert.equal(await libretranslate.translate({ query, target: "de", apiurl: url }), "Wo ist der Bahnhof?");
assert.equal(await libretranslate.translate({ query, source: "en", target: "de", apiurl: url }), "Wo ist der Bahnhof?");
console.log("libretranslate (npm)");

const client = new deepl.DeepLClient("key", { serverUrl: url });
const answers = await client.translateText(["Good morning!", query], null, "de");
assert.deepEqual(answers.map((answer) => answer.text), ["Guten Morgen!", "Wo ist der Bahnhof?"]);
assert.deepEqual(answers.map((answer) => answer.detectedSourceLang), ["en", "en"]);
assert.ok((await client.getTargetLanguages()).some((language) => language.code === "de"));
assert.equal((await client.getUsage()).anyLimitReached(), false);
console.log("deepl-node (npm)");
