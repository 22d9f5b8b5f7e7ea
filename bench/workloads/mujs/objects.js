// Closures, objects, arrays, prototypes and exceptions: a small class hierarchy, a priority queue, and a search with it.
function Heap(before) { this.items = []; this.before = before; }
Heap.prototype.push = function (item) {
	var items = this.items, i = items.length;
	items.push(item);
	while (i > 0) {
		var parent = (i - 1) >> 1;
		if (!this.before(item, items[parent])) break;
		items[i] = items[parent];
		i = parent;
	}
	items[i] = item;
};
Heap.prototype.pop = function () {
	var items = this.items, top = items[0], last = items.pop(), n = items.length, i = 0;
	if (n === 0) return top;
	for (;;) {
		var child = 2 * i + 1;
		if (child >= n) break;
		if (child + 1 < n && this.before(items[child + 1], items[child])) child++;
		if (!this.before(items[child], last)) break;
		items[i] = items[child];
		i = child;
	}
	items[i] = last;
	return top;
};

function Tile(x, y) { this.x = x; this.y = y; this.distance = Infinity; }
Tile.prototype.cost = function () { return 1; };
function Swamp(x, y) { Tile.call(this, x, y); }
Swamp.prototype = new Tile(0, 0);
Swamp.prototype.cost = function () { return 5; };
function Wall(x, y) { Tile.call(this, x, y); }
Wall.prototype = new Tile(0, 0);
Wall.prototype.cost = function () { throw new Error("a wall at " + this.x + "," + this.y); };

var state = 4711;
function below(limit) { state = (state * 16807) % 2147483647; return state % limit; }

function makeMap(size) {
	var map = [], x, y, kind;
	for (y = 0; y < size; y++) {
		map[y] = [];
		for (x = 0; x < size; x++) {
			kind = x + y === 0 ? 0 : below(10);
			map[y][x] = kind < 6 ? new Tile(x, y) : kind < 8 ? new Swamp(x, y) : new Wall(x, y);
		}
	}
	return map;
}

function search(map) {
	var queue = new Heap(function (a, b) { return a.distance < b.distance; });
	var steps = [[1, 0], [-1, 0], [0, 1], [0, -1]], walls = 0, reached = 0, farthest = 0;
	map[0][0].distance = 0;
	queue.push({ distance: 0, tile: map[0][0] });
	while (queue.items.length > 0) {
		var entry = queue.pop(), tile = entry.tile;
		if (entry.distance > tile.distance) continue;
		reached++;
		farthest = Math.max(farthest, tile.distance);
		steps.forEach(function (step) {
			var row = map[tile.y + step[1]], next = row && row[tile.x + step[0]];
			if (!next) return;
			try {
				var distance = tile.distance + next.cost();
				if (distance < next.distance) {
					next.distance = distance;
					queue.push({ distance: distance, tile: next });
				}
			} catch (error) {
				walls++;
			}
		});
	}
	return { reached: reached, farthest: farthest, walls: walls };
}

var size = Number(scriptArgs[0]), times = Number(scriptArgs[1]);
for (var t = 0; t < times; t++) print(JSON.stringify(search(makeMap(size))));
