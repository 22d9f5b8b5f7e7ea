-- Exercises the interpreter and, through it, much of the C library. Prints nothing that depends on the machine, on addresses or
-- on the order of hash tables.
local function sorted_keys(t)
  local keys = {}
  for k in pairs(t) do keys[#keys + 1] = k end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end

-- strings, patterns, formatting
local text = {}
for line in io.lines(arg[1]) do text[#text + 1] = line end
print(#text, #table.concat(text, "\n"))
local words = {}
for _, line in ipairs(text) do
  for word in line:gmatch("%a+") do
    local w = word:lower()
    words[w] = (words[w] or 0) + 1
  end
end
local keys = sorted_keys(words)
table.sort(keys, function(a, b) return words[a] > words[b] or (words[a] == words[b] and a < b) end)
for i = 1, 20 do print(string.format("%-12s %5d", keys[i], words[keys[i]])) end
print(("x"):rep(10, ","), ("hello world"):gsub("o", "0"), ("%5.2f|%-8s|%08x|%g|%q"):format(3.14159, "ab", 48879, 1e100, "a\nb"))
print(string.pack("<i4d", 7, 0.5):byte(1, -1))

-- numbers: integers wrap, floats print exactly
print(math.maxinteger + 1 == math.mininteger, 7 // 2, -7 // 2, -7 % 3, 7.5 // 2, 2 ^ 0.5, 10 / 3)
for _, f in ipairs { math.sin, math.cos, math.exp, math.sqrt, math.log } do print(string.format("%.14g", f(1.25))) end
print(math.tointeger(3.0), math.type(1), math.type(1.0), 0x7fffffffffffffff, 1e308 * 10, -1e308 * 10)
local x = 12345
for _ = 1, 100000 do x = (x * 1103515245 + 12345) & 0x7fffffff end
print(x)

-- closures, metatables, coroutines, errors (setjmp and longjmp), garbage
local Point = {}
Point.__index = Point
Point.__add = function(a, b) return setmetatable({ x = a.x + b.x }, Point) end
Point.__tostring = function(p) return "(" .. p.x .. ")" end
print(tostring(setmetatable({ x = 1 }, Point) + setmetatable({ x = 2 }, Point)))
local function generate(n)
  return coroutine.wrap(function() for i = 1, n do coroutine.yield(i * i) end end)
end
local sum = 0
for v in generate(1000) do sum = sum + v end
print(sum)
local ok, message = pcall(function() error({ code = 42 }) end)
print(ok, message.code)
print(pcall(function() local t = nil; return t.x end))
print(select(2, pcall(error, "plain", 0)))
local function deep(n) return n == 0 and 0 or 1 + deep(n - 1) end
print(deep(10000), pcall(function() local function f() return 1 + f() end return f() end) == false)
for _ = 1, 50 do
  local garbage = {}
  for i = 1, 2000 do garbage[i] = { i, tostring(i) } end
end
collectgarbage()
print(collectgarbage("count") < 50000)

-- sorting, and a sieve
local numbers = {}
for i = 1, 20000 do numbers[i] = (i * 7919) % 20011 end
table.sort(numbers)
print(numbers[1], numbers[10000], numbers[20000])
local composite, primes = {}, 0
for i = 2, 100000 do
  if not composite[i] then
    primes = primes + 1
    for j = i * i, 100000, i do composite[j] = true end
  end
end
print(primes)

-- files
local name = arg[2]
local file = assert(io.open(name, "w+"))
for i = 1, 1000 do file:write(i, "\t", i * i, "\n") end
file:seek("set", 0)
local total = 0
for a, b in file:lines("n", "n") do total = total + a * b end
file:close()
print(total, os.remove(name), io.open(name) == nil)
print(os.date("!%Y-%m-%d %H:%M:%S", 86400 * 365), load("return 1 +"))
os.exit(7)
