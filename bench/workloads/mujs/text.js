// Strings and regular expressions: makes a log, takes it apart again, counts, sorts and rewrites it.
var state = 4711;
function below(limit) { state = (state * 16807) % 2147483647; return state % limit; }
var hosts = ["alpha", "beta", "gamma.example", "delta"], paths = ["/", "/index.html", "/a/b?c=1", "/images/logo.png"];

function line() {
	return hosts[below(4)] + " [" + (1 + below(28)) + "/Mar/2020] \"GET " + paths[below(4)] + " HTTP/1." + below(2) + "\" " +
		[200, 304, 404, 500][below(4)] + " " + below(100000);
}

function round(count) {
	var lines = [], counts = {}, total = 0, i, match, key;
	for (i = 0; i < count; i++) lines.push(line());
	var text = lines.join("\n");
	var pattern = /^(\w+)(\.\w+)? \[(\d+)\/Mar\/2020\] "GET ([^ "]*) HTTP\/1\.\d" (\d{3}) (\d+)$/;
	text.split("\n").forEach(function (entry) {
		match = pattern.exec(entry);
		if (!match) throw new Error("no match: " + entry);
		key = match[1] + " " + match[5];
		counts[key] = (counts[key] || 0) + 1;
		total += Number(match[6]);
	});
	var words = text.replace(/[^a-z]+/g, " ").split(" ").sort();
	var keys = Object.keys(counts).sort();
	return keys.map(function (k) { return k + ":" + counts[k]; }).join(" ") + " " + total + " " + words.length + " " +
		words[words.length >> 1] + " " + text.toUpperCase().replace(/HTTP/g, "x").length;
}

var count = Number(scriptArgs[0]), times = Number(scriptArgs[1]);
for (var t = 0; t < times; t++) print(round(count));
