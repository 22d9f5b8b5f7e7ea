-- Builds and walks binary trees, over and over: allocation, collection, calls.
local depth, times = tonumber(arg[1]), tonumber(arg[2])

local function make(d)
  if d == 0 then return {} end
  return { make(d - 1), make(d - 1) }
end

local function count(t)
  if t[1] then return 1 + count(t[1]) + count(t[2]) end
  return 1
end

local long = make(depth)
for d = 4, depth, 2 do
  local n, sum = times << (depth - d), 0
  for _ = 1, n do sum = sum + count(make(d)) end
  print(n, d, sum)
end
print(depth, count(long))
